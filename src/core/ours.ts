/** Our part of an RRset: the records that our stored history says we wrote or adopted; all others are foreign. */
import { lastWritten } from './last-written.ts';
import type { StoredRecordSet } from './state.ts';
import { parseTlsa, type TlsaRecord } from './tlsa.ts';

/** Those of an intent included: they may have been written. */
export function ours(stored: StoredRecordSet | undefined): TlsaRecord[] {
  return oursIn(stored).map(parseTlsa);
}

/** Was the primary last seen to hold records of ours? */
export function isPublished(stored: StoredRecordSet | undefined): stored is StoredRecordSet {
  const seen = new Set(lastWritten(stored?.versions ?? [])?.records);
  return oursIn(stored).some((record) => seen.has(record));
}

function oursIn(stored: StoredRecordSet | undefined): string[] {
  return (stored?.records ?? []).filter(({ role }) => role !== 'Foreign').map(({ data }) => data);
}
