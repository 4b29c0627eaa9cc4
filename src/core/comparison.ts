/** One owner's RRset: what the primary holds beside what is wanted there. */
import { staying, type ForeignRecord } from './adoption.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import type { Name } from './name.ts';
import { ours } from './ours.ts';
import type { RecordSet } from './record-set.ts';
import type { StoredRecordSet } from './state.ts';
import type { TargetRecord } from './target.ts';
import { sameSet, union, without, type TlsaRecord } from './tlsa.ts';

export interface Comparison {
  readonly owner: OwnerFacts;
  readonly zone: Name;
  readonly current: RecordSet;
  /** What we want there. */
  readonly target: readonly TargetRecord[];
  readonly stored: StoredRecordSet | undefined;
  /** What status says is ours, or may be. */
  readonly claimed: readonly TlsaRecord[];
  /** Of what is not ours, what stays. */
  readonly foreign: readonly ForeignRecord[];
  /** Ours, and what stays of others. */
  readonly wanted: readonly TlsaRecord[];
  readonly isRight: boolean;
  readonly facts: Facts;
}

export function compare(
  owner: OwnerFacts,
  zone: Name,
  current: RecordSet,
  target: readonly TargetRecord[],
  stored: StoredRecordSet | undefined,
  facts: Facts,
): Comparison {
  const wantedByUs = target.map(({ record }) => record);
  const claimed = ours(stored);
  const notOurs = without(current.records, union(claimed, wantedByUs));
  const foreign = staying(notOurs, wantedByUs, stored, owner, facts);
  const wanted = union(
    wantedByUs,
    foreign.map(({ record }) => record),
  );
  const isRight = sameSet(current.records, wanted) && !isTtlToChange(owner, current, target, stored, facts);
  return { owner, zone, current, target, stored, claimed, foreign, wanted, isRight, facts };
}

/** Only a TTL that the spec changed is written; one that the server chose (a lower maximum) is not fought for ever, nor is that of others' records. */
function isTtlToChange(
  { lastAttempt }: OwnerFacts,
  current: RecordSet,
  target: readonly TargetRecord[],
  stored: StoredRecordSet | undefined,
  { desired }: Facts,
): boolean {
  if (target.length === 0 || stored === undefined || stored.versions.length === 0) return false;
  return (
    stored.ttlSeconds !== desired.ttlSeconds && current.ttlSeconds !== desired.ttlSeconds && lastAttempt !== 'Applied'
  );
}
