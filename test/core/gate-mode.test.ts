/** Mode Gate: the same gate as in Promote (gate.test.ts), with what the issuer answered in the place of the source Secret. */
import { beforeAll, expect, test } from '@jest/globals';
import { conditions } from '../../src/core/conditions.ts';
import { stalled, transient } from '../../src/core/errors.ts';
import { known, unknown } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import { rememberedUntil } from '../../src/core/remembered-until.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';
import { PromoteWorld, SERVING } from '../support/promote-world.ts';

const HOUR = 3_600_000;

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, renewed] = await Promise.all([leafOf(issuing), leafOf(issuing)]);
});

/** Published and served long ago; what cert-manager got then is what is served. */
function resting(): PromoteWorld {
  const world = new PromoteWorld();
  world.desired = { ...world.desired, certificates: [{ secretName: SERVING }] };
  world.request = { name: 'mx1-1', chain: known(first.summary), isCompleted: true };
  world.serving = first;
  world.pass(72 * HOUR);
  expect(world.published).toContain(`3 1 1 ${first.summary.spkiSHA256}`);
  expect(world.stored.certificates).toMatchObject([{ mode: 'Gate', chains: [{ state: 'Serving' }] }]);
  return world;
}

/** The issuer has answered; cert-manager waits. */
function renewing(): PromoteWorld {
  const world = resting();
  world.request = { name: 'mx1-2', chain: known(renewed.summary), isCompleted: false };
  // What the world releases is its source.
  world.source = renewed;
  return world;
}

test('a renewal waits until no sender can hold records that refuse it, and then goes to cert-manager', () => {
  const world = renewing();
  world.settle();
  expect(world.published).toContain(`3 1 1 ${renewed.summary.spkiSHA256}`);
  expect(world.candidate).toMatchObject({ requestName: 'mx1-2', stage: 'Waiting', reason: 'WaitingForServers' });
  world.pass(30_000 + 2 * HOUR + 60_000 - 1000);
  expect(world.serving).toBe(first);
  world.pass(2000);
  expect(world.serving).toBe(renewed);
});

test('what cert-manager has is on its way: nothing is left to do, and both are accepted', () => {
  const waiting = renewing();
  waiting.change = { releaseNow: renewed.summary.spkiSHA256 };
  waiting.settle();
  waiting.serving = first;
  waiting.request = { name: 'mx1-2', chain: known(renewed.summary), isCompleted: true };
  const { effect } = waiting.settle();
  expect(effect).toBeUndefined();
  expect(waiting.candidate).toMatchObject({ stage: 'Released', reason: 'HandedOver' });
  expect(waiting.published).toEqual(
    expect.arrayContaining([first, renewed].map(({ summary }) => `3 1 1 ${summary.spkiSHA256}`)),
  );
});

test('a request that is replaced while it waits leaves its record for a while', () => {
  const world = renewing();
  world.settle();
  world.request = { name: 'mx1-2', chain: undefined, isCompleted: false };
  world.settle();
  expect(world.stored.certificates[0]?.chains.map(({ state }) => state)).toEqual(['Serving', 'Dropped']);
  expect(world.published).toContain(`3 1 1 ${renewed.summary.spkiSHA256}`);
});

test('one that was deleted, and shared the Secret, is waited for by those who are left', () => {
  const world = renewing();
  const notBefore = new Date(world.now + 5 * HOUR);
  world.request = { name: 'mx1-2', chain: known(renewed.summary), isCompleted: false, notBefore };
  world.pass(5 * HOUR - 1000);
  expect(world.serving).toBe(first);
  expect(world.candidate).toMatchObject({ stage: 'Withheld', reason: 'HeldBack' });
  world.pass(2000);
  expect(world.serving).toBe(renewed);
});

test.each([
  ['', 0],
  [', also by a clock that is behind', -20 * 24 * HOUR],
  [', also by one that is ahead', 20 * 24 * HOUR],
])('what waits for one that goes is held back once: right before its records are forgotten%s', (_what, clockSkewMs) => {
  const world = renewing();
  world.settle();
  world.change = { deleting: true, clockSkewMs, now: new Date(world.now + clockSkewMs) };
  const told: (number | undefined)[] = [];
  const forgets: boolean[] = [];
  for (;;) {
    const facts = world.facts();
    const next = plan(facts);
    told.push(rememberedUntil(facts, next)?.getTime());
    forgets.push(facts.stored.recordSets.length > next.state.recordSets.length);
    if (next.effect?.kind === 'RemoveFinalizer') break;
    world.step();
  }
  const until = world.now + 2 * HOUR + 60_000;
  expect(told.map((moment) => moment !== undefined)).toEqual(forgets);
  expect(told.filter((moment) => moment !== undefined)).toEqual([Math.floor(until / 1000) * 1000]);
});

test.each([
  ['one whose key does not fit', stalled('KeyDoesNotFit', 'the key does not fit'), 'Waiting'],
  ['the one until the real one is issued', transient('TemporaryCertificate', 'not the real one'), 'Waiting'],
  ['but not while nobody knows', transient('SecretUnreadable', 'the API server does not answer'), 'Withheld'],
])('cert-manager may overwrite what nobody can use: %s', (_what, error, stage) => {
  const world = renewing();
  world.change = { secrets: new Map([[SERVING, unknown(error)]]) };
  world.settle();
  expect(world.candidate).toMatchObject({ stage });
});

test('the Secret and the status are gone while the server still presents what it had: the next one is published, and released', () => {
  const world = renewing();
  world.stored = { certificates: [], recordSets: [] };
  world.served = first;
  world.serving = undefined;
  world.settle();
  expect(world.published).toContain(`3 1 1 ${renewed.summary.spkiSHA256}`);
  world.pass(72 * HOUR);
  expect(world.serving).toBe(renewed);
});

test('it is covered, and says so', () => {
  const world = resting();
  const facts = world.facts();
  expect(conditions(facts, plan(facts))).toContainEqual(
    expect.objectContaining({ type: 'Covered', status: 'True', reason: 'Gated' }),
  );
});
