/** Observe: when is it safe to change the CA? (docs/rollover.md, "Another CA") */
import { beforeAll, expect, test } from '@jest/globals';
import { caSwitchSafe } from '../../src/core/ca-switch.ts';
import { stalled } from '../../src/core/errors.ts';
import { unknown, type Facts } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import { parseTlsa, union, without } from '../../src/core/tlsa.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';
import { restingOn, type PromoteWorld } from '../support/promote-world.ts';

const HOUR = 3_600_000;

let leaf: Leaf;
let selfSigned: Leaf;
beforeAll(async () => {
  leaf = await leafOf(await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) }));
  selfSigned = await leafOf();
});

const [ONE, OTHER] = ['ab', 'cd'].map((octet) => ({ name: octet, spkiSHA256: octet.repeat(32) }));

const saidOf = (facts: Facts): string | undefined =>
  caSwitchSafe(facts, plan(facts)).map(({ status, reason }) => `${status} ${reason}`)[0];
const said = (world: PromoteWorld): string | undefined => saidOf(world.facts());

function announcing(served: Leaf, ...announcedCAs: readonly (typeof ONE)[]): PromoteWorld {
  const world = restingOn(served);
  world.desired = { ...world.desired, announcedCAs: announcedCAs.flatMap((one) => one ?? []) };
  return world;
}

test('nothing is announced: nothing is said', () => {
  expect(said(restingOn(leaf))).toBeUndefined();
});

test('when each is published, and no sender holds records without them', () => {
  const world = announcing(leaf, ONE, OTHER);
  expect(said(world)).toBe('False AnnouncedCAsNotPublished');
  world.settle();
  expect(said(world)).toBe('False EarlierRecordsHeld');
  world.pass(2 * HOUR);
  expect(said(world)).toBe('False EarlierRecordsHeld');
  world.pass(2 * 60_000);
  expect(said(world)).toBe('True AnnouncedCAsPublished');
});

test('one more is announced: not before that one is as old', () => {
  const world = announcing(leaf, ONE);
  world.pass(3 * HOUR);
  expect(said(world)).toBe('True AnnouncedCAsPublished');
  world.desired = { ...world.desired, announcedCAs: [ONE, OTHER].flatMap((one) => one ?? []) };
  world.pass(HOUR);
  expect(said(world)).toBe('False EarlierRecordsHeld');
  world.pass(2 * HOUR);
  expect(said(world)).toBe('True AnnouncedCAsPublished');
});

test('not where there can be no 2 1 1', () => {
  const world = announcing(selfSigned, ONE);
  world.pass(3 * HOUR);
  expect(said(world)).toBe('False AnnouncedCAsNotPublished');
});

test('not while one of two owners cannot be published', () => {
  const world = announcing(leaf, ONE);
  world.pass(3 * HOUR);
  const facts = world.facts();
  const zone = unknown(stalled('ZoneNotFound', 'no such zone'));
  const more = facts.owners.map((owner) => ({ ...owner, owner: '_25._tcp.mx2.example.nl', zone }));
  expect(saidOf({ ...facts, owners: [...facts.owners, ...more] })).toBe('False AnnouncedCAsNotPublished');
});

test('not while a digest of foreign hand hides them, nor while senders hold it', () => {
  const world = announcing(leaf, ONE);
  const hiding = parseTlsa(`2 1 2 ${'ab'.repeat(64)}`);
  world.records = union(world.records, [hiding]);
  world.pass(72 * HOUR);
  expect(said(world)).toBe('False ForeignRecordBlocks');
  world.desired = { ...world.desired, adoption: 'Adopt' };
  world.pass(24 * HOUR);
  expect(without([hiding], world.records)).toEqual([hiding]);
  expect(said(world)).toBe('False EarlierRecordsHeld');
  world.pass(3 * HOUR);
  expect(said(world)).toBe('True AnnouncedCAsPublished');
});
