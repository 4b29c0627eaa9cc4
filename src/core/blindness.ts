/** Can everything be seen on which a release depends? In doubt nothing is done that cannot be undone. */
import { transient, type OperatorError } from './errors.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { Release } from './withheld.ts';
import { nobodyAnswers, nobodyHandsOut } from './sightings.ts';
import { sameSet } from './tlsa.ts';

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

/** Why the name servers cannot be seen at this moment; undefined where they can, or need not. */
export function unseenServers(facts: OwnerFacts, now: Date): OperatorError | undefined {
  const { owner, servers, current, resolved, left } = facts;
  if (servers === undefined) return undefined;
  if (!servers.known) return servers.error;
  if (servers.value.some(({ state }) => state === 'Answers')) return undefined;
  if (left !== undefined && nobodyHandsOut(servers.value)) return undefined;
  // Where none can ever be asked from here, a validating resolver stands in.
  const isResolved = current.known && resolved !== undefined && sameSet(resolved, current.value.records);
  if (isResolved && nobodyAnswers(servers.value, now)) return undefined;
  return transient('ServersUnreachable', `no name server of ${owner} answers at the moment`);
}
