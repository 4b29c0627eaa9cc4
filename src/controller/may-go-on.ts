/** Once status holds what was planned: may the pass go on with the facts that it has, or must it look again? */
import { isDeepStrictEqual } from 'node:util';
import { comesBack, isWatched } from '../core/history.ts';
import { placeOf } from '../core/place.ts';
import type { Plan } from '../core/plan.ts';
import type { State } from '../core/state.ts';

/**
 * To a change of records: it names what it expects to find. Only where a value comes back, the name servers are looked at before: what
 * they answer afterwards tells nothing by itself. To rest: where nothing else would be looked at now than was.
 */
export function mayGoOn(before: State, { effect, state }: Plan): boolean {
  if (effect === undefined) return isDeepStrictEqual(questionsOf(before), questionsOf(state));
  if (effect.kind !== 'ChangeRecordSets') return false;
  const places = new Set(effect.changes.map(placeOf));
  return !state.recordSets.some((recordSet) => places.has(placeOf(recordSet)) && comesBack(recordSet));
}

/** What of status decides what a pass looks at. */
function questionsOf({ certificates, recordSets }: State): unknown {
  const owners = recordSets.map((recordSet) => [
    recordSet.owner,
    recordSet.provider,
    recordSet.zone,
    isWatched(recordSet),
  ]);
  return [certificates, owners];
}
