/** Failures of endpoints that are none: they are reported, and nothing waits for them. */
import { ownerName, type Name } from '../core/name.ts';
import type { StoredChain } from '../core/state.ts';
import { isUnreached } from '../core/unreached.ts';
import type { ProbedEndpoint } from './endpoint-probes.ts';

export function excused(endpoints: readonly ProbedEndpoint[], serving: readonly StoredChain[]): ProbedEndpoint[] {
  const ofOwner = Map.groupBy(endpoints, ownerOf);
  const stoodInFor = new Set([...ofOwner].filter(([, same]) => isStoodInFor(same)).map(([owner]) => owner));
  return endpoints.map((endpoint) => {
    const isBehindService = endpoint.source === 'Host' && stoodInFor.has(ownerOf(endpoint));
    return isBehindService || isOfFormerKind(endpoint, serving) ? skipped(endpoint) : endpoint;
  });
}

function ownerOf({ hostname, port }: ProbedEndpoint): Name {
  return ownerName(hostname, port);
}

function skipped(endpoint: ProbedEndpoint): ProbedEndpoint {
  const { presented } = endpoint;
  return presented.kind === 'Failed'
    ? { ...endpoint, presented: { kind: 'Skipped', error: presented.error } }
    : endpoint;
}

/** A kind of key that only former certificates have is rightly not presented any more. */
function isOfFormerKind({ presented, keyAlgorithm }: ProbedEndpoint, serving: readonly StoredChain[]): boolean {
  const isGone = presented.kind === 'Failed' && presented.error === 'KeyAlgorithmNotPresented';
  return isGone && !serving.some((chain) => chain.keyAlgorithm === keyAlgorithm);
}

/**
 * Many networks do not lead from inside to their own public addresses. Where none of the host's addresses can be connected to, what
 * its Service's endpoints present counts for all. If one of them accepts connections, each address counts.
 */
function isStoodInFor(endpoints: readonly ProbedEndpoint[]): boolean {
  return (
    endpoints.some(({ presented }) => presented.kind === 'Presented') &&
    endpoints.every((endpoint) => endpoint.source === 'Service' || isUnreached(endpoint))
  );
}
