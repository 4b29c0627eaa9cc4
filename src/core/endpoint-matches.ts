import type { Endpoint, Facts, OwnerFacts } from './facts.ts';
import { isOurs } from './first-publication.ts';
import { judge } from './match.ts';
import type { TlsaRecord } from './tlsa.ts';

/** Does a sender that sees the primary's RRset accept this endpoint? Where there is none yet: does it present what is to be published? */
export function endpointMatches(facts: Facts, endpoint: Endpoint): boolean {
  const { presented } = endpoint;
  if (presented.kind !== 'Presented') return false;
  const records = recordsAt(facts.owners, endpoint);
  return records.length > 0
    ? judge(records, presented.chain, endpoint.hostname, facts.now).accepts
    : isOurs(presented.summary, facts);
}

/** The RRset of the owner that an endpoint belongs to, as the primary holds it. */
export function recordsAt(owners: readonly OwnerFacts[], endpoint: Endpoint): readonly TlsaRecord[] {
  const owner = owners.find(
    ({ hostname, port, left }) => hostname === endpoint.hostname && port === endpoint.port && left === undefined,
  );
  return owner?.current.known === true ? owner.current.value.records : [];
}
