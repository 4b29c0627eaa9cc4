/**
 * The gate: when may a candidate be released into its serving Secret? When no sender can hold an RRset any more that would refuse it
 * (docs/rollover.md, "The gate"):
 *
 *     gateOpensAt(c) = max over held versions V that do not strictly accept c of  supersededAt(V) + waitTTLs * ttl(V) + 60 s
 *
 * for every owner of the MailServer: each of its hosts presents all of its certificates.
 */
import { acceptance } from './accepts.ts';
import type { ChainSummary } from './chain-summary.ts';
import type { Facts } from './facts.ts';
import { endOfWait, isHeld } from './hold.ts';
import { handedOut } from './history.ts';
import { lastWritten } from './last-written.ts';
import type { Name } from './name.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { StoredRecordSet, Version } from './state.ts';
import { parseTlsa } from './tlsa.ts';

/** `S`: every combination of an RRset must have a match. `W`: one match is enough. */
export type Guard = 'S' | 'W';

/** In the order in which they come; a candidate is at the earliest that one of its owners is at. */
export type GateStage = 'Publishing' | 'WaitingForServers' | 'WaitingForCaches' | 'Open';

export interface Gate {
  readonly stage: GateStage;
  /** When it opens; known in stage `WaitingForCaches`. */
  readonly opensAt?: Date | undefined;
  /** Where it is not open. */
  readonly owners: readonly Name[];
}

const ORDER: readonly GateStage[] = ['Publishing', 'WaitingForServers', 'WaitingForCaches', 'Open'];

/** @param guardOf how strictly an owner is guarded */
export function gateOf(
  candidate: ChainSummary,
  recordSets: readonly RecordSetPlan[],
  guardOf: (recordSet: RecordSetPlan) => Guard,
  facts: Facts,
): Gate {
  const gates = recordSets.map((recordSet) => gateAt(candidate, recordSet, guardOf(recordSet), facts));
  const stage = ORDER.find((one) => gates.some((gate) => gate.stage === one)) ?? 'Open';
  const there = gates.filter((gate) => gate.stage === stage);
  const opensAt = stage === 'WaitingForCaches' ? latest(there.flatMap((gate) => gate.opensAt ?? [])) : undefined;
  return { stage, opensAt, owners: stage === 'Open' ? [] : there.flatMap(({ owners }) => owners) };
}

function gateAt(candidate: ChainSummary, { owner, next }: RecordSetPlan, guard: Guard, facts: Facts): Gate {
  const owners = [owner.owner];
  // Nothing is known of what senders were given here.
  if (next === undefined) return { stage: 'Publishing', owners };
  const refusing = versionsThatRefuse(candidate, next, owner.hostname, guard, facts);
  if (refusing.length === 0) return { stage: 'Open', owners: [] };
  // What the primary holds is handed out until something else is written.
  if (refusing.some((version) => version === lastWritten(next.versions))) return { stage: 'Publishing', owners };
  const moments = refusing.map((version) => endOfWait(version, facts.desired.waitTTLs));
  if (moments.includes(undefined)) return { stage: 'WaitingForServers', owners };
  return { stage: 'WaitingForCaches', opensAt: latest(moments.flatMap((moment) => moment ?? [])), owners };
}

/** Every version that a sender may hold, and with which it would refuse this chain. */
export function versionsThatRefuse(
  chain: ChainSummary,
  recordSet: StoredRecordSet,
  hostname: Name,
  guard: Guard,
  { desired, now }: Facts,
): readonly Version[] {
  return handedOut(recordSet).filter(
    (version) => isHeld(version, desired.waitTTLs, now) && !accepts(version, chain, hostname, guard),
  );
}

function accepts(version: Version, chain: ChainSummary, hostname: Name, guard: Guard): boolean {
  if (version.kind === 'Unknown') return false;
  const judged = acceptance(version.records.map(parseTlsa), chain, hostname);
  return guard === 'S' ? judged.strictlyAccepts : judged.accepts;
}

function latest(moments: readonly Date[]): Date {
  return new Date(Math.max(...moments.map((moment) => moment.getTime())));
}
