/** Before what is served expires, less is enough; and only what can be seen (docs/rollover.md, "The deadline"). */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { known, type Facts, type NameServerFacts, type OwnerFacts } from '../../src/core/facts.ts';
import { deadlineOf } from '../../src/core/deadline.ts';
import type { RecordSetPlan } from '../../src/core/record-set-plan.ts';
import { releaseOf } from '../../src/core/release.ts';
import type { StoredCertificate, Version } from '../../src/core/state.ts';
import { formatTime } from '../../src/core/time.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { DESIRED, HOST, leafOf, OWNER, World, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-22T12:00:00Z');
const at = (ms: number): Date => new Date(NOW + ms);

let served: Leaf;
let next: Leaf;
let otherCA: Leaf;
beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const issuer = await makeCA({ name: 'CA', issuer: root });
  served = await leafOf(issuer, { notAfter: at(30 * DAY) });
  next = await leafOf(issuer);
  otherCA = await leafOf(await makeCA({ name: 'Another', issuer: root }));
});

const ee = (leaf: Leaf): string => `3 1 1 ${leaf.summary.spkiSHA256}`;
const ta = (leaf: Leaf): string => `2 1 1 ${String(leaf.summary.caSPKISHA256s[0])}`;

const certificate = (candidate: Leaf, began: Date): StoredCertificate => ({
  secretName: 'mx1-tls',
  mode: 'Promote',
  chains: [
    { ...served.summary, state: 'Serving', since: formatTime(at(-DAY)) },
    { ...candidate.summary, state: 'Candidate', since: formatTime(began) },
  ],
  renewalBegan: formatTime(began),
});

const version = (n: number, records: readonly string[], more: Partial<Version> = {}): Version => ({
  n,
  kind: 'Written',
  records,
  ttlSeconds: 3600,
  writtenAt: formatTime(at(0)),
  ...more,
});

/** Of one look, so long after the first; one for each address that answered. */
const look = (ms: number, ...values: readonly (readonly string[])[]): NameServerFacts['answers'] =>
  values.map((records) => ({ at: at(ms), records: records.map(parseTlsa), ttlSeconds: 3600 }));

const server = (name: string, ...looks: readonly NameServerFacts['answers'][]): NameServerFacts => ({
  name,
  state: looks.length > 0 ? 'Answers' : 'Silent',
  answers: looks.flat(),
});

describe('when it is', () => {
  test.each([
    ['three days before what is served expires', 20, 27],
    ['half of what was left when the renewal began', 26, 28],
  ])('%s', (_, began, expected) => {
    const stored = certificate(next, at(began * DAY));
    expect(deadlineOf(stored, new World().facts())).toEqual(at(expected * DAY));
  });

  test('none while it is not known when the renewal began, as where our clock has been wrong since', () => {
    const stored = { ...certificate(next, at(20 * DAY)), renewalBegan: undefined };
    expect(deadlineOf(stored, new World().facts())).toBeUndefined();
  });
});

describe('what is enough', () => {
  interface Case {
    /** What senders may hold of the owner, oldest first. */
    readonly versions: readonly Version[];
    readonly servers: readonly NameServerFacts[];
    readonly candidate?: Leaf;
    readonly desired?: Partial<Facts['desired']>;
    readonly day?: number;
    readonly others?: readonly RecordSetPlan[];
  }

  const plansOf = (facts: Facts, { versions, servers }: Case): RecordSetPlan => {
    const [owner] = facts.owners as readonly [OwnerFacts];
    const recordSet = {
      owner: OWNER,
      provider: 'DNSProvider/bind',
      zone: 'example.nl',
      ttlSeconds: 3600,
      records: [],
      versions,
    };
    return { owner: { ...owner, servers: known(servers) }, next: recordSet };
  };

  function released(one: Case): string {
    const { candidate = next, day = 28, others = [] } = one;
    const world = new World();
    world.now = NOW + day * DAY;
    world.hold(served);
    const facts: Facts = { ...world.facts(), desired: { ...DESIRED, ...one.desired } };
    const stored = certificate(candidate, at(20 * DAY));
    const [, waiting] = stored.chains;
    if (waiting === undefined) throw new Error('there is a candidate');
    const recordSets = [plansOf(facts, one), ...others];
    const { stage, reason } = releaseOf({
      certificate: stored,
      candidate: waiting,
      promotion: undefined,
      recordSets,
      facts,
    });
    return `${stage} ${reason}`;
  }

  const old = (): Version => version(1, [ee(served)]);
  const current = (leaf = next): Version => version(2, [ee(served), ee(leaf)]);
  const NEW = (): readonly string[] => [ee(served), ee(next)];
  const OLD = (): readonly string[] => [ee(served)];

  test.each<[string, () => Case, string]>([
    [
      'not before it',
      () => ({ day: 26, versions: [old(), current()], servers: [server('ns1', look(0, NEW())), server('ns2')] }),
      'WaitingForServers WaitingForServers',
    ],
    [
      'every server that can be asked answers records that accept it',
      () => ({ versions: [old(), current()], servers: [server('ns1', look(0, NEW())), server('ns2')] }),
      'Open DeadlineReached',
    ],
    [
      'with Hold that is not enough',
      () => ({
        desired: { onDeadline: 'Hold' },
        versions: [old(), current()],
        servers: [server('ns1', look(0, NEW())), server('ns2')],
      }),
      'WaitingForServers WaitingForServers',
    ],
    [
      'nor where one of them answers old ones',
      () => ({ versions: [old(), current()], servers: [server('ns1', look(0, NEW())), server('ns2', look(0, OLD()))] }),
      'WaitingForServers WaitingForServers',
    ],
    [
      'nor where nobody can be asked',
      () => ({ versions: [old(), current()], servers: [server('ns1'), server('ns2')] }),
      'WaitingForServers WaitingForServers',
    ],
    [
      'an address of a server that was never reached is not waited for',
      () => ({ versions: [old(), current()], servers: [server('ns1', look(0, NEW()), look(60_000, NEW()))] }),
      'Open DeadlineReached',
    ],
    [
      'nor one that is not reached any more, and had old ones',
      () => ({ versions: [old(), current()], servers: [server('ns1', look(0, NEW(), OLD()), look(60_000, NEW()))] }),
      'Open DeadlineReached',
    ],
    [
      'each address of a server that answers counts',
      () => ({ versions: [old(), current()], servers: [server('ns1', look(0, NEW()), look(60_000, NEW(), OLD()))] }),
      'WaitingForServers WaitingForServers',
    ],
    [
      'what the primary holds does not accept it',
      () => ({ versions: [old()], servers: [server('ns1', look(0, OLD()))] }),
      'Publishing Publishing',
    ],
    [
      'nor what only name servers still answer',
      () => ({ versions: [current(), version(3, OLD())], servers: [server('ns1', look(0, NEW()))] }),
      'Publishing Publishing',
    ],
    [
      'suspended, it is withheld',
      () => ({ desired: { suspend: true }, day: 26, versions: [current()], servers: [] }),
      'Withheld Suspended',
    ],
    [
      'but to the deadline only',
      () => ({ desired: { suspend: true }, versions: [current()], servers: [] }),
      'Open GateOpen',
    ],
    [
      'one match in each RRset is enough, with Hold too',
      () => ({
        desired: { onDeadline: 'Hold' },
        versions: [version(1, [ee(served), ta(served)]), version(2, [ee(served), ta(served), ee(next)])],
        servers: [server('ns1', look(0, OLD())), server('ns2')],
      }),
      'Open GateOpen',
    ],
    [
      'of another CA there is none',
      () => ({
        desired: { onDeadline: 'Hold' },
        candidate: otherCA,
        versions: [
          version(1, [ee(served), ta(served)]),
          version(2, [ee(served), ta(served), ee(otherCA), ta(otherCA)]),
        ],
        servers: [server('ns1', look(0, OLD())), server('ns2')],
      }),
      'WaitingForServers WaitingForServers',
    ],
    [
      'another owner that is at rest is not asked, and holds nothing back',
      () => ({
        versions: [old(), current()],
        servers: [server('ns1', look(0, NEW())), server('ns2')],
        others: [atRest()],
      }),
      'Open DeadlineReached',
    ],
  ])('%s', (_, one, expected) => {
    expect(released(one())).toBe(expected);
  });

  /** Its records have named the candidate for long; its name servers are not asked any more. */
  function atRest(): RecordSetPlan {
    const [owner] = new World().facts().owners as readonly [OwnerFacts];
    const name = `_25._tcp.other.${HOST}`;
    const recordSet = plansOf(new World().facts(), { versions: [current()], servers: [] }).next;
    if (recordSet === undefined) throw new Error('it has a history');
    return { owner: { ...owner, owner: name, hostname: `other.${HOST}` }, next: { ...recordSet, owner: name } };
  }
});
