/**
 * The planner: facts in, the next step out. It is pure: the same facts give the same plan, in the operator, in a test, in the model.
 *
 * A pass does one thing. If what the plan wants to remember is not what status holds, that is written, and nothing else is done. Only
 * when it stands there, the effect follows. A crash at any point loses nothing: what may have been sent was stored before.
 */
import { nextCertificates, nextRetirement } from './chains-in-use.ts';
import { transient } from './errors.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import { planRecordSet, type PlannedChange, type RecordSetPlan } from './plan-record-set.ts';
import type { State, StoredCertificate, StoredRecordSet } from './state.ts';
import { target, type TargetRecord } from './target.ts';

export type Effect =
  /** Before the first intent: from here on, a deletion waits for the withdrawal. */
  | { readonly kind: 'SetFinalizer' }
  | { readonly kind: 'ChangeRecordSets'; readonly changes: readonly PlannedChange[] }
  /** Everything is withdrawn, or is to be left where it is. */
  | { readonly kind: 'RemoveFinalizer'; readonly left: readonly StoredRecordSet[] };

export interface Plan {
  /** What status must hold before the effect may happen. */
  readonly state: State;
  readonly recordSets: readonly RecordSetPlan[];
  /** The next thing to do, once `state` is stored. */
  readonly effect: Effect | undefined;
  /** When time alone makes a difference; undefined when it does not. */
  readonly wakeAt: Date | undefined;
}

export function plan(facts: Facts): Plan {
  const certificates = nextCertificates(facts);
  const recordSets = facts.owners.map((owner) => {
    const stored = facts.stored.recordSets.find((recordSet) => recordSet.owner === owner.owner);
    if (!isToBePublished(facts, owner.desired)) return planRecordSet(owner, [], stored, facts);
    const wanted = targetAt(owner.hostname, certificates, facts);
    return wanted.length > 0 ? planRecordSet(owner, wanted, stored, facts) : nothingToPublish(owner, stored);
  });
  const state: State = { certificates, recordSets: recordSets.flatMap(({ next }) => next ?? []) };
  return {
    state,
    recordSets,
    effect: nextEffect(facts, state, recordSets),
    wakeAt: nextRetirement(certificates, facts.desired.retireAfterMs),
  };
}

function isToBePublished(facts: Facts, ownerIsDesired: boolean): boolean {
  return ownerIsDesired && facts.desired.publish && !facts.deleting;
}

function targetAt(hostname: string, certificates: readonly StoredCertificate[], facts: Facts): readonly TargetRecord[] {
  const inUse = certificates.flatMap(({ chains }) => chains).map((chain) => ({ chain, state: chain.state }));
  return target(inUse, hostname, facts.desired.records);
}

/** No certificate is known: that is a reason to publish nothing, and none to withdraw anything. */
function nothingToPublish(owner: OwnerFacts, stored: StoredRecordSet | undefined): RecordSetPlan {
  const problem = transient('NothingToPublish', `no certificate chain is known for ${owner.hostname} yet`);
  return { owner, next: stored, problem: owner.zone.known ? problem : owner.zone.error };
}

function nextEffect(facts: Facts, state: State, recordSets: readonly RecordSetPlan[]): Effect | undefined {
  if (facts.deleting && mayLetGo(facts, state))
    return facts.finalizer ? { kind: 'RemoveFinalizer', left: state.recordSets } : undefined;
  const changes = recordSets.flatMap(({ change }) => change ?? []);
  const hasRecords = changes.length > 0 || state.recordSets.length > 0;
  if (facts.desired.suspend || !hasRecords) return undefined;
  // No finalizer can be added to what is being deleted.
  if (!facts.finalizer) return facts.deleting ? undefined : { kind: 'SetFinalizer' };
  return changes.length > 0 ? { kind: 'ChangeRecordSets', changes } : undefined;
}

/** Suspended means "change nothing", in the DNS too. */
function mayLetGo(facts: Facts, state: State): boolean {
  return state.recordSets.length === 0 || facts.desired.deletion === 'Retain' || facts.desired.suspend || facts.abandon;
}
