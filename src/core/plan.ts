/**
 * The planner: facts in, the next step out. It is pure: the same facts give the same plan, in the operator, in a test, in the model.
 *
 * A pass does one thing. If what the plan wants to remember is not what status holds, that is written, and nothing else is done. Only
 * when it stands there, the effect follows. A crash at any point loses nothing: what may have been sent was stored before.
 */
import { acceptance } from './accepts.ts';
import { nextCertificates } from './chains-in-use.ts';
import { transient } from './errors.ts';
import type { Effect } from './effect.ts';
import type { Facts, Heir, OwnerFacts } from './facts.ts';
import { handover } from './inherit.ts';
import { keptUnread } from './kept-unread.ts';
import { isPublished, ours } from './ours.ts';
import { placeOf, storedAt } from './place.ts';
import { isSpent, planRecordSet } from './plan-record-set.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import { planPromotion, type PromotionPlan } from './plan-promotion.ts';
import type { State, StoredCertificate, StoredChain, StoredRecordSet } from './state.ts';
import { safeToStop } from './safe-to-stop.ts';
import { target, type TargetRecord } from './target.ts';
import { parseTlsa } from './tlsa.ts';
import { nextWakeUp } from './wake-up.ts';

export interface Plan {
  /** What status must hold before the effect may happen. */
  readonly state: State;
  readonly recordSets: readonly RecordSetPlan[];
  readonly promotions: readonly PromotionPlan[];
  /** The next thing to do, once `state` is stored. */
  readonly effect: Effect | undefined;
  /** When time alone makes a difference; undefined when it does not. */
  readonly wakeAt: Date | undefined;
}

export function plan(facts: Facts): Plan {
  const chains = nextCertificates(facts);
  const recordSets = facts.owners.map((owner) => planOwner(owner, chains, facts));
  const promotions = chains.map((certificate) => planPromotion(certificate, recordSets, facts));
  const state: State = {
    certificates: promotions.map(({ next }) => next),
    recordSets: [...recordSets.flatMap(({ next }) => next ?? []), ...notLookedAt(facts)],
    ...safeToStop(recordSets, facts),
  };
  return {
    state,
    recordSets,
    promotions,
    effect: nextEffect(facts, state, recordSets, promotions),
    wakeAt: nextWakeUp(facts, state, promotions),
  };
}

function planOwner(owner: OwnerFacts, certificates: readonly StoredCertificate[], facts: Facts): RecordSetPlan {
  const stored = storedAt(owner, facts.stored.recordSets);
  if (stored !== undefined && owner.heir?.as === 'Owner') return handOver(owner, stored, owner.heir, facts);
  if (!isToBePublished(facts, owner)) return planRecordSet(owner, [], stored, facts);
  const chains = certificates.flatMap((certificate) => certificate.chains);
  const wanted = targetAt(owner, chains, facts);
  if (wanted.length === 0) return nothingToPublish(owner, stored);
  const planned = planRecordSet(owner, [...keptUnread(owner, stored, chains, facts), ...wanted], stored, facts);
  return { ...planned, foreignBlocks: isBlockedByForeign(planned, wanted, chains) };
}

/** Nothing is written any more: what the heir reads in status is all that there was. */
function handOver(owner: OwnerFacts, stored: StoredRecordSet, heir: Heir, facts: Facts): RecordSetPlan {
  if (heir.hasIt || isSpent(stored, facts)) return { owner, next: undefined };
  return { owner, next: { ...stored, handedTo: heir.name }, problem: handover(stored, heir) };
}

/** What nobody asked about is remembered as it is. */
function notLookedAt({ stored, owners }: Facts): readonly StoredRecordSet[] {
  const lookedAt = new Set(owners.flatMap((owner) => storedAt(owner, stored.recordSets) ?? []).map(placeOf));
  return stored.recordSets.filter((recordSet) => !lookedAt.has(placeOf(recordSet)));
}

function isToBePublished(facts: Facts, owner: OwnerFacts): boolean {
  return (owner.desired || isStillNeeded(owner, facts)) && facts.desired.publish && !facts.deleting;
}

/** It moves to another zone: as long as senders may be led to this one, its records are maintained until the others are published. */
function isStillNeeded(owner: OwnerFacts, { owners, stored }: Facts): boolean {
  const home = owners.find((one) => one.owner === owner.owner && one.desired);
  if (owner.left !== 'Visible' || ours(storedAt(owner, stored.recordSets)).length === 0) return false;
  return home !== undefined && !isPublished(storedAt(home, stored.recordSets));
}

function targetAt(
  { hostname }: OwnerFacts,
  chains: readonly StoredChain[],
  { desired }: Facts,
): readonly TargetRecord[] {
  const known = chains.map((chain) => ({ chain, state: chain.state }));
  return target(known, hostname, desired.records, desired.announcedCAs);
}

/** T accepts each chain by construction; only what others wrote beside it can spoil that. */
function isBlockedByForeign(
  { owner, next }: RecordSetPlan,
  wanted: readonly TargetRecord[],
  chains: readonly StoredChain[],
): boolean {
  const foreign = (next?.records ?? []).filter(({ role }) => role === 'Foreign').map(({ data }) => parseTlsa(data));
  if (foreign.length === 0) return false;
  const records = [...wanted.map(({ record }) => record), ...foreign];
  const inUse = chains.filter(({ state }) => state !== 'Compromised');
  return !inUse.every((chain) => acceptance(records, chain, owner.hostname).strictlyAccepts);
}

/** No certificate is known: that is a reason to publish nothing, and none to withdraw anything. */
function nothingToPublish(owner: OwnerFacts, stored: StoredRecordSet | undefined): RecordSetPlan {
  const problem = transient('NothingToPublish', `no certificate chain is known for ${owner.hostname} yet`);
  return { owner, next: stored, problem: owner.zone.known ? problem : owner.zone.error };
}

function nextEffect(
  facts: Facts,
  state: State,
  recordSets: readonly RecordSetPlan[],
  promotions: readonly PromotionPlan[],
): Effect | undefined {
  const { deleting, desired, finalizer } = facts;
  if (deleting && mayLetGo(facts, state))
    return finalizer ? { kind: 'RemoveFinalizer', left: state.recordSets } : undefined;
  const changes = desired.suspend ? [] : recordSets.flatMap(({ change }) => change ?? []);
  const releases = promotions.flatMap(({ release }) => release ?? []);
  if (releases.length > 0 && !deleting) return { kind: 'Release', releases, otherwise: finalizer ? changes : [] };
  const hasRecords = changes.length > 0 || state.recordSets.length > 0;
  if (desired.suspend || !hasRecords) return undefined;
  // No finalizer can be added to what is being deleted.
  if (!finalizer) return deleting ? undefined : { kind: 'SetFinalizer' };
  return changes.length > 0 ? { kind: 'ChangeRecordSets', changes } : undefined;
}

/** Suspended means "change nothing", in the DNS too. */
function mayLetGo(facts: Facts, state: State): boolean {
  if (facts.abandon) return true;
  if (state.recordSets.some(({ handedTo }) => handedTo !== undefined)) return false;
  if (facts.desired.deletion === 'Retain' || facts.desired.suspend) return true;
  // The Secret of one that goes is for those who share it: it must say so before nobody is left whom it names.
  if ([...facts.promotions.values()].some(({ unnamed = [] }) => unnamed.length > 0)) return false;
  return state.recordSets.every((recordSet) => ours(recordSet).length === 0);
}
