/** An owner goes from one MailServer to another: at each moment somebody remembers what senders may hold, and what may be met. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { withSent } from '../../src/core/chain-summary.ts';
import { known, unknown, type Facts, type Heir } from '../../src/core/facts.ts';
import { hasHistory, inherit } from '../../src/core/inherit.ts';
import { transient } from '../../src/core/errors.ts';
import { plan, type Plan } from '../../src/core/plan.ts';
import type { State, StoredRecordSet, Version } from '../../src/core/state.ts';
import { formatTlsa } from '../../src/core/tlsa.ts';
import { makeCA } from '../support/pki.ts';
import { DESIRED, leafOf, World, type Leaf } from '../support/planner-world.ts';

let first: Leaf;
let second: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, second] = [await leafOf(issuing), await leafOf(issuing)];
});

function published(leaf: Leaf): World {
  const world = new World();
  world.hold(leaf);
  world.serve(leaf);
  world.settle();
  return world;
}

const ee = (leaf: Leaf): string => `3 1 1 ${leaf.summary.spkiSHA256}`;
const onlySet = ({ recordSets }: State): StoredRecordSet => {
  const [set] = recordSets;
  if (set === undefined || recordSets.length > 1) throw new Error('not one record set');
  return set;
};

/** A pass over the former one, as if it had this heir. */
function planWith(world: World, heir: Heir, change: Partial<Facts> = {}): Plan {
  const facts = { ...world.facts(), ...change };
  const zone = heir.as === 'Owner' ? unknown(transient('OwnerHandover', 'it goes')) : known('example.nl');
  return plan({ ...facts, owners: facts.owners.map((owner) => ({ ...owner, zone, lastZone: 'example.nl', heir })) });
}

/** Deleted, and this says so in status. */
function handedOver(world: World): StoredRecordSet {
  const next = planWith(world, { as: 'Owner', name: 'mail/heir', hasIt: false }, { deleting: true });
  world.stored = next.state;
  return onlySet(next.state);
}

describe('who lets go', () => {
  test('first says to whom, then changes nothing and stays, and forgets when the heir remembers', () => {
    const world = published(first);
    const before = onlySet(world.stored);
    expect(handedOver(world)).toEqual({ ...before, handedTo: 'mail/heir' });
    const again = planWith(world, { as: 'Owner', name: 'mail/heir', hasIt: false }, { deleting: true });
    expect([again.effect, again.state.recordSets]).toEqual([undefined, world.stored.recordSets]);
    const last = planWith(world, { as: 'Owner', name: 'mail/heir', hasIt: true }, { deleting: true });
    expect([last.effect?.kind, last.state.recordSets]).toEqual(['RemoveFinalizer', []]);
  });

  test.each([
    ['suspended', { suspend: true }],
    ['to leave its records', { deletion: 'Retain' }],
  ] as const)('%s: hands over all the same', (_what, change) => {
    const world = published(first);
    const desired = { ...DESIRED, ...change };
    const heir = { as: 'Owner', name: 'mail/heir' } as const;
    const next = planWith(world, { ...heir, hasIt: false }, { deleting: true, desired });
    expect([next.effect, onlySet(next.state).handedTo]).toEqual([undefined, 'mail/heir']);
    const last = planWith(world, { ...heir, hasIt: true }, { deleting: true, desired });
    expect(last.effect).toEqual({ kind: 'RemoveFinalizer', left: [] });
  });

  test('goes at once where a person says so', () => {
    const world = published(first);
    const next = planWith(world, { as: 'Owner', name: 'mail/heir', hasIt: false }, { deleting: true, abandon: true });
    expect(next.effect?.kind).toBe('RemoveFinalizer');
  });

  test('withdraws after all when the heir is gone before it took over', () => {
    const world = published(first);
    handedOver(world);
    world.deleting = true;
    world.settle();
    expect([world.published, world.gone]).toEqual([[], true]);
  });

  test('withdrawn: what senders may still hold goes to who shares its Secret', () => {
    const world = published(first);
    world.records = [];
    const heir = { as: 'Caretaker', name: 'mail/sharer' } as const;
    const next = planWith(world, { ...heir, hasIt: false }, { deleting: true });
    // The intent first, and as long as it is not confirmed nothing is handed over.
    world.stored = next.state;
    const waiting = planWith(world, { ...heir, hasIt: false }, { deleting: true });
    expect([waiting.effect, onlySet(waiting.state)]).toMatchObject([
      undefined,
      { handedTo: 'mail/sharer', versions: expect.arrayContaining([expect.objectContaining({ records: [] })]) },
    ]);
    expect(planWith(world, { ...heir, hasIt: true }, { deleting: true }).effect?.kind).toBe('RemoveFinalizer');
  });
});

test('who has withdrawn, also from a zone that it left, hands over what senders may hold, as long as they may', () => {
  const world = published(first);
  world.desired = { ...DESIRED, publish: false };
  world.settle();
  expect([world.published, onlySet(world.stored).versions.at(-1)?.records]).toEqual([[], []]);
  const heir = { as: 'Owner', name: 'mail/heir', hasIt: false } as const;
  expect(onlySet(planWith(world, heir, { deleting: true }).state)).toEqual({
    ...onlySet(world.stored),
    handedTo: 'mail/heir',
  });
  const at = new Date(world.now).toISOString();
  const [old, ...others] = world.stored.recordSets.flatMap(({ versions }) => versions).toReversed();
  const versions = [...others.map((version) => ({ ...version, supersededAt: at })).toReversed(), ...(old ? [old] : [])];
  world.stored = { ...world.stored, recordSets: [{ ...onlySet(world.stored), versions }] };
  expect(planWith(world, heir, { deleting: true }).state.recordSets).toHaveLength(1);
  // The heir may have forgotten it before this one looks again.
  world.later(25 * 3_600_000);
  const last = planWith(world, heir, { deleting: true });
  expect([last.effect?.kind, last.state.recordSets]).toEqual(['RemoveFinalizer', []]);
});

test('deleted on its way to another zone, where another gets the owner: it is handed over in both, and withdrawn from neither', () => {
  const world = published(first);
  const elsewhere: StoredRecordSet = { ...onlySet(world.stored), zone: 'nl', records: [] };
  world.stored = { ...world.stored, recordSets: [...world.stored.recordSets, elsewhere] };
  const facts = world.facts();
  const zone = unknown(transient('OwnerHandover', 'it goes'));
  const heir = { as: 'Owner', name: 'mail/heir', hasIt: false } as const;
  const owners = facts.owners.flatMap((owner) =>
    ['example.nl', 'nl'].map((lastZone) => ({ ...owner, zone, lastZone, heir })),
  );
  const next = plan({ ...facts, deleting: true, owners });
  expect([next.effect, next.state.recordSets.map(({ handedTo }) => handedTo)]).toEqual([
    undefined,
    ['mail/heir', 'mail/heir'],
  ]);
});

test('a Secret that others share says so before the one for which it was made is gone', () => {
  const world = published(first);
  world.records = [];
  world.deleting = true;
  const going = (unnamed: readonly string[] | undefined, change: Partial<Facts> = {}): string | undefined => {
    const promotions = new Map([['live', { permitted: known(true as const), withheldBy: [], unnamed }]]);
    world.stored = plan(world.facts()).state;
    return plan({ ...world.facts(), promotions, ...change }).effect?.kind;
  };
  expect(going(['mail'])).toBeUndefined();
  expect(going(['mail'], { abandon: true })).toBe('RemoveFinalizer');
  expect(going(undefined)).toBe('RemoveFinalizer');
});

test('what was withdrawn is forgotten when no sender can remember it, also where nobody can look any more', () => {
  const world = published(first);
  const [set] = world.stored.recordSets;
  if (set === undefined) throw new Error('nothing is published');
  const at = (ms: number): string => new Date(world.now + ms).toISOString();
  const old: Version = { n: 1, kind: 'Written', records: [ee(first)], ttlSeconds: 60, writtenAt: at(0) };
  const gone: Version = { n: 2, kind: 'Written', records: [], ttlSeconds: 0, writtenAt: at(0) };
  world.stored = {
    ...world.stored,
    recordSets: [{ ...set, records: [], versions: [{ ...old, rrsigExpiry: at(60_000) }, gone] }],
  };
  world.zone = unknown(transient('ProviderNotFound', 'it is gone'));
  const remembered = (desired: boolean): number => {
    const facts = world.facts();
    return plan({ ...facts, owners: facts.owners.map((owner) => ({ ...owner, desired })) }).state.recordSets.length;
  };
  expect(remembered(false)).toBe(1);
  world.later(3_600_000);
  expect([remembered(false), remembered(true)]).toEqual([0, 1]);
});

describe('the heir', () => {
  const heritageOf = (world: World) => ({ recordSet: handedOver(world), certificates: world.stored.certificates });
  const EMPTY: State = { certificates: [], recordSets: [] };

  test('goes on where the other one was, and what may be met stays published until it is proven gone', () => {
    const former = published(first);
    const heir = new World();
    heir.secretName = 'new-tls';
    heir.desired = { ...DESIRED, certificates: [{ secretName: 'new-tls' }] };
    heir.hold(second);
    heir.serve(first);
    heir.records = former.records;
    heir.ttlSeconds = 3600;
    heir.finalizer = true;
    heir.stored = inherit(EMPTY, [heritageOf(former)], DESIRED);
    expect(onlySet(heir.stored)).toEqual({ ...onlySet(former.stored), handedTo: undefined });
    heir.settle();
    expect(heir.published).toEqual(expect.arrayContaining([ee(first), ee(second)]));
    heir.serve(second);
    heir.settle();
    heir.later(25 * 3_600_000);
    heir.settle();
    expect(heir.published).not.toContain(ee(first));
    // As the former one had it: nothing became unknown.
    const kinds = onlySet(heir.stored).versions.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'Unknown')).toHaveLength(1);
  });

  test('a change that was under way when it was handed over is known to the heir', () => {
    const former = published(first);
    former.hold(second);
    former.pass();
    const { intent } = onlySet(former.stored);
    expect(intent?.add).toEqual([ee(second)]);
    const { recordSet } = heritageOf(former);
    expect(onlySet(inherit(EMPTY, [{ recordSet, certificates: [] }], DESIRED)).intent).toEqual(intent);
  });

  test('knows whether it has all of it', () => {
    const recordSet = handedOver(published(first));
    expect(hasHistory(undefined, recordSet)).toBe(false);
    expect(hasHistory(inherit(EMPTY, [{ recordSet, certificates: [] }], DESIRED).recordSets, recordSet)).toBe(true);
    const older = recordSet.versions.map((version) => ({ ...version, writtenAt: '2020-01-01T00:00:00Z' }));
    expect(hasHistory([{ ...recordSet, versions: older }], recordSet)).toBe(false);
  });

  test('what it remembers of its own time comes before, and there is room for eight', () => {
    const recordSet = handedOver(published(first));
    const version = (n: number): Version => ({
      n,
      kind: 'Written',
      records: [`3 1 1 ${String(n).repeat(64)}`],
      ttlSeconds: 60,
      writtenAt: `2020-01-01T00:00:0${n}Z`,
    });
    const own = { ...recordSet, handedTo: undefined, versions: [1, 2, 3, 4, 5, 6].map(version) };
    const { versions } = onlySet(inherit({ ...EMPTY, recordSets: [own] }, [{ recordSet, certificates: [] }], DESIRED));
    expect(versions).toHaveLength(8);
    expect(versions[0]?.kind).toBe('Unknown');
    expect(versions.at(-1)?.records).toEqual(recordSet.versions.at(-1)?.records);
    expect(versions.map(({ n }) => n)).toEqual(versions.map(({ n }) => n).sort((a, b) => a - b));
  });

  test('what was its own stays so, whatever it was to the other', () => {
    const recordSet = handedOver(published(first));
    const foreign = recordSet.records.map((record) => ({ ...record, role: 'Foreign' as const }));
    const own = { ...recordSet, handedTo: undefined, versions: [] };
    const both = inherit(
      { ...EMPTY, recordSets: [own] },
      [{ recordSet: { ...recordSet, records: foreign }, certificates: [] }],
      DESIRED,
    );
    expect(new Set(onlySet(both).records)).toEqual(new Set(own.records));
  });

  test('does not write in a zone that the other one has left: what senders hold of it is all that it gets', () => {
    const former = published(first);
    const [set] = former.stored.recordSets;
    if (set === undefined) throw new Error('nothing is published');
    const heir = published(first);
    heir.records = [];
    heir.desired = { ...DESIRED, dnssec: 'Ignore' };
    heir.zone = unknown(transient('PrimaryUnreachable', 'it is away'));
    heir.former = { zone: 'nl', left: 'Visible', records: [] };
    heir.stored = inherit(
      EMPTY,
      [{ recordSet: { ...set, zone: 'nl', records: [] }, certificates: former.stored.certificates }],
      DESIRED,
    );
    heir.settle();
    expect([heir.published, heir.former.records]).toEqual([[], []]);
  });

  test('of a chain that its Secret holds too it knows how it is sent', () => {
    const former = published(first);
    const [stored] = former.stored.certificates;
    if (stored === undefined) throw new Error('no certificate is known');
    const alone = { ...stored, chains: stored.chains.map((chain) => withSent(chain, [])) };
    const heir = published(first);
    const { certificates } = inherit(heir.stored, [{ ...heritageOf(former), certificates: [alone] }], DESIRED);
    expect(certificates).toEqual([alone]);
    expect(inherit({ ...EMPTY, certificates }, [heritageOf(former)], DESIRED).certificates).toEqual([alone]);
  });

  test('of the same Secret it takes over what its own history lacks', () => {
    const former = published(first);
    former.hold(second);
    former.settle();
    const heir = published(second);
    const { certificates } = inherit(heir.stored, [heritageOf(former)], DESIRED);
    expect(certificates.map(({ chains }) => chains.map(({ spkiSHA256 }) => spkiSHA256))).toEqual([
      [second.summary.spkiSHA256, first.summary.spkiSHA256],
    ]);
    expect(former.published).toEqual(former.records.map(formatTlsa));
  });
});
