/** What may break DANE at an owner without any change of ours (docs/operations.md). It is told; nothing is decided by it. */
import type { WatchFacts } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import type { ServedSignature } from '../core/signatures.ts';
import type { ServerSample } from '../dns/servers.ts';
import type { Claim } from './claims.ts';
import type { EmptyNonTerminals } from './empty-non-terminals.ts';
import type { ZoneWatch } from './zone-watch.ts';

export interface WatchSources {
  readonly zoneWatch: ZoneWatch;
  readonly emptyNonTerminals: EmptyNonTerminals;
}

/** @param samples what the zone's servers have just answered for the owner */
export async function watchOwner(
  owner: Name,
  claim: Claim,
  samples: readonly ServerSample[],
  { zoneWatch, emptyNonTerminals }: WatchSources,
): Promise<WatchFacts> {
  const [zone, denying] = await Promise.all([zoneWatch.of(claim), emptyNonTerminals.deniedBy(owner, samples)]);
  return {
    ...zone,
    signatures: [...samples.flatMap((sample) => signaturesOf(owner, sample)), ...zone.signatures],
    denying,
  };
}

function signaturesOf(owner: Name, { name, outcomes }: ServerSample): ServedSignature[] {
  return [...outcomes.values()].flatMap((outcome) => {
    if (typeof outcome === 'string' || outcome.records.length === 0) return [];
    const { signatureExpiresAt, signatureValiditySeconds, ttlSeconds = 0 } = outcome;
    if (signatureExpiresAt === undefined || signatureValiditySeconds === undefined) return [];
    return [
      {
        of: `${owner} TLSA`,
        server: name,
        expiresAt: signatureExpiresAt,
        validitySeconds: signatureValiditySeconds,
        ttlSeconds,
      },
    ];
  });
}
