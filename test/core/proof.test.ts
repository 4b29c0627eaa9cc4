/** "At least 12 full handshakes at each endpoint, spread over retireAfter, never presented it" (docs/rollover.md). */
import { describe, expect, test } from '@jest/globals';
import type { Endpoint, Facts } from '../../src/core/facts.ts';
import { proofOf, withLook } from '../../src/core/proof.ts';
import { formatTime } from '../../src/core/time.ts';
import { DESIRED, World } from '../support/planner-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse('2026-11-22T12:00:00Z');
const before = (ms: number): Date => new Date(NOW - ms);
const LONG_AGO = formatTime(before(25 * HOUR));

const facts = (more: Partial<Facts> = {}): Facts => ({ ...new World().facts(), now: new Date(NOW), ...more });

/** It answers; these are the looks at it, so long ago. */
const endpoint = (...agesMs: readonly number[]): Endpoint => ({
  hostname: 'mx1.example.nl',
  address: '192.0.2.25',
  port: 25,
  keyAlgorithm: 'ECDSA',
  presented: { kind: 'Failed', error: 'Timeout', message: 'not looked at here' },
  looks: agesMs.map(before),
});

const everyMinute = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => (count - index) * MINUTE);
const often = endpoint(...everyMinute(12));
const isNowhere = (endpoint: Endpoint | undefined): boolean => endpoint !== undefined;

describe('something is gone', () => {
  test.each<[string, string | undefined, readonly Endpoint[] | undefined, Partial<Facts>, boolean]>([
    ['when each endpoint was looked at twelve times', LONG_AGO, [often, often], {}, true],
    ['not when one of them was looked at less often', LONG_AGO, [often, endpoint(...everyMinute(11))], {}, false],
    ['not when one of them could not be looked at', LONG_AGO, [often, endpoint()], {}, false],
    ['not by looks from before it was out of sight', LONG_AGO, [endpoint(26 * HOUR, ...everyMinute(11))], {}, false],
    ['not before retireAfter', formatTime(before(23 * HOUR)), [often], {}, false],
    ['not when the clock begins now', undefined, [often], {}, false],
    ['not while nobody can look', LONG_AGO, undefined, {}, false],
    ['not where there is nobody to ask', LONG_AGO, [], {}, false],
    ['not by a clock that is wrong', LONG_AGO, [often], { clockSkewMs: 31_000 }, false],
    ['without probes, by time alone', LONG_AGO, undefined, { desired: { ...DESIRED, probe: 'Disabled' } }, true],
  ])('%s', (_, since, endpoints, more, isGone) => {
    expect(proofOf(since, endpoints, isNowhere, facts(more)).isGone).toBe(isGone);
  });
});

describe('the clock', () => {
  test('begins when no endpoint has it, goes on after a restart, and begins anew when one may have it', () => {
    const now = formatTime(new Date(NOW));
    expect(proofOf(undefined, [often], isNowhere, facts()).notSeenSince).toBe(now);
    expect(proofOf(LONG_AGO, [endpoint(0)], isNowhere, facts()).notSeenSince).toBe(LONG_AGO);
    expect(proofOf(LONG_AGO, undefined, isNowhere, facts()).notSeenSince).toBe(LONG_AGO);
    expect(proofOf(LONG_AGO, [often, endpoint()], (one) => one === often, facts()).notSeenSince).toBeUndefined();
  });

  test('does not begin by a clock that is wrong', () => {
    expect(proofOf(undefined, [often], isNowhere, facts({ clockSkewMs: 31_000 })).notSeenSince).toBeUndefined();
  });
});

test('of looks in quick succession one counts, none from before a pause, and no more are kept than are needed', () => {
  const looks = (gapMs: number, count: number): readonly Date[] =>
    Array.from({ length: count }).reduce<readonly Date[]>(
      (kept, _, index) => withLook(kept, new Date(NOW + index * gapMs), MINUTE),
      [],
    );
  expect(looks(5_000, 12)).toEqual([new Date(NOW), new Date(NOW + 30_000)]);
  expect(looks(0.9 * MINUTE, 12)).toHaveLength(12);
  expect(looks(15 * MINUTE, 12)).toHaveLength(12);
  expect(looks(16 * MINUTE, 12)).toHaveLength(1);
  expect(looks(MINUTE, 100).map((at) => at.getTime() - NOW)).toEqual(
    Array.from({ length: 12 }, (_, index) => (88 + index) * MINUTE),
  );
});
