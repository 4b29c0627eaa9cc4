/** `adoption: Adopt`: what becomes of the records that are found and are not ours (docs/mailserver.md, "Records of others"). */
import type { Endpoint, Facts, OwnerFacts } from './facts.ts';
import { endpointProblem } from './first-publication.ts';
import { endpointsInSight } from './looked-at.ts';
import { proofOf } from './proof.ts';
import type { StoredRecordSet } from './state.ts';
import { formatTlsa, type TlsaRecord } from './tlsa.ts';

export interface ForeignRecord {
  readonly record: TlsaRecord;
  /** It is adopted, and this is the moment since which no endpoint needed it. */
  readonly notNeededSince: string | undefined;
}

/**
 * The foreign records that stay. With `Adopt` they go as those of a former certificate do: once, for `retireAfter`, every endpoint of the
 * owner presented a key that our own records name. A withdrawal takes our own only.
 */
export function staying(
  found: readonly TlsaRecord[],
  wantedByUs: readonly TlsaRecord[],
  stored: StoredRecordSet | undefined,
  owner: OwnerFacts,
  facts: Facts,
): readonly ForeignRecord[] {
  if (facts.desired.adoption !== 'Adopt' || wantedByUs.length === 0)
    return found.map((record) => ({ record, notNeededSince: undefined }));
  const endpoints = endpointsInSight(facts)?.filter(
    ({ hostname, port }) => hostname === owner.hostname && port === owner.port,
  );
  const keys = wantedByUs.filter(({ usage }) => usage === 3);
  const isServedByOurs = (endpoint: Endpoint | undefined): boolean =>
    endpoint !== undefined && endpointProblem(endpoint, keys, facts) === undefined;
  const before = new Map(stored?.records.map(({ data, notNeededSince }) => [data, notNeededSince]));
  return found.flatMap((record) => {
    const proof = proofOf(before.get(formatTlsa(record)), endpoints, isServedByOurs, facts);
    return proof.isGone ? [] : { record, notNeededSince: proof.notSeenSince };
  });
}
