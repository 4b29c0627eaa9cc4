/** What is going on with a MailServer's records, for people (`kubectl get`); nothing is decided by it. */
import { sameLeaf } from './chain-summary.ts';
import { isClockRight } from './clock.ts';
import { endpointName } from './first-publication.ts';
import type { Endpoint, Facts } from './facts.ts';
import { leavingChains } from './leaving.ts';
import { endpointsInSight } from './looked-at.ts';
import type { Plan } from './plan.ts';
import type { Code } from './reasons.ts';
import { several } from './several.ts';
import type { StoredChain } from './state.ts';
import { formatTime } from './time.ts';
import { retirement } from './wake-up.ts';

export interface RolloverSummary {
  readonly step:
    | 'Idle'
    | 'Publishing'
    | 'WaitingForServers'
    | 'WaitingForCaches'
    | 'Withheld'
    | 'Releasing'
    | 'Proving'
    | 'Retiring';
  /** When it ends, if that is known. */
  readonly until?: string | undefined;
  readonly reason: string;
  readonly code: Code;
}

/** The first that has something to say: what comes in, before what goes out. */
export function rolloverSummary(facts: Facts, plan: Plan): RolloverSummary {
  return (
    publishing(plan) ??
    promoting(plan) ??
    retiring(facts, plan) ??
    adopting(facts, plan) ?? { step: 'Idle', code: 'Idle', reason: 'no certificate is on its way in or out' }
  );
}

function publishing({ state }: Plan): RolloverSummary | undefined {
  const changing = state.recordSets.filter(({ intent }) => intent !== undefined).map(({ owner }) => owner);
  if (changing.length === 0) return undefined;
  return { step: 'Publishing', code: 'Publishing', reason: `records are being changed: ${several(changing)}` };
}

function promoting({ promotions }: Plan): RolloverSummary | undefined {
  const [first] = promotions.flatMap(({ next, gate }) =>
    gate === undefined ? [] : { secretName: next.secretName, gate },
  );
  if (first === undefined) return undefined;
  const { secretName, gate } = first;
  return {
    step: gate.stage === 'Open' || gate.stage === 'Released' ? 'Releasing' : gate.stage,
    ...(gate.until === undefined ? {} : { until: formatTime(gate.until) }),
    code: gate.reason,
    reason: `the new certificate of Secret ${secretName}: ${gate.message}`,
  };
}

function retiring(facts: Facts, { state }: Plan): RolloverSummary | undefined {
  const leaving = leavingChains(state).map(({ chain }) => chain);
  if (leaving.length === 0) return undefined;
  if (!isClockRight(facts)) {
    return {
      step: 'Retiring',
      code: 'ClockSkew',
      reason: 'our clock and that of the API server do not agree: nothing is retired',
    };
  }
  const [plural, them] = leaving.length > 1 ? ['s', 'them'] : ['', 'it'];
  const reason = `the records of ${leaving.length} former certificate${plural} stay until no endpoint has presented ${them} for rollover.retireAfter`;
  const moments = leaving.flatMap((chain) => retirement(chain.notSeenSince, facts) ?? []);
  const first = Math.min(...moments.map((moment) => moment.getTime()));
  // Time alone is not enough, after a restart.
  const isTimeOver = first <= facts.now.getTime();
  if (moments.length < leaving.length || isTimeOver)
    return { step: 'Proving', code: 'Proving', reason: `${reason}${whereMet(leaving, facts)}` };
  return { step: 'Retiring', code: 'Retiring', reason, until: formatTime(new Date(first)) };
}

/** What keeps its time from running. */
function whereMet(leaving: readonly StoredChain[], facts: Facts): string {
  const endpoints = endpointsInSight(facts) ?? [];
  const isMet = ({ presented }: Endpoint): boolean =>
    presented.kind === 'Presented' && leaving.some((chain) => sameLeaf(chain, presented.summary));
  const met = endpoints.filter(isMet).map(endpointName);
  const silent = endpoints.filter(({ presented }) => presented.kind === 'Failed').map(endpointName);
  return [
    met.length > 0 ? `; it is presented by ${several(met)}` : '',
    silent.length > 0 ? `; no answer comes from ${several(silent)}` : '',
  ].join('');
}

function adopting(facts: Facts, { state }: Plan): RolloverSummary | undefined {
  const moments = state.recordSets.flatMap(({ records }) =>
    records.flatMap(({ notNeededSince }) => retirement(notNeededSince, facts)?.getTime() ?? []),
  );
  if (moments.length === 0) return undefined;
  const first = Math.min(...moments);
  const reason = `adopted records (${moments.length}) stay until no endpoint has needed them for rollover.retireAfter`;
  return { step: 'Retiring', code: 'Retiring', reason, until: formatTime(new Date(first)) };
}
