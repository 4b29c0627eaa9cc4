/** How long a server must go on after a withdrawal, and how long that is said (docs/rollover.md, "A hostname or the whole goes"). */
import { beforeAll, expect, test } from '@jest/globals';
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

test('published anew, nothing is safe', () => {
  const world = published();
  world.desired = { ...world.desired, publish: false };
  world.pass(MINUTE);
  expect(world.stored.safeToStopAt).toBeDefined();
  world.desired = { ...world.desired, publish: true };
  world.settle();
  expect(world.stored.safeToStopAt).toBeUndefined();
});
