/** How long a server must go on after a withdrawal, and how long that is said (docs/rollover.md, "A hostname or the whole goes"). */
import { beforeAll, expect, test } from '@jest/globals';
import { transient } from '../../src/core/errors.ts';
import { unknown } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import type { Version } from '../../src/core/state.ts';
import { formatTime } from '../../src/core/time.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { PromoteWorld } from '../support/promote-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let leaf: Leaf;
beforeAll(async () => {
  leaf = await leafOf();
});

function published(): PromoteWorld {
  const world = new PromoteWorld();
  world.source = leaf;
  world.pass(72 * HOUR);
  expect(world.published).toHaveLength(1);
  return world;
}

test.each<[string, (world: PromoteWorld) => void]>([
  ['publish: false', (world) => (world.desired = { ...world.desired, publish: false })],
  ['a host that the spec names no more', (world) => (world.isNamed = false)],
])('%s: known once every server has moved on, and told until then', (_, withdraw) => {
  const world = published();
  withdraw(world);
  world.secondary = world.records;
  world.settle();
  expect([world.published, world.stored.safeToStopAt]).toEqual([[], undefined]);
  world.pass(HOUR);
  expect(world.stored.safeToStopAt).toBeUndefined();
  world.secondary = undefined;
  world.pass(10 * MINUTE);
  const { safeToStopAt = '' } = world.stored;
  expect(Date.parse(safeToStopAt)).toBeGreaterThan(world.now + 1.5 * HOUR);
  while (world.now < Date.parse(safeToStopAt)) {
    expect(world.stored.safeToStopAt).toBe(safeToStopAt);
    world.pass(10 * MINUTE);
  }
});

test('not while our records stand, or a change is under way', () => {
  const world = published();
  world.desired = { ...world.desired, publish: false };
  world.pass(MINUTE);
  const standing = published();
  standing.records = [...standing.records, parseTlsa(`3 1 1 ${'ab'.repeat(32)}`)];
  standing.pass(10 * MINUTE);
  standing.desired = { ...standing.desired, publish: false, suspend: true };
  standing.pass(HOUR);
  expect([standing.published.length, standing.stored.safeToStopAt]).toEqual([2, undefined]);
  const { recordSets } = world.stored;
  const intent = {
    add: [],
    remove: [`3 1 1 ${leaf.summary.spkiSHA256}`],
    ttlSeconds: 3600,
    since: '2026-11-22T12:00:00Z',
  };
  const stored = { ...world.stored, recordSets: recordSets.map((set) => ({ ...set, intent })) };
  // The primary cannot be read: it is not known whether it was carried out.
  const owners = world
    .facts()
    .owners.map((owner) => ({ ...owner, current: unknown(transient('PrimaryTimeout', 'no')) }));
  expect(plan({ ...world.facts(), stored, owners }).state.safeToStopAt).toBeUndefined();
});

test('the last of all that a sender may hold decides, what nobody knows included', () => {
  const world = published();
  world.desired = { ...world.desired, publish: false };
  world.pass(MINUTE);
  const at = (ms: number): string => formatTime(new Date(world.now + ms));
  const [set] = world.stored.recordSets;
  const [last] = set?.versions.slice(-1) ?? [];
  if (set === undefined || last === undefined) throw new Error('it has a history');
  const safe = (...held: readonly Partial<Version>[]): string | undefined => {
    const versions = [
      ...held.map((one, index) => ({ ...last, records: [`3 1 1 ${'ab'.repeat(32)}`], ...one, n: index + 1 })),
      { ...last, n: 9 },
    ];
    const stored = { ...world.stored, recordSets: [{ ...set, versions }] };
    return plan({ ...world.facts(), stored }).state.safeToStopAt;
  };
  const [short, long] = [
    { ttlSeconds: 3600, supersededAt: at(0) },
    { ttlSeconds: 7200, supersededAt: at(0) },
  ];
  expect(safe(long, short)).toBe(at(4 * HOUR + MINUTE));
  expect(safe(short)).toBe(at(2 * HOUR + MINUTE));
  const unknownBefore = { kind: 'Unknown', records: [], waitSeconds: 86_400, supersededAt: at(0) } as const;
  expect(safe(unknownBefore, short)).toBe(at(24 * HOUR + MINUTE));
});

test('records of others that stay do not keep it from being known', () => {
  const world = published();
  world.records = [...world.records, parseTlsa(`3 1 1 ${'ab'.repeat(32)}`)];
  world.pass(72 * HOUR);
  world.isNamed = false;
  world.pass(MINUTE);
  expect(world.published).toHaveLength(1);
  const { safeToStopAt = '' } = world.stored;
  expect(Date.parse(safeToStopAt) - world.now).toBeGreaterThan(2 * HOUR);
});

test('a host that the spec names no more while its zone cannot be written: its records are not forgotten, and go afterwards', () => {
  const world = published();
  world.isNamed = false;
  const zone = unknown(transient('ProviderNotReady', 'away'));
  world.change = { owners: world.facts().owners.map((owner) => ({ ...owner, zone })) };
  world.pass(72 * HOUR);
  expect(world.published).toHaveLength(1);
  world.change = {};
  world.settle();
  expect(world.published).toEqual([]);
});

test('published anew, nothing is safe', () => {
  const world = published();
  world.desired = { ...world.desired, publish: false };
  world.pass(MINUTE);
  expect(world.stored.safeToStopAt).toBeDefined();
  world.desired = { ...world.desired, publish: true };
  world.settle();
  expect(world.stored.safeToStopAt).toBeUndefined();
});
