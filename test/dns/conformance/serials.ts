import { describe, expect, test } from '@jest/globals';
import { isSerialAtLeast } from '../../../src/core/serial.ts';
import { a, APPLIED, b, CONFLICT, defined, NOTHING, set, type Suite } from './suite.ts';

/** For providers that tell one: a change that is not seen in it cannot be told from the one before. */
export function describeSerials(suite: Suite): void {
  const serial = async (): Promise<number> => defined(await suite.harness.provider.serial?.(suite.zone));

  describe.each<[string, Parameters<Suite['change']>[1], Parameters<Suite['change']>[2]]>([
    ['creates', NOTHING, { add: [a] }],
    ['adds', set(60, a), { add: [b] }],
    ['gives a TTL', set(60, a), { ttlSeconds: 90 }],
    ['replaces', set(60, a), { add: [b], remove: [a] }],
    ['removes the last', set(60, a), { remove: [a] }],
  ])('a change that %s', (_what, expected, parts) => {
    test('raises it by the time that its result is known', async () => {
      const owner = expected.records.length === 0 ? suite.newOwner() : await suite.created(...expected.records);
      const before = await serial();
      expect(await suite.change(owner, expected, parts)).toMatchObject(APPLIED);
      const after = await serial();
      expect({ before, after, isLater: after !== before && isSerialAtLeast(after, before) }).toMatchObject({
        isLater: true,
      });
    });
  });

  test('a change that is not made does not raise it', async () => {
    const owner = await suite.created(a);
    const before = await serial();
    expect(await suite.change(owner, NOTHING, { add: [b] })).toEqual(CONFLICT);
    expect(await serial()).toBe(before);
  });

  test('it is read by who may, of zones that are there', async () => {
    const { provider, withWrongCredential, withSilentServer } = suite.harness;
    const failsWith = (kind: string): object => ({ name: 'OperatorError', kind });
    await expect(withWrongCredential.serial?.(suite.zone)).rejects.toMatchObject(failsWith('Stalled'));
    await expect(withSilentServer.serial?.(suite.zone)).rejects.toMatchObject(failsWith('Transient'));
    const nowhere = { name: 'missing.nl', signing: 'Unknown' } as const;
    await expect(provider.serial?.(nowhere)).rejects.toMatchObject(failsWith('Stalled'));
  });
}
