/** What a pass may do to the world, one at a time. */
import type { PlannedChange } from './record-set-plan.ts';
import type { StoredRecordSet } from './state.ts';

export type Effect =
  /** Before the first intent: from here on, a deletion waits for the withdrawal. */
  | { readonly kind: 'SetFinalizer' }
  | { readonly kind: 'ChangeRecordSets'; readonly changes: readonly PlannedChange[] }
  /** The gate is open: what waits goes on its way to the Secret that pods mount. Where that fails, records change all the same. */
  | {
      readonly kind: 'Release';
      readonly releases: readonly ReleaseEffect[];
      readonly otherwise: readonly PlannedChange[];
    }
  /** Everything is withdrawn, or is to be left where it is. */
  | { readonly kind: 'RemoveFinalizer'; readonly left: readonly StoredRecordSet[] };

export type ReleaseEffect = CopySecret | CompleteRequest;

/** Promote. */
export interface CopySecret {
  readonly kind: 'CopySecret';
  readonly secretName: string;
  readonly servingSecretName: string;
  /** Of the leaf that the source must still hold. */
  readonly spkiSHA256: string;
  /** Of the leaf that the serving Secret must still hold; undefined: it must not exist, or hold no certificate. */
  readonly replaces: string | undefined;
}

/** Gate: cert-manager gets what it waits for, and writes the Secret. */
export interface CompleteRequest {
  readonly kind: 'CompleteRequest';
  readonly secretName: string;
  readonly requestName: string;
  /** Of the leaf that the answer must still have. */
  readonly spkiSHA256: string;
}
