/** Status is lost, and what the primary holds cannot be read (docs/rollover.md, "The gate"). */
import type { Facts, OwnerFacts } from './facts.ts';
import { beginning } from './history.ts';
import type { StoredRecordSet } from './state.ts';
import type { TargetRecord } from './target.ts';
import { formatTlsa } from './tlsa.ts';

/**
 * What we may have published there, so that it is withdrawn, and waited for, also where the MailServer goes before it can be read; undefined
 * where status would say.
 */
export function mayStand(
  { owner, provider, zone, desired }: OwnerFacts,
  target: readonly TargetRecord[],
  facts: Facts,
): StoredRecordSet | undefined {
  if (facts.statusLost !== true || !desired || !zone.known) return undefined;
  return {
    owner,
    provider,
    zone: zone.value,
    ttlSeconds: facts.desired.ttlSeconds,
    records: target.map(({ record, role }) => ({ data: formatTlsa(record), role })),
    versions: [beginning([], { records: [], ttlSeconds: undefined }, facts)],
  };
}
