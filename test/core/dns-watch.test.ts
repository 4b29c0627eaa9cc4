/** What is said of a published owner when the DNS around it breaks: at which condition, how loud, and that nothing else changes. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { conditions } from '../../src/core/conditions.ts';
import { transient } from '../../src/core/errors.ts';
import { known, unknown, type Facts, type OwnerFacts, type WatchFacts } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import type { ServedSignature } from '../../src/core/signatures.ts';
import { leafOf, OWNER, World } from '../support/planner-world.ts';

const DAY_MS = 86_400_000;
const BOGUS = unknown(transient('Bogus', `${OWNER} does not validate`));
const WELL: WatchFacts = { signatures: [], copies: [], hasDS: true, denying: [] };

let facts: Facts;
/** A host whose records stand, at rest. */
beforeEach(async () => {
  const world = new World();
  const leaf = await leafOf();
  world.hold(leaf);
  world.serve(leaf);
  world.settle();
  const recordSets = world.stored.recordSets.map((one) => ({ ...one, versions: one.versions.slice(-1) }));
  world.stored = { ...world.stored, recordSets };
  facts = world.facts();
});

const signature = (days: number): ServedSignature => ({
  of: `${OWNER} TLSA`,
  server: 'ns1.example.nl',
  expiresAt: new Date(facts.now.getTime() + days * DAY_MS),
  validitySeconds: 14 * 86_400,
  ttlSeconds: 3600,
});
const at = (parts: Partial<OwnerFacts>): Facts => ({
  ...facts,
  owners: facts.owners.map((owner) => ({ ...owner, lagging: known([]), watch: WELL, ...parts })),
});
const watching = (watch: Partial<WatchFacts>): Facts => at({ watch: { ...WELL, ...watch } });
const saidOf = (type: string, of: Facts) => conditions(of, plan(of)).find((condition) => condition.type === type);
const toldOf = (type: string, of: Facts): string => {
  const { status, reason } = saidOf(type, of) ?? {};
  return `${String(status)} ${String(reason)}`;
};
const stopped = () => ({
  server: 'ns2.example.nl',
  address: '192.0.2.2',
  at: facts.now,
  serial: 5,
  refreshSeconds: 3600,
  retrySeconds: 600,
  expireSeconds: 86_400,
  behindSince: new Date(facts.now.getTime() - DAY_MS / 2),
});

test('all is well', () => {
  expect(toldOf('DNSSECSecure', at({}))).toBe('True Secure');
  expect(toldOf('Propagated', at({}))).toBe('True AllServersAnswer');
});

test('where the name servers cannot be found out, nobody knows what they answer', () => {
  const lagging = unknown(transient('DelegationUnknown', 'no answer'));
  expect(toldOf('Propagated', at({ lagging }))).toBe('Unknown DelegationUnknown');
});

test.each<[string, string, string, () => Facts]>([
  [
    'signatures that run out',
    'DNSSECSecure',
    'True SignaturesExpireSoon',
    () => watching({ signatures: [signature(1)] }),
  ],
  ['that ran out', 'DNSSECSecure', 'False SignaturesExpired', () => watching({ signatures: [signature(-1)] })],
  [
    'that ran out, so that nothing validates',
    'DNSSECSecure',
    'False SignaturesExpired',
    () => at({ security: BOGUS, watch: { ...WELL, signatures: [signature(-1)] } }),
  ],
  ['bogus for another reason', 'DNSSECSecure', 'False Bogus', () => at({ security: BOGUS })],
  ['a DS that is gone, before resolvers forget', 'DNSSECSecure', 'True DSMissing', () => watching({ hasDS: false })],
  ['whether there is a DS is not known', 'DNSSECSecure', 'True Secure', () => watching({ hasDS: undefined })],
  [
    'signatures that matter no more',
    'DNSSECSecure',
    'False DSMissing',
    () =>
      at({
        security: known({ secure: false, insecureAt: { of: 'Addresses', zone: 'example.nl', isSigned: true } }),
        watch: { ...WELL, signatures: [signature(-1)] },
      }),
  ],
  ['a secondary that stopped', 'Propagated', 'False TransferOverdue', () => watching({ copies: [stopped()] })],
  [
    'one that stopped, and lags',
    'Propagated',
    'False TransferOverdue',
    () => at({ lagging: known(['ns2.example.nl']), watch: { ...WELL, copies: [stopped()] } }),
  ],
  [
    'a server that denies what is above the owner',
    'Propagated',
    'False EmptyNonTerminalDenied',
    () => watching({ denying: ['ns2.example.nl'] }),
  ],
])('%s: %s=%s', (_what, type, expected, make) => {
  expect(toldOf(type, make())).toBe(expected);
});

describe('why it is not secure', () => {
  const insecure = (of: 'Addresses' | 'Owner', zone: string, isSigned: boolean): Facts =>
    at({ security: known({ secure: false, insecureAt: { of, zone, isSigned } }) });

  test.each<[string, string, () => Facts]>([
    ['the zone is signed, and its parent has no DS', 'DSMissing', () => insecure('Addresses', 'example.nl', true)],
    ['the zone is not signed', 'ZoneNotSigned', () => insecure('Addresses', 'example.nl', false)],
    ['a zone above it is not', 'ZoneNotSigned', () => insecure('Addresses', 'nl', false)],
    ['the TLSA name alone is in such a zone', 'ZoneNotSigned', () => insecure('Owner', `_tcp.mx1.example.nl`, false)],
    [
      'the addresses come from a zone below',
      'AddressesNotSecure',
      () => insecure('Addresses', 'mx1.example.nl', false),
    ],
    ['or from another one', 'AddressesNotSecure', () => insecure('Addresses', 'example.org', true)],
    ['where could not be found out', 'Insecure', () => at({ security: known({ secure: false }) })],
  ])('%s: %s', (_what, reason, make) => {
    expect(toldOf('DNSSECSecure', make())).toBe(`False ${reason}`);
    const zone = make().owners[0]?.security;
    const where = zone?.known === true ? zone.value.insecureAt?.zone : undefined;
    expect(saidOf('DNSSECSecure', make())?.message).toContain(where ?? OWNER);
  });

  test('before a first publication the same is said', () => {
    const of = insecure('Addresses', 'example.nl', true);
    const first = { ...of, stored: { certificates: [], recordSets: [] }, finalizer: false };
    const unpublished = {
      ...first,
      owners: first.owners.map((owner) => ({ ...owner, current: known({ records: [], ttlSeconds: undefined }) })),
    };
    expect(toldOf('RecordsPublished', unpublished)).toBe('False DSMissing');
    expect(toldOf('Stalled', unpublished)).toBe('True DSMissing');
  });
});

test('nothing else follows from any of it: the same state, no effect, still ready', () => {
  const rest = plan(at({}));
  expect(rest.effect).toBeUndefined();
  for (const bad of [
    watching({ signatures: [signature(-1)], copies: [stopped()], hasDS: false, denying: ['ns1.example.nl'] }),
    at({ security: BOGUS }),
    at({ security: known({ secure: false, insecureAt: { of: 'Addresses', zone: 'nl', isSigned: false } }) }),
  ]) {
    expect(plan(bad).effect).toBeUndefined();
    expect(plan(bad).state).toEqual(rest.state);
    expect(toldOf('Ready', bad)).toBe('True Published');
  }
});

test('a wrong clock judges no times', () => {
  const bad = watching({ signatures: [signature(-1)], copies: [stopped()] });
  const skewed = { ...bad, clockSkewMs: 40_000 };
  expect([toldOf('DNSSECSecure', skewed), toldOf('Propagated', skewed)]).toEqual([
    'True Secure',
    'True AllServersAnswer',
  ]);
});

test('it is looked at again in time: when something is overdue, and soon where something is wrong', () => {
  const soon = (of: Facts): number | undefined => {
    const { wakeAt } = plan(of);
    return wakeAt && Math.round((wakeAt.getTime() - of.now.getTime()) / 1000);
  };
  expect(soon(at({}))).toBeUndefined();
  expect(soon(watching({ signatures: [signature(3)] }))).toBe(3 * 86_400 - 14 * 14_400 - 3600);
  expect(soon(watching({ signatures: [signature(1)] }))).toBe(300);
  expect(soon(watching({ copies: [{ ...stopped(), behindSince: facts.now }] }))).toBe(4200);
  const insecure = at({ security: known({ secure: false }) });
  expect(soon(insecure)).toBe(300);
  expect(soon({ ...insecure, desired: { ...insecure.desired, dnssec: 'Warn' } })).toBeUndefined();
});
