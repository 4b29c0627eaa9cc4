/** One owner's RRset: what is to become of it, and what is to be remembered. */
import { isClockRight } from './clock.ts';
import { compare, type Comparison } from './comparison.ts';
import { OperatorError, transient } from './errors.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import { firstPublicationBlockedBy } from './first-publication.ts';
import { isForgotten } from './hold.ts';
import { lastWritten } from './last-written.ts';
import { mayStand } from './may-stand.ts';
import { ours } from './ours.ts';
import type { PlannedChange, RecordSetPlan } from './record-set-plan.ts';
import { remember } from './remember.ts';
import type { Intent, StoredRecordSet } from './state.ts';
import type { TargetRecord } from './target.ts';
import { formatTime } from './time.ts';
import { formatTlsa, intersection, parseTlsa, sameSet, union, without, type TlsaRecord } from './tlsa.ts';
import { wayOf } from './way.ts';

/**
 * | primary holds          | stored       | then                                              |
 * |------------------------|--------------|---------------------------------------------------|
 * | not to be found out    | anything     | nothing changes; the problem is said              |
 * | not to be found out    | status lost  | what may stand there is ours (may-stand.ts)       |
 * | what is wanted         | an intent    | it is confirmed: a new version, no intent         |
 * | what is wanted         | nothing      | its history begins here (history.ts)              |
 * | something else         | no intent    | the intent is stored, unless a check forbids it   |
 * | something else         | that intent  | the change is made                                |
 * | something else         | other intent | the new intent is stored; what was claimed stays ours |
 *
 * "Ours" is every stored record that is not `Foreign`, those of an intent included: where there is an intent, something is ours. A foreign
 * record is never removed, unless `adoption: Adopt` says so (adoption.ts).
 */
export function planRecordSet(
  owner: OwnerFacts,
  target: readonly TargetRecord[],
  stored: StoredRecordSet | undefined,
  facts: Facts,
): RecordSetPlan {
  const isNoMore = !owner.zone.known || (owner.left !== undefined && target.length === 0);
  if (isNoMore && isPast(stored, owner, facts)) return { owner, next: undefined };
  if (!owner.zone.known) return keep(owner, stored, owner.zone.error);
  if (!owner.current.known) return keep(owner, stored ?? mayStand(owner, target, facts), owner.current.error);
  const comparison = compare(owner, owner.zone.value, owner.current.value, target, stored, facts);
  return comparison.isRight ? confirmed(comparison) : corrected(comparison);
}

/** Nothing is to be done. */
function confirmed(comparison: Comparison): RecordSetPlan {
  const { owner, target, stored, wanted, facts } = comparison;
  const pending = mayStillArrive(owner, wanted, stored, facts);
  if (pending !== undefined) return keep(owner, stored, pending);
  if (target.length === 0 && stored === undefined && !staysRemembered(owner, facts)) return { owner, next: undefined };
  const next = remember(comparison, wanted, undefined);
  return { owner, next: isOver(next, target, owner, facts) ? undefined : withCaretaker(next, owner, facts) };
}

/** The intent is stored, and then the change is made, where a check does not forbid it. */
function corrected(comparison: Comparison): RecordSetPlan {
  const { owner, current, target, stored, claimed, foreign, wanted, facts } = comparison;
  const change = changeFor(comparison);
  const standing = union(
    claimed,
    foreign.map(({ record }) => record),
  );
  // A release asks what senders may hold also where nothing may be published.
  const unsent = stored === undefined && !isGated(facts) ? undefined : remember(comparison, standing, stored?.intent);
  if (target.length > 0 && isFirstWrite(stored, claimed, current.records)) {
    const problem = firstPublicationBlockedBy({ facts, owner, wanted });
    if (problem !== undefined) return keep(owner, unsent, problem);
  }
  if (facts.desired.suspend || !facts.finalizer) return { owner, next: unsent, change };
  const problem = owner.lastAttempt instanceof OperatorError ? owner.lastAttempt : undefined;
  // What is about to go is still ours until it is seen to be gone; so is what an earlier intent may have written.
  const records = union(current.records, change.add, claimed);
  return { owner, next: remember(comparison, records, intentOf(change, stored, facts)), change, problem };
}

function changeFor({ owner, zone, current, wanted, facts }: Comparison): PlannedChange {
  return {
    owner: owner.owner,
    zone,
    add: without(wanted, current.records),
    remove: without(current.records, wanted),
    ttlSeconds: facts.desired.ttlSeconds,
    expected: current,
  };
}

/** Withdrawn, and no sender remembers, or another looks after that: what remains is foreign, and no longer our business. */
function isOver(
  { versions }: StoredRecordSet,
  target: readonly TargetRecord[],
  owner: OwnerFacts,
  facts: Facts,
): boolean {
  if (target.length > 0 || staysRemembered(owner, facts)) return false;
  return versions.length <= 1 || (facts.deleting && owner.heir?.hasIt !== false);
}

/**
 * Withdrawn by `publish: false`, and something may wait to be released: that no sender remembers must be known. So a history that is missing
 * was lost, and begins anew, unless nothing was ever published: the finalizer is set before and never removed.
 */
function staysRemembered({ desired }: OwnerFacts, facts: Facts): boolean {
  return desired && facts.finalizer && !facts.deleting && isGated(facts);
}

/** Deleted and withdrawn, and who shares a Secret must know until when senders remember. */
function withCaretaker(next: StoredRecordSet, { heir }: OwnerFacts, { deleting }: Facts): StoredRecordSet {
  return deleting && heir?.as === 'Caretaker' ? { ...next, handedTo: heir.name } : next;
}

/** Whether somebody can still look there makes no difference. */
function isPast(stored: StoredRecordSet | undefined, { desired }: OwnerFacts, facts: Facts): boolean {
  return stored !== undefined && !desired && isSpent(stored, facts);
}

/** Withdrawn, and no sender can remember, at the latest by the signatures of then. */
export function isSpent(stored: StoredRecordSet, facts: Facts): boolean {
  if (ours(stored).length > 0 || !isClockRight(facts)) return false;
  const current = lastWritten(stored.versions);
  return stored.versions.every(
    (version) => version === current || isForgotten(version, facts.desired.waitTTLs, facts.now),
  );
}

/** Does anything wait to be released? */
function isGated(facts: Facts): boolean {
  return facts.desired.certificates.some((certificate) => wayOf(certificate, facts).mode !== 'Observe');
}

function keep(owner: OwnerFacts, stored: StoredRecordSet | undefined, problem: OperatorError): RecordSetPlan {
  return { owner, next: stored, problem };
}

/** None of ours was ever seen there, and nothing that an intent may have written is there now. */
function isFirstWrite(
  stored: StoredRecordSet | undefined,
  claimed: readonly TlsaRecord[],
  current: readonly TlsaRecord[],
): boolean {
  const seen = (stored?.versions ?? []).flatMap(({ kind, records }) => (kind === 'Written' ? records : []));
  return intersection(claimed, [...seen.map(parseTlsa), ...current]).length === 0;
}

/** An UPDATE whose answer was lost may be carried out late. That what it adds is ours is not given up before that. */
const LATE_UPDATE_MS = 60_000;

function mayStillArrive(
  owner: OwnerFacts,
  wanted: readonly TlsaRecord[],
  stored: StoredRecordSet | undefined,
  facts: Facts,
): OperatorError | undefined {
  const intent = stored?.intent;
  if (intent === undefined || without(intent.add.map(parseTlsa), wanted).length === 0) return undefined;
  if (facts.now.getTime() >= Date.parse(intent.since) + LATE_UPDATE_MS) return undefined;
  return transient(
    'OutcomeUnknown',
    `an earlier change at ${owner.owner} may still be carried out; it is looked at again within a minute`,
  );
}

/** The stored one, when it says the same. */
function intentOf(change: PlannedChange, stored: StoredRecordSet | undefined, { now }: Facts): Intent {
  const next: Intent = {
    add: change.add.map(formatTlsa),
    remove: change.remove.map(formatTlsa),
    ttlSeconds: change.ttlSeconds,
    since: formatTime(now),
  };
  return stored?.intent !== undefined && sameIntent(stored.intent, change) ? stored.intent : next;
}

function sameIntent(intent: Intent, change: PlannedChange): boolean {
  return (
    intent.ttlSeconds === change.ttlSeconds &&
    sameSet(intent.add.map(parseTlsa), change.add) &&
    sameSet(intent.remove.map(parseTlsa), change.remove)
  );
}
