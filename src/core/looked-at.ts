/** What the endpoints of this look prove, and what they cannot. */
import type { Endpoint, Facts } from './facts.ts';
import { isPublished } from './ours.ts';
import { storedAt } from './place.ts';

/**
 * All endpoints that can be looked at from here, none where only keys are used that cannot be probed; undefined when nobody has looked at
 * some host that has records of ours (a provider is away, permission was withdrawn): the others prove nothing about it.
 */
export function endpointsInSight({ endpoints, owners, stored }: Facts): readonly Endpoint[] | undefined {
  if (endpoints?.known === false && endpoints.error.code === 'KeyAlgorithmNotProbed') return [];
  if (endpoints?.known !== true) return undefined;
  const isLookedAt = owners
    .filter((owner) => owner.desired && isPublished(storedAt(owner, stored.recordSets)))
    .every(({ hostname, port }) => endpoints.value.some((one) => one.hostname === hostname && one.port === port));
  if (!isLookedAt) return undefined;
  return endpoints.value.filter(({ presented }) => presented.kind !== 'Skipped');
}
