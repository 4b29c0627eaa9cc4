/**
 * What a DNS provider is to the rest of the program. A provider executes; it decides nothing: which records belong at an owner is
 * planned in core/plan.ts.
 *
 * Every method rejects with an OperatorError: `Transient` (time-out, SERVFAIL, throttled: try again) or `Stalled` (wrong key,
 * refused: a person must act). A failed read is never an empty answer.
 */
import type { OperatorError } from '../../core/errors.ts';
import type { Name } from '../../core/name.ts';
import type { RecordSet } from '../../core/record-set.ts';
import type { TlsaRecord } from '../../core/tlsa.ts';

export interface Zone {
  readonly name: Name;
  /** The provider's own identifier, where names alone do not tell zones apart. */
  readonly id?: string;
  /** Does the provider sign this zone? `Unknown` where it cannot be asked. */
  readonly signing: 'Signing' | 'NotSigning' | 'Unknown';
}

/** One atomic step at one owner: the RRset goes from `expected` to `expected - remove + add`, with this TTL for all of it. */
export interface Change {
  readonly owner: Name;
  readonly add: readonly TlsaRecord[];
  readonly remove: readonly TlsaRecord[];
  readonly ttlSeconds: number;
  /** The value the change was planned from, the whole RRset. Where it no longer holds, nothing is written (`Conflict`). */
  readonly expected: RecordSet;
  /**
   * A zone cut hides what stands there, so `expected` is only what it was when it was last seen. Nothing is asked for beforehand: the records
   * in `remove` go where they stand. There is nothing in `add`.
   */
  readonly isUnseen?: boolean;
}

export type ChangeResult =
  /** `changeID`: by it the provider tells whether its name servers have it (`settled`). */
  | { readonly outcome: 'Applied'; readonly changeID?: string }
  /** The RRset is not what was expected: somebody else changed it. Read again, plan again; never forced. */
  | { readonly outcome: 'Conflict' }
  /** Nothing was written. */
  | { readonly outcome: 'Refused'; readonly error: OperatorError }
  /** The answer was lost: it may have been written. */
  | { readonly outcome: 'Unknown'; readonly error: OperatorError };

export interface DnsProvider {
  /** It reads what a zone holds, also what a zone cut hides. Else the server's answer for the name is all that can be read. */
  readonly readsZones?: boolean;

  /** Its API allows few requests: what stands there at rest is asked of the name servers instead. */
  readonly isRateLimited?: boolean;

  /**
   * Asks the server something that only a valid credential gets a good answer to, and changes nothing (RFC 2136: a TSIG-signed SOA
   * query, whose answer must verify). Resolves when the credential is accepted.
   */
  authenticate(signal?: AbortSignal): Promise<void>;

  /** The zone that holds `name` here: the longest one on the way up. `undefined` when this provider has none. */
  findZone(name: Name, signal?: AbortSignal): Promise<Zone | undefined>;

  /** What the primary holds at `owner`. */
  read(zone: Zone, owner: Name, signal?: AbortSignal): Promise<RecordSet>;

  /** The zone's SOA serial at the primary, which every change raises (RFC 1982), for providers whose name servers follow by it. */
  serial?(zone: Zone): Promise<number | undefined>;

  /** Do all of the provider's name servers have this change? For providers that tell; then no serial is needed. */
  settled?(zone: Zone, changeID: string): Promise<boolean>;

  /**
   * Several owners of one zone, one result for each change in the same order. They share requests where the protocol allows; a refused
   * request is bisected, so that a bad change harms no other.
   */
  change(zone: Zone, changes: readonly Change[], signal?: AbortSignal): Promise<readonly ChangeResult[]>;
}
