/** When time alone makes a difference: the moments at which the planner must look again. */
import { deadlineOf } from './deadline.ts';
import { isClockRight } from './clock.ts';
import { watchMoments } from './dns-watch.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import { FORGET_AFTER_MS, heldUntil, isForgotten } from './hold.ts';
import { isAwaited } from './history.ts';
import { lastWritten } from './last-written.ts';
import { storedAt } from './place.ts';
import type { PromotionPlan } from './plan-promotion.ts';
import { SAMPLES, SAMPLES_SPAN_MS, somebodyAnswers } from './sightings.ts';
import type { State, StoredRecordSet } from './state.ts';

/** Name servers that lag are asked less and less often, and so are those of which an open gate must be sure. */
const ASKED_AT_MOST_MS = 5 * 60_000;
const CLOCK_AGAIN_MS = 60_000;

export function nextWakeUp(facts: Facts, state: State, promotions: readonly PromotionPlan[]): Date | undefined {
  const now = facts.now.getTime();
  const chains = state.certificates.flatMap((certificate) => certificate.chains);
  const isWithheld = promotions.some(({ gate }) => gate !== undefined);
  const moments = [
    ...chains.flatMap(({ notSeenSince }) => retirement(notSeenSince, facts) ?? []),
    ...state.recordSets.flatMap(({ records }) =>
      records.flatMap((record) => retirement(record.notNeededSince, facts) ?? []),
    ),
    ...promotions.flatMap(({ next, gate }) => [gate?.until, gate && deadlineOf(next, facts)]),
    ...state.recordSets.flatMap((recordSet) => heldMoments(recordSet, facts)),
    ...state.recordSets.flatMap((recordSet) => askAgainAt(recordSet, isWithheld, facts) ?? []),
    ...(isClockRight(facts) ? [] : [new Date(now + CLOCK_AGAIN_MS)]),
    ...watchMoments(facts),
  ].flatMap((moment) => (moment !== undefined && moment.getTime() > now ? moment.getTime() : []));
  return moments.length === 0 ? undefined : new Date(Math.min(...moments));
}

/** The earliest moment at which it may go, if there is one that can be named: a chain out of C, an adopted record. */
export function retirement(notSeenSince: string | undefined, { desired }: Facts): Date | undefined {
  return notSeenSince === undefined ? undefined : new Date(Date.parse(notSeenSince) + desired.retireAfterMs);
}

function heldMoments({ versions }: StoredRecordSet, { desired }: Facts): Date[] {
  return versions
    .flatMap((version) => heldUntil(version, desired.waitTTLs) ?? [])
    .flatMap((moment) => [moment, new Date(moment.getTime() + FORGET_AFTER_MS)]);
}

/** Soon after a write, then less often; while something is withheld, in case a server shows an old version again. */
function askAgainAt(recordSet: StoredRecordSet, isWithheld: boolean, facts: Facts): Date | undefined {
  const { now } = facts;
  const writtenAt = recordSet.versions.at(-1)?.writtenAt;
  if (writtenAt === undefined || recordSet.intent !== undefined) return undefined;
  if (isAwaited(recordSet)) {
    const owner = facts.owners.find((one) => storedAt(one, [recordSet]) !== undefined);
    // A process that has just begun needs a few looks of its own, however long ago the write was.
    const isNew = owner === undefined || (mayAnswer(owner) && looksAt(owner) < SAMPLES);
    const age = isNew ? 0 : now.getTime() - Date.parse(writtenAt);
    return new Date(now.getTime() + Math.min(Math.max(SAMPLES_SPAN_MS / 2, age / 4), ASKED_AT_MOST_MS));
  }
  const last = lastWritten(recordSet.versions);
  const isHeld = recordSet.versions.some((one) => one !== last && !isForgotten(one, facts.desired.waitTTLs, now));
  return isWithheld && isHeld ? new Date(now.getTime() + ASKED_AT_MOST_MS) : undefined;
}

/** Who has no way to them looks in vain, however soon. */
function mayAnswer({ servers }: OwnerFacts): boolean {
  return servers?.known !== true || somebodyAnswers(servers.value);
}

/** How often this process has seen some server answer. */
function looksAt({ servers }: OwnerFacts): number {
  if (servers?.known !== true) return 0;
  const looks = servers.value.map(({ answers }) => new Set(answers.map(({ at }) => at.getTime())).size);
  return Math.max(0, ...looks);
}
