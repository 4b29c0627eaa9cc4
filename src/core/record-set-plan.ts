/** What is to become of one owner's RRset. */
import type { OperatorError } from './errors.ts';
import type { OwnerFacts } from './facts.ts';
import type { Name } from './name.ts';
import type { RecordSet } from './record-set.ts';
import type { StoredRecordSet } from './state.ts';
import type { TlsaRecord } from './tlsa.ts';

/** A change of one owner's RRset, planned from what the primary holds. */
export interface PlannedChange {
  readonly owner: Name;
  readonly zone: Name;
  readonly add: readonly TlsaRecord[];
  readonly remove: readonly TlsaRecord[];
  readonly ttlSeconds: number;
  readonly expected: RecordSet;
}

export interface RecordSetPlan {
  readonly owner: OwnerFacts;
  /** What to store; undefined when there is nothing (left) to remember. */
  readonly next: StoredRecordSet | undefined;
  /** What is to be changed in the DNS, and may be. */
  readonly change?: PlannedChange | undefined;
  /** Why the owner is not as it should be: a check forbids the change, or the last attempt at it failed. */
  readonly problem?: OperatorError | undefined;
  /** Foreign records make it impossible that every combination has a match: the owner is guarded by W instead of S. */
  readonly foreignBlocks?: boolean;
}
