/**
 * Records that come back while a certificate waits: somebody removes its records, and they are written again. What a server answers then
 * is of two times, and between them senders were given records that refuse the certificate (docs/rollover.md, "When the gate opens").
 */
import { beforeAll, expect, test } from '@jest/globals';
import { formatTlsa } from '../../src/core/tlsa.ts';
import { makeCA } from '../support/pki.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { restingOn, type PromoteWorld } from '../support/promote-world.ts';

const HOUR = 3_600_000;
const DAYS = 24 * HOUR;

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, renewed] = [await leafOf(issuing), await leafOf(issuing)];
});

const servedBy = ({ serving }: PromoteWorld): string => (serving === first ? 'first' : 'renewed');

/** What senders may hold: without, with, without; and with again. */
function removedOnce(): PromoteWorld {
  const world = restingOn(first);
  world.serial = 7;
  world.source = renewed;
  const key = `3 1 1 ${renewed.summary.spkiSHA256}`;
  world.pass(60_000);
  world.records = world.records.filter((record) => formatTlsa(record) !== key);
  world.serial += 1;
  world.settle();
  expect(world.published).toContain(key);
  expect(world.stored.recordSets[0]?.versions).toHaveLength(4);
  return world;
}

test('a server that was seen before it had them again tells when it has: the wait begins anew', () => {
  const world = removedOnce();
  world.pass(2 * HOUR + 60_000);
  expect(servedBy(world)).toBe('first');
  world.pass(60_000);
  expect(servedBy(world)).toBe('renewed');
});

test('and a restart in the middle of that wait changes nothing', () => {
  const world = removedOnce();
  world.pass(HOUR);
  world.restart();
  world.pass(HOUR + 60_000);
  expect(servedBy(world)).toBe('first');
  world.pass(60_000);
  expect(servedBy(world)).toBe('renewed');
});

test('a restart before that: nothing tells the two apart, until the signatures of those without have run out', () => {
  const world = removedOnce();
  world.restart();
  world.pass(30 * DAYS - 60_000);
  expect(servedBy(world)).toBe('first');
  expect(world.candidate).toMatchObject({ reason: 'WaitingForServers' });
  world.pass(3 * 60_000);
  expect(servedBy(world)).toBe('renewed');
});

test('or until the next change of the records is two TTLs old', () => {
  const world = removedOnce();
  world.restart();
  world.pass(HOUR);
  world.desired = { ...world.desired, announcedCAs: [{ name: 'next', spkiSHA256: 'ab'.repeat(32) }] };
  world.pass(2 * HOUR + 60_000);
  expect(servedBy(world)).toBe('first');
  world.pass(60_000);
  expect(servedBy(world)).toBe('renewed');
});
