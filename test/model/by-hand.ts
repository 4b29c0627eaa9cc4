/** Worlds in which a certain fault does harm, made by hand: so much must come together that random ones hardly ever have it. */
import type { ForeignEdit, Scenario, Setup, TimedEvent } from './scenario.ts';

const DAY = 86_400;
const HOUR = 3600;
/** The first publication is over by then. */
const BEGINS = 1500;

const CERTIFICATE = { mode: 'Promote', algorithm: 'ECDSA', ca: 'A', lifetime: 90 * DAY } as const;

const MAIL_SERVER = { hosts: [{ addresses: [{ pods: [{ reloadsAfter: 0 }] }] }] };

const PLAIN: Setup = {
  mailServers: [MAIL_SERVER],
  certificates: [CERTIFICATE],
  servers: [{ nodes: [{ lag: 0 }] }, { nodes: [{ lag: 0 }] }],
  signatureValidity: 14 * DAY,
  blocked: false,
  ttl: 300,
  maxTTL: DAY,
  waitTTLs: 2,
  retireAfter: 900,
  deadlineBeforeExpiry: 3 * DAY,
  onDeadline: 'Release',
  records: ['3 1 1', '2 1 1'],
  adoption: 'Keep',
  probe: 'Enabled',
  latency: 1,
  leafAlone: false,
  answersAfter: 2,
};

const RENEWAL = { kind: 'Renew', certificate: 0, ca: 'A', lifetime: 90 * DAY, validIn: 0 } as const;
const LATE_PODS: Partial<Setup> = {
  mailServers: [{ hosts: [{ addresses: [{ pods: [{ reloadsAfter: 2 * HOUR }] }] }] }],
};
const LAGGING: Partial<Setup> = { servers: [{ nodes: [{ lag: 0 }] }, { nodes: [{ lag: 3000 }] }] };

/** @param events times count from the moment at which the first publication is over */
function world(events: readonly TimedEvent[], setup: Partial<Setup> = {}): Scenario {
  const later = events.map((event) => ({ ...event, at: BEGINS + event.at }));
  return { setup: { ...PLAIN, ...setup }, events: later, restsAt: BEGINS + 26 * HOUR };
}

function foreign(record: Extract<ForeignEdit, { kind: 'Add' }>['record'], at: number): TimedEvent {
  return { kind: 'Foreign', owner: 0, edit: { kind: 'Add', record }, at };
}

/** A stronger digest of foreign hand hides the key of a candidate that has nothing else. */
export const HIDDEN_KEY = world([foreign('StrongerDigest', 0), { ...RENEWAL, ca: 'none', at: 60 }]);

/** Pods load late, and nobody can look at them from here meanwhile. */
export const LATE_AND_OUT_OF_SIGHT = world(
  [
    { ...RENEWAL, at: 0 },
    { kind: 'Unreachable', host: 0, address: 0, seconds: 3 * HOUR, at: 60 },
  ],
  LATE_PODS,
);

/** Pods load late, and somebody stands between us and them meanwhile. */
export const LATE_AND_BEHIND_A_STRANGER = world(
  [
    { ...RENEWAL, at: 0 },
    { kind: 'Attacker', host: 0, address: 0, seconds: HOUR, at: 700 },
  ],
  LATE_PODS,
);

/** What is added beside a certificate that is served is issued anew while it waits, and nobody can look at the host. */
export const ADDED_OUT_OF_SIGHT = world(
  [
    { ...RENEWAL, certificate: 1, at: 0 },
    { kind: 'Unreachable', host: 0, address: 0, seconds: HOUR, at: 60 },
  ],
  {
    certificates: [CERTIFICATE, { ...CERTIFICATE, mode: 'Gate', algorithm: 'RSA' }],
    ttl: 1800,
    latency: 0,
    ...LAGGING,
  },
);

/** The certificate is renewed while nobody can say what the primary holds. */
export const PRIMARY_UNREADABLE = world([
  { kind: 'Unreadable', what: 'Primary', seconds: HOUR, at: 0 },
  { ...RENEWAL, at: 60 },
]);

/** What goes into the Secret cannot be read, and the spec wants fewer records. */
export const RENEWED_UNREAD = world(
  [
    { kind: 'Unreadable', what: 'Secrets', seconds: HOUR, at: 0 },
    { ...RENEWAL, at: 60 },
    { kind: 'Spec', change: { records: ['3 1 1'] }, at: 600 },
  ],
  { certificates: [{ ...CERTIFICATE, mode: 'Observe' }] },
);

/** A change is given up. Another is made, which a name server has late that nobody can ask meanwhile. */
export const GIVEN_UP = world(
  [
    { kind: 'Outage', server: 1, state: 'Silent', seconds: 2 * HOUR, at: 0 },
    { kind: 'Refused', times: 8, at: 0 },
    { ...RENEWAL, at: 1 },
    { ...RENEWAL, at: 10 },
  ],
  LAGGING,
);

/** The first change at an owner is given up, and carried out a minute later all the same. */
export const ARRIVES_LATE = world([
  { kind: 'Unreachable', host: 0, address: 0, seconds: HOUR, at: -BEGINS },
  { kind: 'AnswerLost', after: 0, appliedAfter: 60, at: 0 },
  ...Array.from({ length: 9 }, (): TimedEvent => ({ kind: 'AnswerLost', after: 0, appliedAfter: 'Never', at: 0 })),
  { ...RENEWAL, at: 2165 },
]);

/** The anchor goes and comes back before a name server that lags has seen either; it shows both much later. */
export const COMES_BACK = world(
  [
    { kind: 'Spec', change: { records: ['3 1 1'] }, at: 2 * HOUR },
    { kind: 'Spec', change: { records: ['3 1 1', '2 1 1'] }, at: 2 * HOUR + 20 },
    { kind: 'Unreadable', what: 'Resolver', seconds: 5, at: 2 * HOUR + 3020 },
  ],
  { ...LAGGING, certificates: [{ ...CERTIFICATE, mode: 'Observe' }] },
);

/** So many changes within the lag of one name server that the first ones are merged. Then somebody brings one of their values back. */
export const MERGED_AND_BACK = world(
  [
    { ...RENEWAL, at: -900 },
    { ...RENEWAL, at: -740 },
    { ...RENEWAL, at: -720 },
    { kind: 'Foreign', owner: 0, edit: { kind: 'Clear' }, at: 720 },
  ],
  { servers: [{ nodes: [{ lag: 0 }, { lag: 2500 }] }], ttl: 60, latency: 0 },
);

/** A certificate of the future waits until it is valid, long after the caches; a name server goes back to an old copy just before. */
export const VALID_LATER_AND_REGRESSED = world([
  { ...RENEWAL, validIn: 2 * HOUR, at: 0 },
  { kind: 'Regress', server: 1, node: 0, at: 2 * HOUR - 30 },
]);

/** The operator crashes when it has sent off a release, and the source is renewed before that is carried out. */
export const RELEASED_AND_DROPPED = world(
  [
    { ...RENEWAL, at: 0 },
    { kind: 'Crash', step: 1, when: 'After', downFor: 1, at: 713 },
    { ...RENEWAL, at: 715 },
  ],
  { latency: 3 },
);

/** Nothing but a renewal. */
export const RENEWED = world([{ ...RENEWAL, at: 2 * HOUR }]);

/** With a name server that lags. */
export const RENEWED_WITH_A_LAG = world([{ ...RENEWAL, at: 2 * HOUR }], LAGGING);

/** What stood at the second host may be kept for longer than what stood at the first. */
const LONGER_TTL: readonly TimedEvent[] = [
  { kind: 'Foreign', owner: 1, edit: { kind: 'TTL', ttl: 7200 }, at: 0 },
  { ...RENEWAL, at: 600 },
];
export const TWO_HOSTS = world(LONGER_TTL, { mailServers: [{ hosts: [...MAIL_SERVER.hosts, ...MAIL_SERVER.hosts] }] });
export const TWO_MAIL_SERVERS = world(LONGER_TTL, { mailServers: [MAIL_SERVER, MAIL_SERVER] });

/** In the middle of the wait the clock goes wrong. */
export const CLOCK_GOES_WRONG = world([
  { ...RENEWAL, at: 0 },
  { kind: 'ClockStep', by: HOUR, seconds: 3000, at: 120 },
]);

export const VALID_LATER = world([{ ...RENEWAL, validIn: 2 * HOUR, at: 0 }]);

const OBSERVED = { ...CERTIFICATE, mode: 'Observe' } as const;

/** Nothing but its key tells it from another. */
export const SELF_SIGNED = world([], { certificates: [{ ...OBSERVED, ca: 'none' }] });

/** The key would stay, but its Secret is gone. */
export const KEY_IS_LOST = world([{ kind: 'SourceGone', certificate: 0, at: HOUR }], {
  certificates: [{ ...OBSERVED, ca: 'none', keepsKey: true }],
});

/** Beside a record of somebody else. */
export const DELETED = world([foreign('OtherKey', 0), { kind: 'Deleted', mailServer: 0, at: 60 }]);

/** By a clock that is ahead, it was tried for an hour. */
export const DELETED_BY_A_WRONG_CLOCK = world([
  { kind: 'ClockStep', by: 2 * HOUR, seconds: 600, at: 0 },
  { kind: 'Deleted', mailServer: 0, at: 60 },
]);

/** The other one goes on with the Secret, and what senders hold of the deleted one may be kept for longer. */
export const SHARER_DELETED = world([...LONGER_TTL, { kind: 'Deleted', mailServer: 1, at: 660 }], {
  mailServers: [MAIL_SERVER, MAIL_SERVER],
});

/** In the middle of the wait. */
export const RENAMED = world([
  { ...RENEWAL, at: 0 },
  { kind: 'Renamed', mailServer: 0, after: 5, at: 60 },
]);

/** When it is released, and pods still present the one before. */
export const RENAMED_LATE = world(
  [
    { ...RENEWAL, at: 0 },
    { kind: 'Renamed', mailServer: 0, after: 5, at: 1200 },
  ],
  LATE_PODS,
);

/** Nothing may be published there before the host answers again. */
export const MOVED = world([
  { kind: 'Unreachable', host: 0, address: 0, seconds: 3 * HOUR, at: 0 },
  { kind: 'Moved', mailServer: 0, at: 2 * HOUR },
]);

/** In the middle of the wait, and what senders hold of the zone that is left may be kept for longer. */
const MOVES_IN_A_WAIT: readonly TimedEvent[] = [
  { kind: 'Foreign', owner: 0, edit: { kind: 'TTL', ttl: 7200 }, at: 0 },
  { ...RENEWAL, at: 600 },
  { kind: 'Moved', mailServer: 0, at: 660 },
];
export const MOVED_IN_A_WAIT = world(MOVES_IN_A_WAIT);
export const MOVED_AND_RENAMED_IN_A_WAIT = world([
  ...MOVES_IN_A_WAIT,
  { kind: 'Renamed', mailServer: 0, after: 5, at: 800 },
]);

const GATE: Partial<Setup> = { certificates: [{ ...CERTIFICATE, mode: 'Gate' }] };

/** A renewal by another CA. */
export const GATED = world([{ ...RENEWAL, ca: 'B', at: 0 }], GATE);

/** In the middle of the wait; nobody else uses the Secret, or another one does. */
export const GATED_AND_DELETED = world(
  [
    { ...RENEWAL, ca: 'B', at: 0 },
    { kind: 'Deleted', mailServer: 0, at: 60 },
  ],
  GATE,
);
export const GATED_AND_SHARER_DELETED = world([...LONGER_TTL, { kind: 'Deleted', mailServer: 1, at: 660 }], {
  ...GATE,
  mailServers: [MAIL_SERVER, MAIL_SERVER],
});

/** It waits for a third of its life, since a name server lags, and by then the issuer fails. */
export const ISSUED_AGAIN_IN_VAIN = world(
  [
    { ...RENEWAL, lifetime: HOUR, at: 0 },
    { kind: 'IssuerFails', seconds: HOUR, at: 600 },
  ],
  { ...GATE, ...LAGGING },
);

/** In the zone of the second MailServer a name server lags. */
export const GATED_IN_TWO_ZONES = world([{ ...RENEWAL, ca: 'B', at: 0 }], {
  ...GATE,
  mailServers: [MAIL_SERVER, MAIL_SERVER],
  servers: [
    { nodes: [{ lag: 0 }], serves: 0 },
    { nodes: [{ lag: 0 }], serves: 1 },
    { nodes: [{ lag: 3000 }], serves: 1 },
  ],
});

/** In the middle of the wait the clock goes wrong by a third of its life. */
export const GATED_BY_A_WRONG_CLOCK = world(
  [
    { ...RENEWAL, at: 0 },
    { kind: 'ClockStep', by: 30 * DAY, seconds: HOUR, at: 120 },
  ],
  GATE,
);

/** The mail server sends less than the Secret holds. */
export const LEAF_ALONE = world([], { leafAlone: true });

/** And nobody can look at it from before a renewal until the former certificate has expired. */
export const LEAF_ALONE_OUT_OF_SIGHT = world(
  [
    { kind: 'Unreachable', host: 0, address: 0, seconds: 4 * HOUR, at: 0 },
    { ...RENEWAL, at: 600 },
  ],
  { leafAlone: true, certificates: [{ ...CERTIFICATE, lifetime: 3 * HOUR }] },
);

/** The spec names a Secret that is not there, nobody answers, and the certificate expires. */
export const NO_CERTIFICATE = world(
  [
    { kind: 'Spec', change: { certificates: 'NotThere' }, seconds: DAY, at: 0 },
    { kind: 'Unreachable', host: 0, address: 0, seconds: DAY, at: 60 },
  ],
  { certificates: [{ ...CERTIFICATE, lifetime: 3 * HOUR }] },
);

/** The primary gives records a lower TTL than it is asked for. */
export const LOWER_TTL = world([], { maxTTL: 120 });
