/** Can the name servers of an owner be seen at this moment? */
import { transient, type OperatorError } from './errors.ts';
import type { OwnerFacts } from './facts.ts';
import { nobodyAnswers, nobodyHandsOut, somebodyAnswers } from './sightings.ts';
import { sameSet } from './tlsa.ts';

/** Why not; undefined where they can, or need not. */
export function unseenServers(facts: OwnerFacts, now: Date): OperatorError | undefined {
  const { owner, servers, current, resolved, left } = facts;
  if (servers === undefined) return undefined;
  if (!servers.known) return servers.error;
  if (somebodyAnswers(servers.value)) return undefined;
  if (left !== undefined && nobodyHandsOut(servers.value)) return undefined;
  // Where none can ever be asked from here, a validating resolver stands in.
  const isResolved = current.known && resolved !== undefined && sameSet(resolved, current.value.records);
  if (isResolved && nobodyAnswers(servers.value, now)) return undefined;
  return transient('ServersUnreachable', `no name server of ${owner} answers at the moment`);
}
