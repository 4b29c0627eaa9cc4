/** Can everything be seen on which a release depends? In doubt nothing is done that cannot be undone. */
import type { OperatorError } from './errors.ts';
import type { Facts } from './facts.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { Release } from './withheld.ts';
import { unseenServers } from './unseen-servers.ts';

/** What was seen before is not enough: what is released must be seen to be safe at that moment. */
export function blind(recordSets: readonly RecordSetPlan[], facts: Facts): Release | undefined {
  const [problem] = recordSets.flatMap((recordSet) => blindnessAt(recordSet, facts) ?? []);
  return problem && { stage: 'Withheld', reason: problem.code, message: problem.message };
}

function blindnessAt({ owner, next }: RecordSetPlan, { now }: Facts): OperatorError | undefined {
  if (!owner.zone.known) return owner.zone.error;
  if (!owner.current.known) return owner.current.error;
  return next !== undefined && next.versions.length > 1 ? unseenServers(owner, now) : undefined;
}
