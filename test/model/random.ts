/** A scenario made of a seed: any mixture of what the model knows. */
import { Numbers } from './numbers.ts';
import type {
  CertificateSetup,
  ForeignEdit,
  HostSetup,
  Scenario,
  ServerSetup,
  Setup,
  SpecChange,
  TimedEvent,
  WorldEvent,
} from './scenario.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** @param kinds only these events, beside a renewal; all where none is named */
export function randomScenario(seed: number, kinds: readonly WorldEvent['kind'][] = []): Scenario {
  const choices = kinds.length === 0 ? EVENTS : EVENTS.filter(([kind]) => kinds.includes(kind));
  const numbers = new Numbers(seed);
  const setup = randomSetup(numbers);
  // The first publication is over by then.
  const begins = numbers.between(300, 2400);
  const events = Array.from({ length: numbers.between(1, 12) }, (): TimedEvent => ({
    ...randomEvent(numbers, setup, choices),
    // Much of what matters is a matter of seconds, so times come in groups.
    at: begins + numbers.between(0, 5) * numbers.of([10, 300, 1200]) + numbers.between(0, numbers.of([0, 5, 90, 1500])),
  }));
  const renewal: TimedEvent = { ...renewalOf(numbers, setup), at: begins + numbers.between(0, 600) };
  const all = [...events, renewal].sort((a, b) => a.at - b.at);
  const restsAt = (all.at(-1)?.at ?? 0) + numbers.of([0, 600, HOUR]);
  const maxTTL = numbers.of([DAY, DAY, DAY, 120]);
  const answersAfter = numbers.of([0, 2, 60, 600]);
  const servers = withZones(numbers, setup);
  // What the model learned later is drawn last, so that the seeds of planted faults stay what they were.
  const certificates = kinds.length === 0 ? withPolicies(numbers, setup) : setup.certificates;
  const ofOwners = eventsOfOwners(numbers, setup, kinds).map((event) => ({
    ...event,
    at: begins + numbers.between(0, Math.max(0, restsAt - begins)),
  }));
  return {
    setup: { ...setup, maxTTL, answersAfter, servers, certificates },
    events: [...all, ...ofOwners].sort((a, b) => a.at - b.at),
    restsAt,
  };
}

function eventsOfOwners(numbers: Numbers, setup: Setup, kinds: readonly WorldEvent['kind'][]): readonly WorldEvent[] {
  const choices = OF_OWNERS.filter(([kind]) => kinds.length === 0 || kinds.includes(kind));
  if (choices.length === 0 || (kinds.length === 0 && numbers.chance(0.6))) return [];
  return many(numbers.of([1, 1, 2]), () => randomEvent(numbers, setup, choices));
}

function withPolicies(numbers: Numbers, { certificates }: Setup): Setup['certificates'] {
  return certificates.map((certificate) => ({ ...certificate, keepsKey: numbers.chance(0.3) }));
}

function randomSetup(numbers: Numbers): Setup {
  const probe = numbers.chance(0.9) ? 'Enabled' : 'Disabled';
  const retireAfter = numbers.of([900, 1800, 3600]);
  const blocked = numbers.chance(0.05);
  const host = (): HostSetup => ({
    addresses: many(numbers.of([1, 1, 2]), () => ({
      pods: many(numbers.of([1, 1, 2, 3]), () => ({
        reloadsAfter: numbers.of([0, 0, 20, 90, probe === 'Enabled' ? 2 * HOUR : 300]),
      })),
    })),
  });
  const server = (): ServerSetup => ({
    nodes: many(numbers.of([1, 1, 2, 3]), () => ({ lag: numbers.of([0, 0, 5, 60, 400, blocked ? 400 : 2400]) })),
  });
  const certificate = (index: number): CertificateSetup => ({
    mode: numbers.of(['Promote', 'Promote', 'Gate', 'Gate', 'Observe']),
    algorithm: index === 0 ? 'ECDSA' : 'RSA',
    ca: numbers.of(['A', 'A', 'B', 'none']),
    lifetime: numbers.of([90 * DAY, 90 * DAY, 2 * DAY, 3 * HOUR]),
  });
  return {
    mailServers: many(numbers.of([1, 1, 1, 2]), () => ({ hosts: many(numbers.of([1, 1, 2]), host) })),
    certificates: many(numbers.of([1, 1, 1, 2]), certificate),
    servers: many(numbers.of([1, 2, 2, 3]), server),
    signatureValidity: numbers.of([14 * DAY, 3 * HOUR]),
    blocked,
    ttl: numbers.of([60, 300, 300, 1800]),
    maxTTL: DAY,
    waitTTLs: numbers.of([2, 2, 2, 1]),
    retireAfter,
    deadlineBeforeExpiry: numbers.of([3 * DAY, HOUR]),
    onDeadline: numbers.of(['Release', 'Hold']),
    records: numbers.chance(0.9) ? ['3 1 1', '2 1 1'] : ['3 1 1'],
    adoption: numbers.chance(0.85) ? 'Keep' : 'Adopt',
    probe,
    latency: numbers.of([0, 1, 1, 3]),
    leafAlone: probe === 'Enabled' && numbers.chance(0.1),
    answersAfter: 2,
  };
}

/** Each MailServer may be in a zone of its own. */
function withZones(numbers: Numbers, { mailServers, servers }: Setup): readonly ServerSetup[] {
  const areApart = mailServers.length > 1 && servers.length >= mailServers.length && numbers.chance(0.5);
  return areApart ? servers.map((server, index) => ({ ...server, serves: index % mailServers.length })) : servers;
}

function renewalOf(numbers: Numbers, { certificates }: Setup): WorldEvent {
  return {
    kind: 'Renew',
    certificate: numbers.between(0, certificates.length - 1),
    ca: numbers.of(['A', 'A', 'A', 'B', 'C', 'none']),
    lifetime: numbers.of([90 * DAY, 90 * DAY, 90 * DAY, 2 * DAY, 1800]),
    validIn: numbers.of([0, 0, 0, 0, 900]),
  };
}

type Make = (numbers: Numbers, setup: Setup) => WorldEvent;

const someServer = (numbers: Numbers, { servers }: Setup): number => numbers.between(0, servers.length - 1);
const someHost = (numbers: Numbers, { mailServers }: Setup): number =>
  numbers.between(0, mailServers.reduce((sum, { hosts }) => sum + hosts.length, 0) - 1);
const someCertificate = (numbers: Numbers, { certificates }: Setup): number =>
  numbers.between(0, certificates.length - 1);

/** How often each is met, and what it may be. */
const EVENTS: readonly (readonly [WorldEvent['kind'], number, Make])[] = [
  ['Renew', 8, renewalOf],
  ['SourceGone', 1, (numbers, setup) => ({ kind: 'SourceGone', certificate: someCertificate(numbers, setup) })],
  ['IssuerFails', 3, (numbers) => ({ kind: 'IssuerFails', seconds: numbers.of([60, 600, HOUR]) })],
  [
    'IssuerSlow',
    2,
    (numbers) => ({
      kind: 'IssuerSlow',
      answersAfter: numbers.of([60, 900, 2 * HOUR]),
      seconds: numbers.of([60, 900, HOUR]),
    }),
  ],
  [
    'Wraps',
    2,
    (numbers, setup) => ({
      kind: 'Wraps',
      certificate: someCertificate(numbers, setup),
      ca: numbers.of(['A', 'B', 'C', 'none']),
    }),
  ],
  [
    'Denied',
    2,
    (numbers, setup) => ({
      kind: 'Denied',
      certificate: someCertificate(numbers, setup),
      what: numbers.of(['Request', 'Child']),
    }),
  ],
  ['ChildrenGone', 1, (numbers, setup) => ({ kind: 'ChildrenGone', certificate: someCertificate(numbers, setup) })],
  [
    'Unreadable',
    4,
    (numbers) => ({
      kind: 'Unreadable',
      what: numbers.of(['Secrets', 'Primary', 'Servers', 'Endpoints', 'Resolver']),
      seconds: numbers.of([5, 120, HOUR, 3 * HOUR]),
    }),
  ],
  [
    'Foreign',
    4,
    (numbers, setup) => ({
      kind: 'Foreign',
      owner: someHost(numbers, setup),
      edit: numbers.of<ForeignEdit>([
        { kind: 'Add', record: 'OtherKey' },
        { kind: 'Add', record: 'OtherCA' },
        { kind: 'Add', record: 'WholeCertificate' },
        { kind: 'Add', record: 'StrongerDigest' },
        { kind: 'RemoveOne' },
        { kind: 'Clear' },
        { kind: 'TTL', ttl: 7200 },
        { kind: 'TTL', ttl: 30 },
        { kind: 'TakeBack' },
      ]),
    }),
  ],
  ['ZoneChange', 2, () => ({ kind: 'ZoneChange' })],
  [
    'Lag',
    4,
    (numbers, setup) => ({
      kind: 'Lag',
      server: someServer(numbers, setup),
      node: numbers.between(0, 1),
      seconds: numbers.of([0, 30, 600, setup.blocked ? 600 : 3000]),
    }),
  ],
  [
    'Outage',
    3,
    (numbers, setup) => ({
      kind: 'Outage',
      server: someServer(numbers, setup),
      state: numbers.of(['Silent', 'Lame']),
      seconds: numbers.of([30, 400, HOUR]),
    }),
  ],
  [
    'Dead',
    2,
    // Until its last signature runs out it holds up everything; two weeks of that are a long story.
    (numbers, setup) =>
      setup.signatureValidity < DAY ? { kind: 'Dead', server: someServer(numbers, setup) } : { kind: 'ZoneChange' },
  ],
  [
    'Regress',
    3,
    (numbers, setup) => ({ kind: 'Regress', server: someServer(numbers, setup), node: numbers.between(0, 1) }),
  ],
  [
    'AnswerLost',
    6,
    (numbers) => ({
      kind: 'AnswerLost',
      after: numbers.of([0, 0, 1]),
      appliedAfter: numbers.of([0, 'Never', 5, 40, 60]),
    }),
  ],
  ['Refused', 2, (numbers) => ({ kind: 'Refused', times: numbers.between(1, 4) })],
  [
    'Crash',
    8,
    (numbers) => ({
      kind: 'Crash',
      step: numbers.between(1, 6),
      when: numbers.of(['Before', 'After']),
      downFor: numbers.of([0, 1, 30, 900]),
    }),
  ],
  [
    'StatusLost',
    1,
    (numbers, { mailServers }) => ({ kind: 'StatusLost', mailServer: numbers.between(0, mailServers.length - 1) }),
  ],
  ['TwoLeaders', 2, (numbers) => ({ kind: 'TwoLeaders', seconds: numbers.of([5, 30, 120]) })],
  [
    'ClockStep',
    2,
    (numbers) => ({
      kind: 'ClockStep',
      by: numbers.of([25, -25, HOUR, -HOUR, 20 * DAY, -20 * DAY]),
      seconds: numbers.of([60, 600, 3000]),
    }),
  ],
  [
    'Spec',
    3,
    (numbers) => ({
      kind: 'Spec',
      change: numbers.of<SpecChange>([
        { ttl: 60 },
        { ttl: 3600 },
        { records: ['3 1 1'] },
        { records: ['3 1 1', '2 1 1'] },
        { publish: false },
        { suspend: true },
        { announced: ['B'] },
        { announced: [] },
        { retireAfter: 600 },
      ]),
      seconds: numbers.of([60, 900, HOUR]),
    }),
  ],
  ['ReleaseNow', 1, (numbers, setup) => ({ kind: 'ReleaseNow', certificate: someCertificate(numbers, setup) })],
  [
    'Unreachable',
    2,
    (numbers, setup) => ({
      kind: 'Unreachable',
      host: someHost(numbers, setup),
      address: numbers.between(0, 1),
      seconds: numbers.of([60, 1200, 3 * HOUR]),
    }),
  ],
  [
    'Restart',
    1,
    (numbers, setup) => ({
      kind: 'Restart',
      host: someHost(numbers, setup),
      address: 0,
      pod: numbers.between(0, 1),
    }),
  ],
  [
    'Attacker',
    1,
    (numbers, setup) => ({
      kind: 'Attacker',
      host: someHost(numbers, setup),
      address: 0,
      seconds: numbers.of([60, HOUR]),
    }),
  ],
  ['Rebuilt', 0.3, (numbers) => ({ kind: 'Rebuilt', issuedAfter: numbers.of([0, 60, 1200]) })],
];

const someMailServer = (numbers: Numbers, { mailServers }: Setup): number => numbers.between(0, mailServers.length - 1);

const OF_OWNERS: typeof EVENTS = [
  ['Deleted', 3, (numbers, setup) => ({ kind: 'Deleted', mailServer: someMailServer(numbers, setup) })],
  [
    'Renamed',
    2,
    (numbers, setup) => ({
      kind: 'Renamed',
      mailServer: someMailServer(numbers, setup),
      after: numbers.of([0, 5, 600, 2 * HOUR, -1, -90, -1200]),
      moves: numbers.chance(0.3),
    }),
  ],
  [
    'Given',
    3,
    (numbers, setup) => ({
      kind: 'Given',
      host: someHost(numbers, setup),
      to: someMailServer(numbers, setup),
      after: numbers.of([0, 5, 600, 2 * HOUR, -1, -90, -1200]),
    }),
  ],
  ['Moved', 3, (numbers, setup) => ({ kind: 'Moved', mailServer: someMailServer(numbers, setup) })],
];

function randomEvent(numbers: Numbers, setup: Setup, choices: typeof EVENTS): WorldEvent {
  let rest = numbers.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [, weight, make] of choices) {
    rest -= weight;
    if (rest < 0) return make(numbers, setup);
  }
  return { kind: 'ZoneChange' };
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
