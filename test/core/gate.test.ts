import { beforeAll, describe, expect, test } from '@jest/globals';
import { transient } from '../../src/core/errors.ts';
import { unknown } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import { formatTime } from '../../src/core/time.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';
import { PromoteWorld, restingOn } from '../support/promote-world.ts';

const HOUR = 3_600_000;
const WAIT = 2 * HOUR + 90_000;
const DAYS = 24 * HOUR;

let first: Leaf;
let renewed: Leaf;
let later: Leaf;
let otherCA: Leaf;

beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const issuing = await makeCA({ name: 'Issuing CA', issuer: root });
  const other = await makeCA({ name: 'Other CA', issuer: root });
  [first, renewed, later] = await Promise.all([leafOf(issuing), leafOf(issuing), leafOf(issuing)]);
  otherCA = await leafOf(other);
});

const ee = (leaf: Leaf): string => `3 1 1 ${leaf.summary.spkiSHA256}`;

/** By name: a whole chain is no good to read. */
function served({ serving }: PromoteWorld): string {
  if (serving === undefined) return 'nothing';
  return Object.entries({ first, renewed, later, otherCA }).find(([, leaf]) => leaf === serving)?.[0] ?? 'another';
}

/** Published and served long ago. */
function resting(): PromoteWorld {
  const world = restingOn(first);
  expect(served(world)).toBe('first');
  expect(world.published).toContain(ee(first));
  expect(world.stored.recordSets[0]?.versions).toHaveLength(1);
  return world;
}

describe('in the middle of a wait', () => {
  /** An hour in. */
  function waiting(): PromoteWorld {
    const world = resting();
    world.source = renewed;
    world.pass(HOUR);
    expect(world.candidate?.stage).toBe('Waiting');
    return world;
  }

  test.each<[string, (world: PromoteWorld) => void]>([
    ['a lower TTL', (world) => (world.desired = { ...world.desired, ttlSeconds: 60 })],
    ['a higher TTL', (world) => (world.desired = { ...world.desired, ttlSeconds: 7200 })],
    ['another provider of the same zone', (world) => (world.provider = 'DNSProvider/other')],
    ['a host that the spec no longer names', (world) => (world.isNamed = false)],
    ['the records are withdrawn', (world) => (world.desired = { ...world.desired, publish: false })],
  ])('%s: what senders may hold is waited for as before, and no longer', (_what, befall) => {
    const world = waiting();
    befall(world);
    world.pass(WAIT - HOUR - 31_000);
    expect(served(world)).toBe('first');
    world.pass(HOUR);
    expect(served(world)).toBe('renewed');
  });

  test('suspended, it is not released; afterwards at once', () => {
    const world = waiting();
    world.desired = { ...world.desired, suspend: true };
    world.pass(24 * HOUR);
    expect(served(world)).toBe('first');
    world.desired = { ...world.desired, suspend: false };
    world.settle();
    expect(served(world)).toBe('renewed');
  });

  test('nor then, if a name server shows the old records again, however long ago it had moved on', () => {
    const world = resting();
    const old = world.records;
    world.source = renewed;
    world.pass(HOUR);
    world.desired = { ...world.desired, suspend: true };
    world.pass(24 * HOUR);
    world.secondary = old;
    world.desired = { ...world.desired, suspend: false };
    world.settle();
    expect([served(world), world.candidate?.reason]).toEqual(['first', 'WaitingForServers']);
    world.secondary = undefined;
    world.pass(WAIT + HOUR);
    expect(served(world)).toBe('renewed');
    world.pass(HOUR);
    expect(world.stored.recordSets[0]?.versions).toHaveLength(1);
  });

  test('a certificate that the spec no longer names is not released, and what was served stays published', () => {
    const world = waiting();
    world.desired = { ...world.desired, certificates: [{ secretName: 'other', servingSecretName: 'other-live' }] };
    world.pass(12 * HOUR);
    expect(served(world)).toBe('first');
    expect(world.published).toContain(ee(first));
  });

  test('deleted, nothing is released any more, and the records go', () => {
    const world = waiting();
    world.change = { deleting: true };
    world.pass(HOUR);
    expect([served(world), world.published, world.finalizer]).toEqual(['first', [], false]);
  });

  /** The gate has just opened, and that is stored. */
  function opened(): PromoteWorld {
    const world = waiting();
    world.pass(WAIT - HOUR - 2000);
    world.now += 30_000;
    world.stored = plan(world.facts()).state;
    expect(world.candidate?.stage).toBe('Open');
    return world;
  }

  test('released just before a crash, and renewed since: the deadline is that of the new renewal', () => {
    const world = opened();
    world.serving = renewed;
    world.source = later;
    world.now += HOUR;
    const began = formatTime(new Date(world.now));
    world.settle();
    expect(world.stored.certificates.map(({ renewalBegan }) => renewalBegan)).toEqual([began]);
  });

  test('nor where the gate had opened already', () => {
    const world = opened();
    expect(plan(world.facts()).effect?.kind).toBe('Release');
    expect(plan({ ...world.facts(), deleting: true }).effect?.kind).toBe('ChangeRecordSets');
  });

  test.each<[string, (world: PromoteWorld) => void]>([
    [
      'a name server shows the old records again',
      (world) => (world.secondary = [parseTlsa(`3 1 1 ${first.summary.spkiSHA256}`)]),
    ],
    ['another certificate comes', (world) => (world.source = later)],
  ])('%s after the gate has opened, and before the release: it is closed again', (_what, befall) => {
    const world = opened();
    befall(world);
    world.settle();
    expect([served(world), world.candidate?.stage]).toEqual(['first', 'Waiting']);
  });
});

describe('a renewal', () => {
  test('is published, waits until no sender can hold the old records, and is released', () => {
    const world = resting();
    world.source = renewed;
    world.settle();
    expect(world.published).toEqual(expect.arrayContaining([ee(first), ee(renewed)]));
    expect(world.candidate).toMatchObject({ stage: 'Waiting', reason: 'WaitingForServers' });
    world.pass(30_000);
    // Two TTLs and a minute after every server had shown them three times over half a minute.
    expect(world.candidate).toMatchObject({ stage: 'Waiting', reason: 'WaitingForCaches' });
    world.pass(2 * HOUR + 60_000 - 1000);
    expect(served(world)).toBe('first');
    world.pass(2000);
    expect(served(world)).toBe('renewed');
    expect(world.candidate).toBeUndefined();
    world.pass(26 * HOUR);
    expect(world.published).not.toContain(ee(first));
  });

  test('waits for a server that lags, and for one that shows old records again', () => {
    const world = resting();
    world.secondary = world.records;
    world.source = renewed;
    world.pass(12 * HOUR);
    expect(served(world)).toBe('first');
    const old = world.secondary;
    world.secondary = undefined;
    world.pass(HOUR);
    world.secondary = old;
    world.pass(HOUR);
    world.secondary = undefined;
    world.pass(HOUR + 60_000);
    // It counts from the second time that all had moved on, not from the first.
    expect(served(world)).toBe('first');
    world.pass(1.5 * HOUR);
    expect(served(world)).toBe('renewed');
  });

  test('by another CA needs nothing else', () => {
    const world = resting();
    world.source = otherCA;
    world.pass(3 * HOUR);
    expect(served(world)).toBe('otherCA');
    world.pass(30 * HOUR);
    expect(world.published.sort()).toEqual([ee(otherCA), `2 1 1 ${String(otherCA.summary.caSPKISHA256s[0])}`].sort());
  });

  test('that is replaced while it waits is dropped, keeps its records for a while, and the newer one waits anew', () => {
    const world = resting();
    world.source = renewed;
    world.pass(HOUR);
    world.source = later;
    world.settle();
    const chains = world.stored.certificates[0]?.chains.map(({ state }) => state);
    expect(chains).toEqual(['Serving', 'Candidate', 'Dropped']);
    world.pass(1.5 * HOUR);
    expect(served(world)).toBe('first');
    world.pass(HOUR);
    expect(served(world)).toBe('later');
    expect(world.published).toContain(ee(renewed));
    world.pass(30 * HOUR);
    expect(world.published).not.toContain(ee(renewed));
  });

  test('whose source goes away is dropped', () => {
    const world = resting();
    world.source = renewed;
    world.pass(HOUR);
    world.source = undefined;
    world.pass(30 * HOUR);
    expect(served(world)).toBe('first');
    expect(world.published).not.toContain(ee(renewed));
  });
});

describe('a first certificate', () => {
  test('is released at once and published after proof', () => {
    const world = new PromoteWorld();
    world.source = first;
    world.answersServe = false;
    world.settle();
    expect([served(world), world.published]).toEqual(['first', []]);
    world.answersServe = true;
    world.settle();
    expect(world.published).toContain(ee(first));
  });

  test('is not released where records stand: for ten minutes nobody must have been served', () => {
    const world = new PromoteWorld();
    world.source = first;
    world.answersServe = false;
    world.records = [parseTlsa(ee(renewed))];
    world.pass(9 * 60_000);
    expect(served(world)).toBe('nothing');
    world.pass(2 * 60_000);
    expect(served(world)).toBe('first');
  });
});

test('where nothing is published by choice, nothing is waited for', () => {
  const world = resting();
  world.desired = { ...world.desired, publish: false };
  world.pass(12 * HOUR);
  expect(world.published).toEqual([]);
  world.source = renewed;
  world.settle();
  expect(served(world)).toBe('renewed');
});

describe('at the deadline', () => {
  /** With `3 1 1` alone, and a secondary that nobody can reach any more. */
  function late(onDeadline: 'Release' | 'Hold'): PromoteWorld {
    const world = resting();
    world.desired = { ...world.desired, onDeadline, records: ['3 1 1'] };
    world.pass(72 * HOUR);
    world.now = Date.parse(first.summary.notAfter) - 8 * DAYS;
    world.isSecondaryAway = true;
    world.source = renewed;
    world.pass(8 * DAYS - 73 * HOUR);
    expect(served(world)).toBe('first');
    return world;
  }

  test('what every server that can be asked answers is enough, if the spec says so', () => {
    const world = late('Release');
    world.pass(2 * HOUR);
    expect(served(world)).toBe('renewed');
  });

  test('else it goes on being withheld', () => {
    const world = late('Hold');
    world.pass(70 * HOUR);
    expect(served(world)).toBe('first');
  });

  test('one matching record in each RRset is enough', () => {
    const world = resting();
    world.now = Date.parse(first.summary.notAfter) - 8 * DAYS;
    world.secondary = world.records;
    world.source = renewed;
    world.pass(8 * DAYS - 73 * HOUR);
    expect(served(world)).toBe('first');
    // The secondary never follows; what it shows accepts the new one by its CA.
    world.pass(2 * HOUR);
    expect(served(world)).toBe('renewed');
  });
});

test('release-now of a suspended one: what stands there must do', () => {
  const world = resting();
  world.source = renewed;
  world.desired = { ...world.desired, suspend: true };
  world.pass(HOUR);
  expect(served(world)).toBe('first');
  world.change = { releaseNow: renewed.summary.spkiSHA256 };
  world.settle();
  // It fits by its CA.
  expect([served(world), world.published.includes(ee(renewed))]).toEqual(['renewed', false]);
});

test('release-now of a suspended one waits for a change that may still be carried out', () => {
  const world = resting();
  world.desired = { ...world.desired, records: ['3 1 1'] };
  while (world.stored.recordSets[0]?.intent === undefined) world.step();
  // The one fitting record, that of its CA, may go at any moment.
  world.desired = { ...world.desired, suspend: true };
  world.source = renewed;
  world.change = { releaseNow: renewed.summary.spkiSHA256 };
  world.settle();
  expect(served(world)).toBe('first');
});

test('release-now publishes first', () => {
  const world = resting();
  world.source = renewed;
  const zone = unknown(transient('PrimaryTimeout', 'no answer'));
  world.change = {
    releaseNow: renewed.summary.spkiSHA256,
    owners: world.facts().owners.map((one) => ({ ...one, zone })),
  };
  world.pass(HOUR);
  expect(served(world)).toBe('first');
  world.change = { releaseNow: renewed.summary.spkiSHA256 };
  world.settle();
  expect(served(world)).toBe('renewed');
});

test('release-now acts for the key that it names, once its records are published', () => {
  const world = resting();
  world.secondary = world.records;
  world.source = renewed;
  world.change = { releaseNow: later.summary.spkiSHA256 };
  world.pass(HOUR);
  expect(served(world)).toBe('first');
  world.change = { releaseNow: renewed.summary.spkiSHA256 };
  world.settle();
  expect(served(world)).toBe('renewed');
});
