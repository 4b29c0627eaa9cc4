import { describe, expect, test } from '@jest/globals';
import { nextSignatureMoments, overdueAt, signatureProblem, type ServedSignature } from '../../src/core/signatures.ts';

const [HOUR, DAY] = [3600, 86_400];
const NOW = new Date('2026-11-22T12:00:00Z');
const inSeconds = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

const signature = (left: number, parts: Partial<ServedSignature> = {}): ServedSignature => ({
  of: '_25._tcp.mx1.example.nl TLSA',
  server: 'ns1.example.nl',
  expiresAt: inSeconds(left),
  validitySeconds: 14 * DAY + HOUR,
  ttlSeconds: HOUR,
  ...parts,
});

/** The least that is ever left of a signature while the signer is at work. */
const BY_DEFAULT: readonly (readonly [string, { validity: number; left: number }])[] = [
  ['BIND, dnssec-policy: 14 days, renewed 5 before', { validity: 14 * DAY + HOUR, left: 5 * DAY }],
  ['BIND, the same with the most jitter', { validity: 13.5 * DAY + HOUR, left: 5 * DAY }],
  ['BIND, sig-validity-interval: 30 days, renewed at a quarter', { validity: 30 * DAY + HOUR, left: 7.5 * DAY }],
  ['dnssec-signzone, run again when it takes the old ones for old', { validity: 30 * DAY, left: 7.5 * DAY }],
  ['OpenDNSSEC: 14 days, renewed 3 before', { validity: 14 * DAY + HOUR, left: 3 * DAY }],
  ['PowerDNS: three weeks, each Thursday', { validity: 21 * DAY, left: 7 * DAY }],
  ['Route 53: hours, each answer', { validity: 2 * HOUR + 1020, left: 2 * HOUR - 60 }],
  ['Cloudflare: a day before and after, each answer', { validity: 2 * DAY + 2 * HOUR, left: DAY }],
];

describe('no signer that is at work by its defaults is called late', () => {
  test.each(BY_DEFAULT.flatMap(([what, times]) => [60, HOUR, DAY, 7 * DAY].map((ttl) => [what, ttl, times] as const)))(
    '%s; TTL %d',
    (_what, ttlSeconds, { validity, left }) => {
      expect(signatureProblem([signature(left, { validitySeconds: validity, ttlSeconds })], NOW)).toBeUndefined();
    },
  );

  test.each([60, HOUR, DAY])('Knot: an hour and the TTL (%d) before the end', (ttlSeconds) => {
    const validitySeconds = 14 * DAY + 5400;
    expect(signatureProblem([signature(ttlSeconds + HOUR, { validitySeconds, ttlSeconds })], NOW)).toBeUndefined();
    expect(signatureProblem([signature(ttlSeconds + 1700, { validitySeconds, ttlSeconds })], NOW)).toBeDefined();
  });
});

test('where a signer renews days before the end, there are two days to act, and the TTL', () => {
  for (const ttlSeconds of [60, HOUR, 6 * HOUR]) {
    const late = signature(2.3 * DAY + ttlSeconds, { ttlSeconds });
    expect(signatureProblem([late], NOW)?.code).toBe('SignaturesExpireSoon');
  }
});

test('it is said of what, where, and when', () => {
  const [first, second] = [
    signature(DAY),
    signature(2 * DAY, { of: 'example.nl SOA', server: 'ns2.example.nl' }),
  ] as const;
  const well = signature(10 * DAY, { server: 'ns3.example.nl' });
  expect(signatureProblem([second, first, well], NOW)).toEqual({
    code: 'SignaturesExpireSoon',
    message:
      "the signatures of _25._tcp.mx1.example.nl TLSA, example.nl SOA at ns1.example.nl, ns2.example.nl run out at 2026-11-23T12:00:00Z and should have been renewed by now; from then on senders that check DANE cannot deliver: see to the zone's signer, and to the transfers to these servers",
  });
  expect(signatureProblem([well], NOW)).toBeUndefined();
});

test('what has run out comes before what will', () => {
  const expired = signature(-HOUR, { server: 'ns2.example.nl' });
  const problem = signatureProblem([signature(HOUR), expired], NOW);
  expect(problem?.code).toBe('SignaturesExpired');
  expect(problem?.message).toContain('at ns2.example.nl ran out at 2026-11-22T11:00:00Z');
});

test('there is something to say when it is overdue, and when it runs out', () => {
  const one = signature(10 * DAY);
  expect(nextSignatureMoments([one])).toEqual([overdueAt(one), one.expiresAt]);
});
