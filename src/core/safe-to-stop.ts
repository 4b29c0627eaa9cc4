/** After a withdrawal: until when must the server go on presenting what was published? (docs/rollover.md, "withdraw") */
import type { Facts } from './facts.ts';
import { endOfWait } from './hold.ts';
import { lastWritten } from './last-written.ts';
import { isPublished } from './ours.ts';
import { isAskedFor } from './place.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { State, Version } from './state.ts';
import { formatTime } from './time.ts';

/**
 * The moment from which no sender can hold a version that demands what we published; absent while one of our records stands, and while
 * that moment is not known yet. What others left there now is theirs. With `publish: false` it stays once it is known; of a host that the
 * spec names no more it goes with its history, a little after that moment (`FORGET_AFTER_MS`).
 */
export function safeToStop(recordSets: readonly RecordSetPlan[], facts: Facts): Pick<State, 'safeToStopAt'> {
  const withdrawn = recordSets.filter(({ owner }) => !isAskedFor(owner.owner, facts.owners) || !facts.desired.publish);
  const left = withdrawn.flatMap(({ next }) => next ?? []);
  if (withdrawn.length === 0 || left.some((recordSet) => recordSet.intent !== undefined || isPublished(recordSet)))
    return {};
  const moments = left
    .flatMap(({ versions }) =>
      versions.filter((version) => version !== lastWritten(versions) && demandsSomething(version)),
    )
    .map((version) => endOfWait(version, facts.desired.waitTTLs)?.getTime());
  if (moments.length === 0) {
    const { safeToStopAt } = facts.stored;
    return safeToStopAt === undefined ? {} : { safeToStopAt };
  }
  if (moments.includes(undefined)) return {};
  return { safeToStopAt: formatTime(new Date(Math.max(...moments.map(Number)))) };
}

function demandsSomething({ kind, records }: Version): boolean {
  return kind === 'Unknown' || records.length > 0;
}
