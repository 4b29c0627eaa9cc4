/**
 * The value of a whole RRset, by which answers and versions are compared. Order and repetition mean nothing in it (RFC 2181 §5).
 *
 * Versions that were merged (history-room.ts) leave a short digest of each value behind: else a value that comes back would be taken for
 * the later version alone, though a server that lags may still hand out the earlier one.
 */
import { createHash } from 'node:crypto';
import type { Version } from './state.ts';
import { formatTlsa, type TlsaRecord } from './tlsa.ts';

/** So few that status has room for them; of two values that share one, the earlier version is waited for, which is safe. */
const DIGEST_DIGITS = 8;
const MAX_DIGESTS = 32;
/** There were more values than that: it may be any. */
const ANY_VALUE = '*';

export function valueOf(records: readonly string[]): string {
  return remembered(records, () => [...new Set(records)].sort().join('\n'));
}

export function valueOfRRset(records: readonly TlsaRecord[]): string {
  return remembered(records, () => valueOf(records.map(formatTlsa)));
}

/** Then that it may be of this version tells nothing. */
export function isAnyValue({ mergedValues = [] }: Version): boolean {
  return mergedValues.includes(ANY_VALUE);
}

/** May an RRset of this value be of that version? */
export function mayBeOf(value: string, version: Version): boolean {
  if (version.kind !== 'Unknown') return value === valueOf(version.records);
  const { mergedValues = [] } = version;
  return isAnyValue(version) || (mergedValues.length > 0 && mergedValues.includes(digestOf(value)));
}

/** Of several versions that become one. */
export function mergedValues(versions: readonly Version[]): readonly string[] {
  const digests = versions.flatMap(({ kind, records, mergedValues: merged = [] }) =>
    kind === 'Unknown' ? merged : [digestOf(valueOf(records))],
  );
  const all = [...new Set(digests)];
  return all.includes(ANY_VALUE) || all.length > MAX_DIGESTS ? [ANY_VALUE] : all;
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, DIGEST_DIGITS);
}

/** Each answer is compared with each version, over and over. */
const values = new WeakMap<object, string>();

function remembered(records: object, compute: () => string): string {
  const value = values.get(records) ?? compute();
  values.set(records, value);
  return value;
}
