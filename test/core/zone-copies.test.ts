import { describe, expect, test } from '@jest/globals';
import {
  behindSince,
  nextTransferMoments,
  transferProblem,
  withoutReached,
  withSerial,
  type SerialSeen,
  type WatchedCopy,
} from '../../src/core/zone-copies.ts';

const ZONE = 'example.nl';
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const NOW = new Date('2026-11-22T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);

const copy = (parts: Partial<WatchedCopy> = {}): WatchedCopy => ({
  server: 'ns2.example.nl',
  address: '192.0.2.2',
  at: NOW,
  serial: 5,
  refreshSeconds: HOUR,
  retrySeconds: 10 * MINUTE,
  expireSeconds: 14 * DAY,
  ...parts,
});
/** A server that says when its copy expires, and has last followed so long ago. */
const following = (followed: number, parts: Partial<WatchedCopy> = {}): WatchedCopy => {
  const one = copy(parts);
  return { ...one, expiresAt: ago(followed - one.expireSeconds) };
};
const isTold = (...copies: readonly WatchedCopy[]): boolean => transferProblem(ZONE, copies, NOW) !== undefined;

describe('how long a server may be behind', () => {
  const allowed: readonly (readonly [string, Partial<WatchedCopy>, number])[] = [
    ['refresh and retry', {}, 70 * MINUTE],
    ['a quarter of an hour at least', { refreshSeconds: MINUTE, retrySeconds: MINUTE }, 15 * MINUTE],
    ['two days at most', { refreshSeconds: 7 * DAY }, 2 * DAY],
    ['not until it expires', { refreshSeconds: DAY, expireSeconds: DAY }, 18 * HOUR],
  ];
  test.each(allowed)('%s', (_what, times, seconds) => {
    expect(isTold(copy({ ...times, behindSince: ago(seconds - 1) }))).toBe(false);
    expect(isTold(copy({ ...times, behindSince: ago(seconds) }))).toBe(true);
  });

  test.each(allowed)('the same of what the server says itself, whatever its serial: %s', (_what, times, seconds) => {
    expect(isTold(following(seconds - 1, times))).toBe(false);
    expect(isTold(following(seconds, times))).toBe(true);
  });

  test('what a server said some time ago is no reason: it may have followed since', () => {
    const seen = following(69 * MINUTE);
    expect(transferProblem(ZONE, [seen], ago(-HOUR))).toBeUndefined();
  });

  test('then there is something to say', () => {
    const behind = copy({ behindSince: NOW });
    const moments = nextTransferMoments([copy(), behind]);
    expect(moments).toEqual([ago(-70 * MINUTE)]);
    expect(moments.map((moment) => transferProblem(ZONE, [behind], moment))).toEqual([expect.any(String)]);
  });
});

describe('what is said', () => {
  test('which server, since when, until when', () => {
    expect(transferProblem(ZONE, [copy({ server: 'ns3.example.nl' }), following(DAY)], NOW)).toBe(
      'these name servers do not follow the primary of example.nl any more: ns2.example.nl (since 2026-11-21T12:00:00Z; answers nothing from 2026-12-05T12:00:00Z); may they transfer, does the primary notify them, are their clocks and keys right?',
    );
  });

  test('a server that does not say when it expires may have stopped long before it was seen behind', () => {
    expect(transferProblem(ZONE, [copy({ behindSince: ago(DAY) })], NOW)).toContain(
      'ns2.example.nl (since 2026-11-21T12:00:00Z; answers nothing from 2026-12-05T12:00:00Z at the latest)',
    );
  });

  test('it is the same at every look', () => {
    const told = [0, 1, 2].map((hours) =>
      transferProblem(ZONE, [copy({ behindSince: ago(DAY) })], new Date(NOW.getTime() + hours * 3600_000)),
    );
    expect(new Set(told).size).toBe(1);
  });
});

describe('since when a server is behind', () => {
  const seen = (...serials: readonly (readonly [serial: number, ago: number])[]): readonly SerialSeen[] =>
    serials.reduce<readonly SerialSeen[]>((all, [serial, seconds]) => withSerial(all, serial, ago(seconds)), []);

  test.each<[string, number, readonly SerialSeen[], Date | undefined]>([
    ['nothing is known of the primary', 5, [], undefined],
    ['it has what the primary has', 7, seen([5, 300], [7, 200]), undefined],
    ['it is ahead of what we saw', 9, seen([5, 300], [7, 200]), undefined],
    ['it has none of them', 4, seen([5, 300], [7, 200]), ago(300)],
    [
      'a busy primary: since the first serial that it has not',
      6,
      seen([5, 400], [6, 300], [7, 200], [9, 100]),
      ago(200),
    ],
    ['seen again, the same serial is no news', 5, seen([7, 300], [7, 200]), ago(300)],
    ['serials that wrap (RFC 1982)', 2 ** 32 - 1, seen([2 ** 32 - 1, 300], [3, 200]), ago(200)],
    ['a primary that began anew, lower', 5, seen([2026112200, 300], [5, 200], [6, 100]), ago(100)],
  ])('%s', (_what, serial, serials, expected) => {
    expect(behindSince(copy({ serial }), serials)).toEqual(expected);
  });

  test('what every server has reached is forgotten, but for the newest', () => {
    const serials = seen([5, 400], [6, 300], [7, 200]);
    expect(withoutReached(serials, [copy({ serial: 5 }), copy({ serial: 7 })])).toEqual(serials.slice(1));
    expect(withoutReached(serials, [copy({ serial: 7 })])).toEqual(serials.slice(2));
    expect(withoutReached(serials, [])).toEqual(serials);
  });

  test('of a primary that changes all the time no more is kept than is needed to know who stopped', () => {
    const serials = seen(...Array.from({ length: 1000 }, (_, index): [number, number] => [index + 1, 5000 - index]));
    expect(serials.length).toBeLessThanOrEqual(64);
    expect(behindSince(copy({ serial: 0 }), serials)).toEqual(ago(5000));
    expect(serials.at(-1)?.serial).toBe(1000);
  });
});
