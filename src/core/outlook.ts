/** What a plan means for each owner and each certificate, for people and programs: command `plan`. Nothing is decided by it. */
import type { ConditionState } from './condition-state.ts';
import { conditions } from './conditions.ts';
import type { Facts } from './facts.ts';
import { lastWritten } from './last-written.ts';
import { leavingChains } from './leaving.ts';
import { endOfWait, heldUntil, isHeld } from './hold.ts';
import { isPublished } from './ours.ts';
import { placeOf } from './place.ts';
import type { PlannedChange, RecordSetPlan } from './record-set-plan.ts';
import type { Plan } from './plan.ts';
import type { Effect } from './effect.ts';
import { rolloverSummary, type RolloverSummary } from './rollover-summary.ts';
import type { StoredChain, Version, Role } from './state.ts';
import { formatTime } from './time.ts';
import { formatTlsa, union, type TlsaRecord } from './tlsa.ts';
import { retirement } from './wake-up.ts';

export interface Outlook {
  /** When the facts were gathered. */
  readonly at: string;
  /** What would be done now. With a release, records change after it. */
  readonly now: Exclude<Effect['kind'], 'SetFinalizer'> | 'Nothing';
  /** When time alone makes a difference. */
  readonly next?: string | undefined;
  /** As status would have them. */
  readonly conditions: readonly ConditionState[];
  readonly rollover: RolloverSummary;
  readonly owners: readonly OwnerOutlook[];
  readonly candidates: readonly CandidateOutlook[];
  readonly leaving: readonly LeavingOutlook[];
}

export interface OwnerOutlook {
  readonly owner: string;
  readonly provider: string;
  /** Absent where none may be written. */
  readonly zone?: string | undefined;
  /** `Waits`: something is to be changed, and `problem` or `suspend` keeps it from being done. */
  readonly action: 'Nothing' | 'Publish' | 'Change' | 'Withdraw' | 'Waits';
  readonly problem?: Problem | undefined;
  /** What the primary holds and what would come; absent where that could not be found out. */
  readonly records?: readonly RecordOutlook[] | undefined;
  /** TTL of the whole RRset, after the change. */
  readonly ttlSeconds?: number | undefined;
  /** What senders' caches may still hold, oldest first. */
  readonly held: readonly HeldOutlook[];
}

export interface Problem {
  readonly code: string;
  readonly kind: 'Stalled' | 'Transient';
  readonly message: string;
}

export interface RecordOutlook {
  readonly data: string;
  readonly role: Role;
  readonly change: 'Keep' | 'Add' | 'Remove';
}

export interface HeldOutlook {
  readonly n: number;
  readonly kind: Version['kind'];
  readonly records: readonly string[];
  readonly ttlSeconds: number;
  readonly writtenAt: string;
  /** It is what the primary holds. */
  readonly current: boolean;
  /** Absent for the current one, and while a name server has not moved on. */
  readonly until?: string | undefined;
  /** While one has not: its signatures run out, so at the latest then. */
  readonly latest?: string | undefined;
}

export interface CandidateOutlook {
  readonly secretName: string;
  readonly spkiSHA256: string;
  readonly stage: string;
  readonly reason: string;
  readonly message: string;
  readonly until?: string | undefined;
}

export interface LeavingOutlook {
  readonly secretName: string;
  readonly spkiSHA256: string;
  readonly state: StoredChain['state'];
  /** Absent while an endpoint presents it, or cannot be asked. */
  readonly until?: string | undefined;
}

export function outlook(facts: Facts, plan: Plan): Outlook {
  const { effect, wakeAt } = plan;
  const changes = changesOf(effect);
  return {
    at: formatTime(facts.now),
    now: effect === undefined || effect.kind === 'SetFinalizer' ? 'Nothing' : effect.kind,
    ...(wakeAt === undefined ? {} : { next: formatTime(wakeAt) }),
    conditions: conditions(facts, plan),
    rollover: rolloverSummary(facts, plan),
    owners: plan.recordSets.map((recordSet) => ownerOutlook(recordSet, changes, facts)),
    candidates: candidatesOf(plan),
    leaving: leavingOf(facts, plan),
  };
}

function changesOf(effect: Effect | undefined): readonly PlannedChange[] {
  if (effect?.kind === 'ChangeRecordSets') return effect.changes;
  return effect?.kind === 'Release' ? effect.otherwise : [];
}

function ownerOutlook(recordSet: RecordSetPlan, changes: readonly PlannedChange[], facts: Facts): OwnerOutlook {
  const { owner, next, problem } = recordSet;
  const { versions = [] } = next ?? {};
  const change = changes.find(
    (one) => owner.zone.known && placeOf(one) === placeOf({ ...owner, zone: owner.zone.value }),
  );
  const { waitTTLs } = facts.desired;
  const current = lastWritten(versions);
  return {
    owner: owner.owner,
    provider: owner.provider,
    ...(owner.zone.known ? { zone: owner.zone.value } : {}),
    action: actionOf(recordSet, change, facts),
    ...(problem === undefined ? {} : { problem: { code: problem.code, kind: problem.kind, message: problem.message } }),
    ...(owner.current.known ? { records: recordsOf(recordSet, owner.current.value.records) } : {}),
    ...(next === undefined ? {} : { ttlSeconds: change?.ttlSeconds ?? next.ttlSeconds }),
    held: versions
      .filter((version) => version === current || isHeld(version, waitTTLs, facts.now))
      .map((version) => heldOutlook(version, version === current, waitTTLs)),
  };
}

function actionOf(
  { owner, next, change: wanted, problem }: RecordSetPlan,
  change: PlannedChange | undefined,
  { desired, deleting }: Facts,
): OwnerOutlook['action'] {
  if (change === undefined) return wanted === undefined && problem === undefined ? 'Nothing' : 'Waits';
  if (deleting || !desired.publish || !owner.desired) return 'Withdraw';
  return isPublished(next) ? 'Change' : 'Publish';
}

function recordsOf({ next, change }: RecordSetPlan, current: readonly TlsaRecord[]): RecordOutlook[] {
  const roles = new Map(next?.records.map(({ data, role }) => [data, role]));
  const [added, removed] = [change?.add ?? [], change?.remove ?? []].map((records) => new Set(records.map(formatTlsa)));
  return union(current, change?.add ?? []).map((record) => {
    const data = formatTlsa(record);
    const kept = removed?.has(data) === true ? 'Remove' : 'Keep';
    return { data, role: roles.get(data) ?? 'Foreign', change: added?.has(data) === true ? 'Add' : kept };
  });
}

function heldOutlook(version: Version, current: boolean, waitTTLs: number): HeldOutlook {
  const { n, kind, records, ttlSeconds, writtenAt } = version;
  const until = current ? undefined : endOfWait(version, waitTTLs);
  const latest = current || until !== undefined ? undefined : heldUntil(version, waitTTLs);
  return {
    n,
    kind,
    records,
    ttlSeconds,
    writtenAt,
    current,
    ...(until === undefined ? {} : { until: formatTime(until) }),
    ...(latest === undefined ? {} : { latest: formatTime(latest) }),
  };
}

function candidatesOf({ promotions }: Plan): CandidateOutlook[] {
  return promotions.flatMap(({ next: { secretName, chains }, gate }) => {
    const candidate = chains.find(({ state }) => state === 'Candidate');
    if (candidate === undefined || gate === undefined) return [];
    const { stage, reason, message, until } = gate;
    const { spkiSHA256 } = candidate;
    return {
      secretName,
      spkiSHA256,
      stage,
      reason,
      message,
      ...(until === undefined ? {} : { until: formatTime(until) }),
    };
  });
}

function leavingOf(facts: Facts, { state }: Plan): LeavingOutlook[] {
  return leavingChains(state).map(({ secretName, chain }) => {
    const until = retirement(chain.notSeenSince, facts);
    const leaving = { secretName, spkiSHA256: chain.spkiSHA256, state: chain.state };
    return until === undefined ? leaving : { ...leaving, until: formatTime(until) };
  });
}
