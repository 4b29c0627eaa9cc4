import { beforeAll, expect, test } from '@jest/globals';
import { conditions } from '../../src/core/conditions.ts';
import { DESIRED, leafOf, World, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';

const DAY = 24 * 3_600_000;

let stolen: Leaf;
let next: Leaf;
let otherCA: Leaf;
let selfSigned: Leaf;

beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const issuing = await makeCA({ name: 'Issuing CA', issuer: root });
  stolen = await leafOf(issuing, { notAfter: new Date(Date.now() + 10 * DAY) });
  next = await leafOf(issuing);
  selfSigned = await leafOf(undefined, { notAfter: new Date(Date.now() + 3650 * DAY) });
  otherCA = await leafOf(await makeCA({ name: 'Other CA', issuer: root }));
});

const ee = (leaf: Leaf): string => `3 1 1 ${leaf.summary.spkiSHA256}`;
const ta = (leaf: Leaf): string => `2 1 1 ${String(leaf.summary.caSPKISHA256s[0])}`;

function published(leaf: Leaf): World {
  const world = new World();
  world.hold(leaf);
  world.serve(leaf);
  world.settle();
  world.desired = { ...DESIRED, compromisedKeys: [stolen.summary.spkiSHA256] };
  return world;
}

test('what is served stays published, and a person is told to replace it', () => {
  const world = published(stolen);
  const plan = world.settle();
  expect(world.published.sort()).toEqual([ta(stolen), ee(stolen)]);
  const ready = conditions(world.facts(), plan).find(({ type }) => type === 'CertificatesResolved');
  expect(ready).toMatchObject({ status: 'False', reason: 'CompromisedKey' });
});

test('its records go the moment every endpoint presents another, and the CA is trusted again when it has expired', () => {
  const world = published(stolen);
  world.hold(next);
  world.settle();
  expect(world.published).toEqual(expect.arrayContaining([ee(stolen), ee(next), ta(stolen)]));
  world.serve(next);
  world.settle();
  // The thief's certificate verifies by the CA, too.
  expect(world.published).toEqual([ee(next)]);
  world.later(9 * DAY);
  world.settle();
  expect(world.published).toEqual([ee(next)]);
  world.later(2 * DAY);
  world.clockSkewMs = 2 * DAY;
  world.settle();
  expect(world.published).toEqual([ee(next)]);
  world.clockSkewMs = 0;
  world.settle();
  expect(world.published.sort()).toEqual([ta(next), ee(next)]);
});

test('another CA keeps its record', () => {
  const world = published(stolen);
  world.hold(otherCA);
  world.settle();
  world.serve(otherCA);
  world.settle();
  expect(world.published.sort()).toEqual([ta(otherCA), ee(otherCA)].sort());
});

test('nor is a CA trusted that the server did not send with it: the thief may', () => {
  const world = new World();
  world.hold(stolen);
  world.served = { ...stolen.chain, certificates: [stolen.chain.certificates[0]], path: stolen.chain.path.slice(0, 1) };
  world.settle();
  expect(world.published).toEqual([ee(stolen)]);
  world.desired = { ...DESIRED, compromisedKeys: [stolen.summary.spkiSHA256] };
  world.hold(next);
  world.serve(next);
  world.settle();
  expect(world.published).toEqual([ee(next)]);
  world.later(11 * DAY);
  world.settle();
  expect(world.published.sort()).toEqual([ta(next), ee(next)]);
});

test('no CA vouches for a self-signed one', () => {
  const world = published(selfSigned);
  world.desired = { ...DESIRED, compromisedKeys: [selfSigned.summary.spkiSHA256] };
  world.hold(next);
  world.serve(next);
  world.settle();
  expect(world.published.sort()).toEqual([ta(next), ee(next)]);
});

test('without probes, the Secret must hold another', () => {
  const world = published(stolen);
  world.desired = { ...world.desired, probe: 'Disabled' };
  world.settle();
  expect(world.published).toContain(ee(stolen));
  world.hold(next);
  world.settle();
  expect(world.published).toEqual([ee(next)]);
});

test('it is not published anew, and goes on being remembered where the Secret still holds it', () => {
  const fresh = new World();
  fresh.desired = { ...DESIRED, compromisedKeys: [stolen.summary.spkiSHA256] };
  fresh.hold(stolen);
  fresh.serve(stolen);
  fresh.settle();
  expect(fresh.published).toEqual([]);

  const world = published(stolen);
  world.hold(next);
  world.settle();
  world.serve(next);
  world.settle();
  world.hold(stolen);
  world.settle();
  expect(world.published).not.toContain(ee(stolen));
});
