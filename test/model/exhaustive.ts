/**
 * All small worlds: one owner, one certificate, a pod that loads late. Of each combination of
 *
 * - the mode, and whether the CA changes: Promote with the same CA, another, and none; Observe with the same CA,
 * - the lag of two name servers: none, or longer than caches are waited for, of one or of both,
 * - a second renewal: none, a second later, or while the first waits,
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
import type { Scenario, Setup, TimedEvent } from './scenario.ts';
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
/** The lag of each node of each server. */
const SERVERS: readonly (readonly (readonly number[])[])[] = [
  [[0], [0]],
  [[0], [LAG]],
  [[LAG], [LAG]],
];
const SECOND_RENEWALS: readonly (number | undefined)[] = [undefined, 1, 300];

/** Each with the same setup and renewals. */
export const GROUPS = MODES.length * SERVERS.length * SECOND_RENEWALS.length;

/** Is given how each world went before it makes the next. */
export type SmallWorlds = Generator<Scenario, void, Course>;

export function* smallWorlds(group: number, mishaps: 1 | 2): SmallWorlds {
  const base = baseOf(group);
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

function baseOf(group: number): Scenario {
  let rest = group;
  const next = <T>(choices: readonly T[]): T => {
    const choice = choices[rest % choices.length];
    rest = Math.floor(rest / choices.length);
    return choice as T;
  };
  const [mode, ca] = next(MODES);
  const servers = next(SERVERS);
  const second = next(SECOND_RENEWALS);
  const renewal = { kind: 'Renew', certificate: 0, ca, lifetime: 90 * 86_400, validIn: 0, at: RENEWED_AT } as const;
  const events = [renewal, ...(second === undefined ? [] : [{ ...renewal, at: RENEWED_AT + second }])];
  return { setup: setupOf(mode, servers), events, restsAt: RENEWED_AT + ALL_IS_DONE };
}

function setupOf(mode: Setup['certificates'][number]['mode'], servers: (typeof SERVERS)[number]): Setup {
  return {
    mailServers: [{ hosts: [{ addresses: [{ pods: [{ reloadsAfter: 90 }] }] }] }],
    certificates: [{ mode, algorithm: 'ECDSA', ca: 'A', lifetime: 90 * 86_400 }],
    servers: servers.map((lags) => ({ nodes: lags.map((lag) => ({ lag })) })),
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
  };
}
