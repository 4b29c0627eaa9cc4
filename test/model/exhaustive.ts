/**
 * All small worlds: one certificate, pods that load late. Of each combination of
 *
 * - the mode, and whether the CA changes: Promote with the same CA, another, and none; Observe with the same CA,
 * - the lag of two name servers: none, or longer than caches are waited for, of one or of both,
 * - a second renewal: none, a second later, or while the first waits,
 *
 * and in Gate, where the CA changes, of each combination of
 *
 * - the same lags, or two MailServers that share the Secret, in zones of their own, of which one lags,
 * - what becomes of the request: nothing special; the Certificate is changed, or the request denied, while it waits; the issuer refuses at
 *   first; the DaneIssuer names another issuer before the first has answered,
 *
 * the world in which nothing goes wrong, and then every world with one mishap more (`mishaps`: how many at most):
 *
 * - the operator crashes, before or after any of the steps that it takes from the first renewal until all is done;
 * - the answer to any of its updates is lost; the update was carried out, or is so a minute later, or never.
 *
 * How many steps and updates there are is seen in the world without the mishap, so that none is left out, whatever the planner does.
 * With two mishaps there is one of each kind: an answer is lost, then a crash at any step that follows from it.
 */
import type { CA } from './chains.ts';
import type { Scenario, ServerSetup, Setup, TimedEvent } from './scenario.ts';
import type { Course } from './try.ts';

/** The first publication is over by then. */
const RENEWED_AT = 600;
const TTL = 60;
/** Longer than two TTLs and the margin. */
const LAG = 200;
/** A former chain is proven gone, and what waits for the slowest server is released, twice. */
const ALL_IS_DONE = 3600;

const MODES: readonly (readonly [Setup['certificates'][number]['mode'], CA])[] = [
  ['Promote', 'A'],
  ['Promote', 'B'],
  ['Promote', 'none'],
  ['Observe', 'A'],
];
const PROMPT: ServerSetup = { nodes: [{ lag: 0 }] };
const LATE: ServerSetup = { nodes: [{ lag: LAG }] };
const SERVERS: readonly (readonly ServerSetup[])[] = [
  [PROMPT, PROMPT],
  [PROMPT, LATE],
  [LATE, LATE],
];
const SECOND_RENEWALS: readonly (number | undefined)[] = [undefined, 1, 300];

const MAIL_SERVER: Setup['mailServers'][number] = { hosts: [{ addresses: [{ pods: [{ reloadsAfter: 90 }] }] }] };

const SETUP: Setup = {
  mailServers: [MAIL_SERVER],
  certificates: [],
  servers: [],
  signatureValidity: 14 * 86_400,
  blocked: false,
  ttl: TTL,
  maxTTL: 86_400,
  waitTTLs: 2,
  retireAfter: 900,
  deadlineBeforeExpiry: 3 * 86_400,
  onDeadline: 'Release',
  records: ['3 1 1', '2 1 1'],
  adoption: 'Keep',
  probe: 'Enabled',
  latency: 0,
  leafAlone: false,
  answersAfter: 2,
};
const CERTIFICATE = { algorithm: 'ECDSA', ca: 'A', lifetime: 90 * 86_400 } as const;

const OBSERVE_AND_PROMOTE = MODES.flatMap(([mode, ca]) =>
  SERVERS.flatMap((servers) =>
    SECOND_RENEWALS.map((second): Scenario => {
      const later = second === undefined ? [] : [renewal(ca, second)];
      return small({ certificates: [{ ...CERTIFICATE, mode }], servers }, [renewal(ca), ...later]);
    }),
  ),
);

const GATED: readonly Partial<Setup>[] = [
  ...SERVERS.map((servers) => ({ servers })),
  {
    mailServers: [MAIL_SERVER, MAIL_SERVER],
    servers: [
      { ...PROMPT, serves: 0 },
      { ...LATE, serves: 1 },
    ],
  },
];
/** Beside the renewal. */
const OF_THE_REQUEST: readonly (readonly TimedEvent[])[] = [
  [],
  [renewal('B', 150)],
  [{ kind: 'Denied', certificate: 0, what: 'Request', at: RENEWED_AT + 150 }],
  [{ kind: 'IssuerFails', seconds: 60, at: RENEWED_AT }],
  [
    { kind: 'IssuerSlow', answersAfter: 60, seconds: 90, at: RENEWED_AT },
    { kind: 'Wraps', certificate: 0, ca: 'C', at: RENEWED_AT + 30 },
  ],
];

const GATE = GATED.flatMap((setup) =>
  OF_THE_REQUEST.map((events) =>
    small({ ...setup, certificates: [{ ...CERTIFICATE, mode: 'Gate' }] }, [renewal('B'), ...events]),
  ),
);

/** Each world in which nothing goes wrong. */
const BASES: readonly Scenario[] = [...OBSERVE_AND_PROMOTE, ...GATE];
export const GROUPS = BASES.length;

function renewal(ca: CA, later = 0): TimedEvent {
  return { kind: 'Renew', certificate: 0, ca, lifetime: 90 * 86_400, validIn: 0, at: RENEWED_AT + later };
}

function small(setup: Partial<Setup>, events: readonly TimedEvent[]): Scenario {
  return { setup: { ...SETUP, ...setup }, events, restsAt: RENEWED_AT + ALL_IS_DONE };
}

/** Is given how each world went before it makes the next. */
export type SmallWorlds = Generator<Scenario, void, Course>;

export function* smallWorlds(group: number, mishaps: 1 | 2): SmallWorlds {
  const base = BASES[group];
  if (base === undefined) throw new Error(`no group ${group}`);
  const { updates } = yield* withCrashes(base);
  const { length } = updates.filter(isLater);
  for (let after = 0; after < length; after++) {
    for (const appliedAfter of [0, 60, 'Never'] as const) {
      const lost: TimedEvent = { kind: 'AnswerLost', after, appliedAfter, at: RENEWED_AT };
      const world = { ...base, events: [lost, ...base.events] };
      if (mishaps === 1) yield world;
      else yield* withCrashes(world);
    }
  }
}

/** @returns how it goes without one */
function* withCrashes(scenario: Scenario): Generator<Scenario, Course, Course> {
  const course = yield scenario;
  const { length } = course.steps.filter(isLater);
  for (let step = 1; step <= length; step++) {
    for (const when of ['Before', 'After'] as const) {
      const crash: TimedEvent = { kind: 'Crash', step, when, downFor: 30, at: RENEWED_AT };
      yield { ...scenario, events: [crash, ...scenario.events] };
    }
  }
  return course;
}

function isLater(at: number): boolean {
  return at >= RENEWED_AT;
}
