/**
 * All small worlds: one owner, one certificate, two servers. Every combination of
 *
 * - the mode, and whether the CA changes: Promote with the same CA, another, and none; Observe with the same CA;
 * - the lag of each server: none, or longer than the wait for caches;
 * - a second renewal: none, at once, or while the first waits;
 * - a crash: none, or before or after each of the first steps of the rollover, the first steps after it included;
 * - one answer to a write that is lost: none, or that of the first, second or third write, which was carried out, or not, or is a minute later.
 */
import type { CA } from './chains.ts';
import type { Scenario, ServerSetup, Setup, TimedEvent } from './scenario.ts';

const RENEWED_AT = 1500;
/** Longer than two TTLs and the margin. */
const LAG = 400;
const TTL = 60;

const MODES: readonly (readonly [Setup['certificates'][number]['mode'], CA])[] = [
  ['Promote', 'A'],
  ['Promote', 'B'],
  ['Promote', 'none'],
  ['Observe', 'A'],
];
const LAGS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, LAG],
  [LAG, LAG],
];
const SECOND_RENEWALS: readonly (number | undefined)[] = [undefined, 0, 300];
const STEPS = 12;
const CRASHES: readonly ({ readonly step: number; readonly when: 'Before' | 'After' } | undefined)[] = [
  undefined,
  ...Array.from({ length: STEPS }, (_, index) => ({ step: index + 1, when: 'Before' as const })),
  ...Array.from({ length: STEPS }, (_, index) => ({ step: index + 1, when: 'After' as const })),
];
const LOST: readonly ({ readonly write: number; readonly appliedAfter: number | 'Never' } | undefined)[] = [
  undefined,
  ...[1, 2, 3].flatMap((write) => ([0, 60, 'Never'] as const).map((appliedAfter) => ({ write, appliedAfter }))),
];

export const EXHAUSTIVE_WORLDS = [MODES, LAGS, SECOND_RENEWALS, CRASHES, LOST].reduce(
  (product, { length }) => product * length,
  1,
);

export function exhaustiveScenario(number: number): Scenario {
  let rest = number;
  const next = <T>(choices: readonly T[]): T => {
    const choice = choices[rest % choices.length];
    rest = Math.floor(rest / choices.length);
    return choice as T;
  };
  const [mode, ca] = next(MODES);
  const lags = next(LAGS);
  const second = next(SECOND_RENEWALS);
  const crash = next(CRASHES);
  const lost = next(LOST);
  const renewal = { kind: 'Renew', certificate: 0, ca, lifetime: 90 * 86_400, validIn: 0 } as const;
  const events: TimedEvent[] = [
    ...(lost === undefined
      ? []
      : [{ kind: 'AnswerLost' as const, after: lost.write - 1, appliedAfter: lost.appliedAfter, at: RENEWED_AT }]),
    ...(crash === undefined ? [] : [{ kind: 'Crash' as const, ...crash, downFor: 30, at: RENEWED_AT }]),
    { ...renewal, at: RENEWED_AT },
    ...(second === undefined ? [] : [{ ...renewal, at: RENEWED_AT + second }]),
  ];
  return { setup: setupOf(mode, lags), events };
}

function setupOf(mode: Setup['certificates'][number]['mode'], lags: readonly number[]): Setup {
  const servers = lags.map((lag): ServerSetup => ({ nodes: [{ lag }] }));
  return {
    mailServers: [{ hosts: [{ addresses: [{ pods: [{ reloadsAfter: 0 }] }] }] }],
    certificates: [{ mode, algorithm: 'ECDSA', ca: 'A', lifetime: 90 * 86_400 }],
    servers,
    signatureValidity: 14 * 86_400,
    blocked: false,
    ttl: TTL,
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
