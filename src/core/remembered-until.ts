/** Of a MailServer that goes: until when senders may hold what it published (docs/rollover.md, "A hostname or the whole goes"). */
import { serverTime } from './clock.ts';
import type { Facts } from './facts.ts';
import { heldUntil } from './hold.ts';
import { placeOf } from './place.ts';
import type { Plan } from './plan.ts';
import type { StoredRecordSet } from './state.ts';
import { formatTime } from './time.ts';

/**
 * What this step makes us forget, for nobody waits for it afterwards; undefined where that is nothing. Nobody looks at name servers any
 * longer. By the API server's clock: nothing is released before ours agrees with it.
 */
export function rememberedUntil(
  facts: Pick<Facts, 'stored' | 'desired' | 'now' | 'deleting' | 'clockSkewMs'>,
  { effect, state }: Pick<Plan, 'effect' | 'state'>,
): Date | undefined {
  const { stored, desired, deleting } = facts;
  const stays = new Set(effect?.kind === 'RemoveFinalizer' ? [] : state.recordSets.map(placeOf));
  const isForgotten = (recordSet: StoredRecordSet): boolean => deleting && !stays.has(placeOf(recordSet));
  return demandedUntil(stored.recordSets.filter(isForgotten), desired.waitTTLs, serverTime(facts));
}

/** Until when senders may hold what stood there, if every name server has moved on by now; undefined where nothing stood there. */
export function demandedUntil(
  recordSets: readonly Pick<StoredRecordSet, 'versions'>[],
  waitTTLs: number,
  now: Date,
): Date | undefined {
  const versions = recordSets.flatMap((recordSet) => recordSet.versions);
  const moments = versions
    .filter(({ kind, records }) => kind === 'Unknown' || records.length > 0)
    .flatMap(
      ({ supersededAt = formatTime(now), ...version }) =>
        heldUntil({ ...version, supersededAt }, waitTTLs)?.getTime() ?? [],
    );
  return moments.length === 0 ? undefined : new Date(Math.max(...moments));
}
