/** With `publish: false` status remembers what senders may hold; where a certificate waits for that, that it once knew it, too. */
import { beforeAll, expect, test } from '@jest/globals';
import { transient } from '../../src/core/errors.ts';
import { unknown } from '../../src/core/facts.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { PromoteWorld, restingOn } from '../support/promote-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  [first, renewed] = await Promise.all([leafOf(), leafOf()]);
});

/** Its records were withdrawn, and one name server still hands them out. */
function withdrawing(): PromoteWorld {
  const world = restingOn(first);
  world.desired = { ...world.desired, publish: false };
  world.secondary = world.records;
  world.pass(10 * MINUTE);
  expect(world.published).toEqual([]);
  return world;
}

const lost: PromoteWorld['stored'] = { certificates: [], recordSets: [] };
const servesFirst = (world: PromoteWorld): boolean => world.serving === first;

test('status that is lost within the wait is not taken for nothing to wait for', () => {
  const world = withdrawing();
  world.stored = lost;
  world.restart();
  world.source = renewed;
  world.pass(HOUR);
  expect(servesFirst(world)).toBe(true);
  world.secondary = undefined;
  world.pass(HOUR);
  expect(servesFirst(world)).toBe(true);
  // Records that nobody knows are waited for a day.
  world.pass(23 * HOUR);
  expect(servesFirst(world)).toBe(true);
  world.pass(HOUR);
  expect(servesFirst(world)).toBe(false);
});

test('nor is a server that has not even seen the records yet taken for one that knows that they are gone', () => {
  const world = withdrawing();
  world.stored = lost;
  world.restart();
  world.secondary = undefined;
  world.source = renewed;
  world.pass(23 * HOUR);
  expect(servesFirst(world)).toBe(true);
  world.pass(2 * HOUR);
  expect(servesFirst(world)).toBe(false);
});

test('nor while it cannot be seen what stands there', () => {
  const world = withdrawing();
  world.stored = lost;
  world.restart();
  world.source = renewed;
  const owners = world.facts().owners.map((owner) => ({ ...owner, zone: unknown(transient('PrimaryTimeout', 'no')) }));
  world.change = { owners };
  world.pass(12 * HOUR);
  expect(servesFirst(world)).toBe(true);
});

test('what senders have long forgotten is waited for once, and safeToStopAt stays', () => {
  const world = withdrawing();
  world.secondary = undefined;
  world.pass(12 * HOUR);
  const { safeToStopAt } = world.stored;
  expect(safeToStopAt).toBeDefined();
  world.pass(72 * HOUR);
  expect(world.stored.safeToStopAt).toBe(safeToStopAt);
  world.source = renewed;
  world.settle();
  expect(servesFirst(world)).toBe(false);
});

test('where nothing was ever published there is nothing to remember', () => {
  const world = new PromoteWorld();
  world.desired = { ...world.desired, publish: false };
  world.source = first;
  world.settle();
  world.source = renewed;
  world.settle();
  expect([world.serving, world.stored.recordSets, world.finalizer]).toEqual([renewed, [], false]);
});
