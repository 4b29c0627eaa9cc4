/** In status nothing changes while nothing happens: two passes over one unchanged world are equal, whatever is wrong with it. */
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { conditions } from '../../src/core/conditions.ts';
import { stalled, transient } from '../../src/core/errors.ts';
import { known, unknown, type Endpoint, type Facts, type OwnerFacts } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import { rolloverSummary } from '../../src/core/rollover-summary.ts';
import type { State } from '../../src/core/state.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';
import { PromoteWorld, SERVING } from '../support/promote-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let first: Leaf;
let renewed: Leaf;
let stranger: Leaf;
beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const issuing = await makeCA({ name: 'Issuing CA', issuer: root });
  [first, renewed, stranger] = await Promise.all([leafOf(issuing), leafOf(issuing), leafOf()]);
});

type Trouble = (facts: Facts) => Partial<Facts>;

const owners =
  (change: Partial<OwnerFacts>): Trouble =>
  (facts) => ({ owners: facts.owners.map((owner) => ({ ...owner, ...change })) });

const presented =
  (answer: () => Endpoint['presented']): Trouble =>
  (facts) =>
    facts.endpoints?.known === true
      ? {
          endpoints: known(
            facts.endpoints.value.flatMap((one) => [one, { ...one, address: '192.0.2.26', presented: answer() }]),
          ),
        }
      : {};

const TROUBLES: readonly Trouble[] = [
  () => ({}),
  owners({ servers: known([{ name: 'ns1', state: 'Lame', answers: [] }]) }),
  owners({ servers: known([{ name: 'ns1', state: 'Silent', answers: [] }]) }),
  owners({ servers: unknown(transient('DelegationUnknown', 'no answer')) }),
  owners({ current: unknown(transient('PrimaryTimeout', 'no answer')) }),
  owners({ zone: unknown(stalled('HostnameNotAllowed', 'no')) }),
  owners({ zone: unknown(stalled('OwnerConflict', 'no')) }),
  owners({ zone: known('mx1.example.nl') }),
  owners({ security: unknown(transient('ResolverTimeout', 'no answer')) }),
  owners({ lastAttempt: stalled('PrimaryRefused', 'no') }),
  presented(() => ({ kind: 'Failed', error: 'ConnectionTimeout', message: 'no' })),
  presented(() => ({ kind: 'Skipped', error: 'NetworkUnreachable' })),
  presented(() => ({ kind: 'Presented', chain: first.chain, summary: first.summary })),
  presented(() => ({ kind: 'Presented', chain: stranger.chain, summary: stranger.summary })),
  ({ endpoints }) => ({
    endpoints:
      endpoints?.known === true
        ? known(
            endpoints.value.map((one) => ({
              ...one,
              presented: { kind: 'Failed' as const, error: 'ConnectionRefused' as const, message: 'no' },
            })),
          )
        : endpoints,
  }),
  () => ({ endpoints: undefined }),
  () => ({ endpoints: unknown(transient('ResolverTimeout', 'no answer')) }),
  () => ({ clockSkewMs: 31_000 }),
  () => ({ secrets: new Map() }),
  () => ({ promotions: new Map([[SERVING, { permitted: known(true), withheldBy: ['mx2'] }]]) }),
  () => ({ deleting: true }),
  ({ desired }) => ({ desired: { ...desired, suspend: true } }),
  ({ desired }) => ({ desired: { ...desired, publish: false } }),
  ({ desired }) => ({ desired: { ...desired, adoption: 'Adopt' } }),
  ({ desired }) => ({ desired: { ...desired, probe: 'Disabled' } }),
  ({ desired }) => ({ desired: { ...desired, compromisedKeys: [first.summary.spkiSHA256] } }),
];

type Event = (world: PromoteWorld) => void;
const EVENTS: readonly Event[] = [
  (world) => (world.source = first),
  (world) => (world.source = renewed),
  (world) => (world.source = undefined),
  (world) => (world.serving = undefined),
  (world) => (world.answersServe = !world.answersServe),
  (world) => (world.secondary = world.secondary === undefined ? world.records : undefined),
  (world) => (world.isSecondaryAway = !world.isSecondaryAway),
  (world) => (world.records = [...world.records, parseTlsa(`3 0 1 ${'ab'.repeat(32)}`)]),
  (world) => (world.records = world.records.slice(1)),
  (world) => {
    world.pass(MINUTE);
  },
  (world) => {
    world.pass(3 * HOUR);
  },
  (world) => {
    world.settle();
  },
];

/** All that status would hold. */
const statusOf = (facts: Facts): { readonly state: State; readonly told: string } => {
  const planned = plan(facts);
  return { state: planned.state, told: JSON.stringify([conditions(facts, planned), rolloverSummary(facts, planned)]) };
};

const stored = (state: State): State => JSON.parse(JSON.stringify(state)) as State;

test('what a pass records, the next one leaves as it is, in whatever trouble; and so does one a second later', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...EVENTS), { maxLength: 10 }),
      fc.uniqueArray(fc.nat({ max: TROUBLES.length - 1 }), { minLength: 1, maxLength: 2 }),
      (history, troubles) => {
        const world = new PromoteWorld();
        world.source = first;
        world.pass(MINUTE);
        for (const event of history) event(world);
        const inTrouble = (facts: Facts): Facts =>
          troubles.reduce((all, index) => ({ ...all, ...TROUBLES[index]?.(all) }), facts);
        const facts = inTrouble(world.facts());
        // What was decided may bring the next decision: an intent, "Open". Then there is no third.
        let last = statusOf(facts);
        for (let passes = 0; passes < 3; passes++) last = statusOf({ ...facts, stored: stored(last.state) });
        const again = statusOf({ ...facts, stored: stored(last.state) });
        expect(stored(again.state)).toEqual(stored(last.state));
        expect(again.told).toBe(last.told);
        const { wakeAt } = plan({ ...facts, stored: stored(last.state) });
        const soon = facts.now.getTime() + 1000;
        if (wakeAt !== undefined && wakeAt.getTime() <= soon) return;
        const later = statusOf({ ...facts, stored: stored(last.state), now: new Date(soon) });
        expect(stored(later.state)).toEqual(stored(last.state));
        expect(later.told).toBe(last.told);
      },
    ),
    { numRuns: 100 },
  );
});
