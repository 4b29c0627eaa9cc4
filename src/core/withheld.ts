/** A candidate that waits for its release, and what is said of that. */
import type { Facts, Promotion } from './facts.ts';
import type { Gate } from './gate.ts';
import type { Code } from './reasons.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { StoredCertificate, StoredChain } from './state.ts';

export interface Release {
  readonly stage: Gate['stage'] | 'Withheld' | 'Released';
  /** Why, for people; a stable code and a sentence. */
  readonly reason: Code;
  readonly message: string;
  /** When it will be looked at with another result, where that is known. */
  readonly until?: Date | undefined;
}

export interface Withheld {
  readonly certificate: StoredCertificate;
  readonly candidate: StoredChain;
  readonly promotion: Promotion | undefined;
  /** The owners that count: those that this MailServer has, or had and senders may still remember. */
  readonly recordSets: readonly RecordSetPlan[];
  readonly facts: Facts;
}
