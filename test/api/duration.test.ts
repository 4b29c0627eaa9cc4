import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDuration } from '../../src/api/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['24h', 86_400_000],
    ['1h30m', 5_400_000],
    ['1m', 60_000],
    ['1.5s', 1_500],
    ['250ms', 250],
    ['1m1ms', 60_001],
    ['0.1s', 100],
    ['1s1s', 2_000],
    ['0s', 0],
  ])('%s is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(['', '1', '1d', '2w', '-5m', '+5m', '.5h', '1.h', '1h 30m', 'h', '1H', '24h\n'])(
    '%j is refused',
    (text) => {
      expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'InvalidDuration' }));
    },
  );

  test('a sum of units is the sum of the parts', () => {
    const part = fc
      .tuple(fc.nat(1000), fc.constantFrom('ms', 's', 'm', 'h'))
      .map(([amount, unit]) => `${amount}${unit}`);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const sum = parts.reduce((total, text) => total + parseDuration(text), 0);
        expect(parseDuration(parts.join(''))).toBe(sum);
      }),
    );
  });
});
