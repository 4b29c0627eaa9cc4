/** Gate: everything that decides what is to be done with a CertificateRequest, gathered before. */
import type { ChainSummary } from './chain-summary.ts';
import type { OperatorError } from './errors.ts';
import type { Known } from './facts.ts';

/** One try at the wrapped issuer. */
export interface Attempt {
  /** Of the child request. */
  readonly name: string;
  /** From 1 upwards. */
  readonly number: number;
  readonly state: AttemptState;
}

export type AttemptState =
  | { readonly kind: 'Pending' }
  /** It is not answered, and goes to an issuer that is wrapped no more. */
  | { readonly kind: 'Astray' }
  | { readonly kind: 'Issued'; readonly at: Date; readonly chain: ChainSummary }
  /** `error`: it was answered, with what cannot be used. */
  | { readonly kind: 'Failed'; readonly at: Date; readonly error?: OperatorError | undefined }
  /** By whoever approves in this cluster. */
  | { readonly kind: 'Denied' };

/** A MailServer that uses the Secret. */
export interface Withholder {
  readonly name: string;
  /** When it may say that the certificate can go, as far as it knows. */
  readonly until?: string | undefined;
  /** It says that somebody else has this key (`compromisedKeys`). */
  readonly refusesKey?: boolean | undefined;
}

export interface IssuanceFacts {
  readonly now: Date;
  readonly approval: 'Approved' | 'Denied' | 'None';
  /** It was completed, or given up. */
  readonly isOver: boolean;
  /** Can its CSR be read at all? */
  readonly isReadable: boolean;
  /** The issuer that signs, for people: `ClusterIssuer letsencrypt`. */
  readonly issuer: Known<string>;
  readonly attempts: readonly Attempt[];
  /** They decide; where there is none, the certificate passes straight through. Not known: it is withheld. */
  readonly withholders: Known<readonly Withholder[]>;
  /** A MailServer that used it was deleted; until then senders may still hold its records. */
  readonly notBefore?: Date | undefined;
  readonly backOff: BackOff;
  /** As in `Facts`. */
  readonly clockSkewMs?: number | undefined;
}

export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}
