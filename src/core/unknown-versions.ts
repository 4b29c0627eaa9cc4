/** Why a wait is long though all that is known fits, for people. */
import type { Facts } from './facts.ts';
import { versionsThatRefuse, type Guard } from './gate.ts';
import { MAX_VERSIONS } from './history-room.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { StoredChain } from './state.ts';

/** To be added to a sentence; empty where every version that is waited for is known. */
export function unknownVersions(
  candidate: StoredChain,
  recordSets: readonly RecordSetPlan[],
  guardOf: (recordSet: RecordSetPlan) => Guard,
  facts: Facts,
): string {
  const refusing = recordSets.flatMap((recordSet) => {
    const { owner, next } = recordSet;
    return next === undefined ? [] : versionsThatRefuse(candidate, next, owner.hostname, guardOf(recordSet), facts);
  });
  return refusing.some(({ kind }) => kind === 'Unknown')
    ? `; some earlier records are not known and count as refusing it: they stood there before, or were merged, as status holds ${MAX_VERSIONS} versions`
    : '';
}
