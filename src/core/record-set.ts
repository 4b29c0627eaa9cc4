import type { TlsaRecord } from './tlsa.ts';

/** The TLSA RRset at one owner as the primary holds it now; no records and no TTL when there is none. */
export interface RecordSet {
  readonly records: readonly TlsaRecord[];
  readonly ttlSeconds: number | undefined;
}
