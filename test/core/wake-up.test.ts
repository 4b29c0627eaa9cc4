/** When time alone makes a difference, the planner asks to be woken: nothing else may come until then. */
import { beforeAll, expect, test } from '@jest/globals';
import { known } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import { leafOf, World, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';
import { restingOn } from '../support/promote-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, renewed] = [await leafOf(issuing), await leafOf(issuing)];
});

test('not at all at rest', () => {
  expect(restingOn(first).settle().wakeAt).toBeUndefined();
});

test('when a former certificate may be retired', () => {
  const world = new World();
  world.hold(first);
  world.serve(first);
  world.settle();
  world.later(30 * DAY);
  world.settle();
  world.hold(renewed);
  world.serve(renewed);
  world.settle();
  // What stands in status counts whole seconds.
  const from = Math.floor(world.now / 1000) * 1000;
  world.stored = {
    ...world.stored,
    recordSets: world.stored.recordSets.map((set) => ({ ...set, versions: set.versions.slice(-1) })),
  };
  expect(world.settle().wakeAt?.getTime()).toBe(from + DAY);
});

test.each([
  ['has no way to its name servers', 'NoRoute', 5 * 60_000],
  ['has asked them once', 'Answers', 15_000],
] as const)('for the name servers, long after the write, where this process %s', (_what, state, soonMs) => {
  const world = restingOn(first);
  world.source = renewed;
  world.secondary = world.records;
  world.pass(10 * HOUR);
  expect(world.candidate?.reason).toBe('WaitingForServers');
  const answers = [{ at: new Date(world.now), records: world.records, ttlSeconds: 3600 }];
  const server = { name: 'ns2', state, answers: state === 'Answers' ? answers : [] };
  world.change = { owners: world.facts().owners.map((owner) => ({ ...owner, servers: known([server]) })) };
  expect((plan(world.facts()).wakeAt?.getTime() ?? 0) - world.now).toBe(soonMs);
});

test('at the deadline, whatever holds a certificate back', () => {
  const world = restingOn(first);
  world.source = renewed;
  world.permitted = { ...world.permitted, withheldBy: ['mail/other'] };
  world.pass(3 * DAY);
  const deadline = Date.parse(first.summary.notAfter) - 3 * DAY;
  expect(world.settle().wakeAt?.getTime()).toBe(deadline);
});
