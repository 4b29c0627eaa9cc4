/** An owner that moves to another zone: first publication there, withdrawal here, and two histories that are kept apart. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { conditions } from '../../src/core/conditions.ts';
import { known, type NameServerFacts } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import { formatTime } from '../../src/core/time.ts';
import { formatTlsa } from '../../src/core/tlsa.ts';
import { makeCA } from '../support/pki.ts';
import { DESIRED, leafOf, OWNER, World, type Leaf } from '../support/planner-world.ts';

const DAY = 24 * 3_600_000;
const [OLD, NEW] = ['example.nl', 'mx1.example.nl'];

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, renewed] = [await leafOf(issuing), await leafOf(issuing)];
});

const ee = (leaf: Leaf): string => `3 1 1 ${leaf.summary.spkiSHA256}`;
const ta = (leaf: Leaf): string => `2 1 1 ${String(leaf.summary.caSPKISHA256s[0])}`;

function published(): World {
  const world = new World();
  world.hold(first);
  world.serve(first);
  world.settle();
  return world;
}

/** It was published long ago. The new zone holds nothing yet. */
function moved(left: 'Visible' | 'Hidden'): World {
  const world = published();
  world.stored = { ...world.stored, recordSets: world.stored.recordSets.map(withoutPast) };
  world.former = { zone: OLD, left, records: world.records };
  world.zone = known(NEW);
  world.records = [];
  return world;
}

const formerly = (world: World): string[] => (world.former?.records ?? []).map(formatTlsa).sort();
const zones = (world: World): string[] => world.stored.recordSets.map(({ owner, zone }) => `${owner} ${zone}`).sort();
const stateOf = (world: World, type: string): string => {
  const next = world.settle();
  const found = conditions(world.facts(), next).find((condition) => condition.type === type);
  return `${String(found?.status)} ${String(found?.reason)}`;
};

describe.each(['Visible', 'Hidden'] as const)('the old zone is %s', (left) => {
  test('it is published in the new one, and withdrawn from the old one; both histories stand in status', () => {
    const world = moved(left);
    expect(stateOf(world, 'Ready')).toBe('True Published');
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
    expect(formerly(world)).toEqual([]);
    expect(zones(world)).toEqual([`${OWNER} ${OLD}`, `${OWNER} ${NEW}`]);
    const [old] = world.stored.recordSets.filter(({ zone }) => zone === OLD);
    expect(old?.versions.map(({ records }) => records.length)).toEqual([2, 0]);
    // It is served on: nobody may stop.
    expect(world.stored.safeToStopAt).toBeUndefined();
  });

  test('when nobody can remember the old records they are forgotten', () => {
    const world = moved(left);
    world.settle();
    const gone = { ...world.stored, recordSets: world.stored.recordSets.map(withoutPast) };
    world.stored = gone;
    world.settle();
    expect(zones(world)).toEqual([`${OWNER} ${NEW}`]);
  });

  test('a clock that is wrong forgets nothing of them', () => {
    const world = moved(left);
    world.settle();
    const supersededAt = formatTime(new Date(world.now));
    const recordSets = world.stored.recordSets.map((one) => ({
      ...one,
      versions: one.versions.map((version, index, { length }) =>
        index < length - 1 ? { ...version, supersededAt } : version,
      ),
    }));
    world.stored = { ...world.stored, recordSets };
    world.later(400 * DAY);
    world.clockSkewMs = 400 * DAY;
    world.settle();
    expect(zones(world)).toHaveLength(2);
  });

  test('publish: false withdraws from both', () => {
    const world = moved(left);
    world.desired = { ...DESIRED, publish: false };
    world.settle();
    expect([world.published, formerly(world)]).toEqual([[], []]);
  });
});

function withoutPast(recordSet: World['stored']['recordSets'][number]): World['stored']['recordSets'][number] {
  return { ...recordSet, versions: recordSet.versions.slice(-1) };
}

test('while the new zone cannot be published in, the records of the old one follow the certificate', () => {
  const world = moved('Visible');
  world.secure = false;
  expect(stateOf(world, 'Ready')).toBe('False Insecure');
  world.hold(renewed);
  world.settle();
  expect(world.published).toEqual([]);
  expect(formerly(world)).toEqual([ta(first), ee(first), ee(renewed)].sort());
  world.secure = true;
  world.serve(renewed);
  expect(stateOf(world, 'Ready')).toBe('True Published');
  expect(formerly(world)).toEqual([]);
});

test('what senders hold of the old zone counts: for a renewal, and for another CA', () => {
  const world = moved('Hidden');
  world.settle();
  // The new zone's own history is over.
  const [old, home] = [OLD, NEW].map((name) => world.stored.recordSets.filter(({ zone }) => zone === name));
  const onlyKeys = (records: readonly string[]): string[] => records.filter((record) => record.startsWith('3'));
  const lacking = (old ?? []).map((set) => ({
    ...set,
    versions: set.versions.map((version) => ({ ...version, records: onlyKeys(version.records) })),
  }));
  world.stored = { ...world.stored, recordSets: [...lacking, ...(home ?? []).map(withoutPast)] };
  world.desired = { ...DESIRED, announcedCAs: [{ name: 'same', spkiSHA256: ta(first).slice('2 1 1 '.length) }] };
  expect(stateOf(world, 'Covered')).toBe('False EarlierRecordsHeld');
  expect(stateOf(world, 'CASwitchSafe')).toBe('False EarlierRecordsHeld');
});

test('nothing is done in the old zone before the new one was seen to hold the records', () => {
  const world = moved('Visible');
  while (world.published.length === 0) {
    world.pass();
    expect(formerly(world)).toEqual([ta(first), ee(first)]);
  }
});

test('what is not looked at in a pass is not forgotten', () => {
  const world = moved('Hidden');
  world.former = undefined;
  world.settle();
  expect(zones(world)).toEqual([`${OWNER} ${OLD}`, `${OWNER} ${NEW}`]);
});

test('another provider of the same zone: the history goes on, and the serials of the old primary tell nothing', () => {
  const world = published();
  const [set] = world.stored.recordSets;
  if (set === undefined) throw new Error('nothing is published');
  const versions = set.versions.map((version) => ({ ...version, serial: 7 }));
  world.stored = { ...world.stored, recordSets: [{ ...set, versions }] };
  const serialsWith = (provider: string): unknown[] => {
    const facts = world.facts();
    const owners = facts.owners.map((owner) => ({ ...owner, provider }));
    const [next] = plan({ ...facts, owners }).state.recordSets;
    return (next?.versions ?? []).map(({ n, serial }) => [n, serial]);
  };
  expect(serialsWith(set.provider)).toEqual(versions.map(({ n }) => [n, 7]));
  expect(serialsWith('DNSProvider/other')).toEqual(versions.map(({ n }) => [n, undefined]));
});

describe('who still hands out what stood in the old zone', () => {
  const at = (world: World, ms: number): Date => new Date(world.now + ms);
  const withServers = (world: World, servers: readonly NameServerFacts[]) => {
    const facts = world.facts();
    const owners = facts.owners.map((owner) =>
      owner.left === undefined ? owner : { ...owner, servers: known(servers) },
    );
    return plan({ ...facts, owners }).state.recordSets.find(({ zone }) => zone === OLD)?.versions ?? [];
  };
  /** The last one with records. */
  const supersededAt = (versions: ReturnType<typeof withServers>): string | undefined =>
    versions.findLast(({ records }) => records.length > 0)?.supersededAt;
  const answering = (world: World): NameServerFacts => ({
    name: 'ns1.example.nl',
    state: 'Answers',
    answers: [-40_000, -20_000, 0].map((ms) => ({ at: at(world, ms), records: [] })),
  });

  test('the servers of the old zone are asked, and each must have moved on', () => {
    const world = moved('Hidden');
    world.settle();
    const lagging: NameServerFacts = { ...answering(world), name: 'ns2.example.nl', state: 'Silent', answers: [] };
    expect(supersededAt(withServers(world, [answering(world), lagging]))).toBeUndefined();
    expect(supersededAt(withServers(world, [answering(world)]))).toBeDefined();
  });

  test('nobody can be asked for it from here: as long as its signatures last, and no longer', () => {
    const world = moved('Hidden');
    world.settle();
    const silent: NameServerFacts = { name: 'ns1.example.nl', state: 'NoRoute', answers: [] };
    world.stored = {
      ...world.stored,
      recordSets: world.stored.recordSets.map((set) => ({
        ...set,
        versions: set.versions.map((version) => ({ ...version, rrsigExpiry: formatTime(at(world, 14 * DAY)) })),
      })),
    };
    world.later(13 * DAY);
    expect(withServers(world, [silent])).toHaveLength(2);
    world.later(2 * DAY);
    expect(withServers(world, [silent])).toEqual([]);
  });

  test.each([
    ['the zone is gone, and with it its servers', []],
    ['none of them has authority any more', [{ name: 'ns1.example.nl', state: 'Lame', answers: [] }]],
  ] as const)('%s: a day after', (_what, servers) => {
    const world = moved('Hidden');
    world.settle();
    world.later(23 * 3_600_000);
    expect(supersededAt(withServers(world, servers))).toBeUndefined();
    world.later(2 * 3_600_000);
    expect(supersededAt(withServers(world, servers))).toBeDefined();
    // Nothing of that is true of the new zone: there servers without authority are a fault that passes.
    const facts = world.facts();
    const owners = facts.owners.map((owner) => ({ ...owner, servers: known(servers) }));
    const { recordSets } = plan({ ...facts, owners }).state;
    const home = recordSets.find(({ zone }) => zone === NEW);
    expect(home?.versions.map((version) => version.supersededAt)).toEqual([undefined, undefined, undefined]);
  });
});
