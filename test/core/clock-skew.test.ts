/** A clock that is wrong: no time that it measures lets a former certificate go, neither now nor later. */
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { rolloverSummary } from '../../src/core/rollover-summary.ts';
import { leafOf, World, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';

const HOUR = 3_600_000;
let before: Leaf;
let after: Leaf;
let world: World;
beforeAll(async () => {
  const issuer = await makeCA({ name: 'root' });
  before = await leafOf(issuer);
  after = await leafOf(issuer);
});
beforeEach(() => {
  world = new World();
  world.hold(before);
  world.serve(before);
  world.settle();
  world.hold(after);
  world.settle();
  world.serve(after);
});

const chains = (): number => world.stored.certificates.flatMap((certificate) => certificate.chains).length;

test.each([31_000, -31_000])('one that is off by %d ms retires nothing, and says so; put right, it does', (skew) => {
  world.settle();
  world.later(25 * HOUR);
  world.clockSkewMs = skew;
  const plan = world.settle();
  expect(chains()).toBe(2);
  expect(rolloverSummary(world.facts(), plan).code).toBe('ClockSkew');
  world.clockSkewMs = 1_000;
  world.settle();
  expect(chains()).toBe(1);
});

test('an expired certificate is not let go by it either', () => {
  world.settle();
  world.later(1_000 * 24 * HOUR);
  world.clockSkewMs = 1_000 * 24 * HOUR;
  world.settle();
  expect(chains()).toBe(2);
});

test('a time that begins while the clock is behind does not count', () => {
  world.later(-48 * HOUR);
  world.clockSkewMs = -48 * HOUR;
  world.settle();
  world.later(48 * HOUR);
  world.clockSkewMs = 0;
  world.settle();
  expect(chains()).toBe(2);
  world.later(25 * HOUR);
  world.settle();
  expect(chains()).toBe(1);
});
