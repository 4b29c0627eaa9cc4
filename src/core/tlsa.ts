/** TLSA records (RFC 6698 §2): parameters, presentation form, wire form. */
import { stalled } from './errors.ts';

/**
 * One TLSA record. Any value of the three parameters can be met in the DNS, so they are plain numbers here; what a sender does
 * with them is judged in match.ts.
 */
export interface TlsaRecord {
  /** Certificate usage (RFC 6698 §2.1.1): 2 = DANE-TA, 3 = DANE-EE. */
  readonly usage: number;
  /** Selector (§2.1.2): 0 = Cert, 1 = SPKI. */
  readonly selector: number;
  /** Matching type (§2.1.3): 0 = Full, 1 = SHA2-256, 2 = SHA2-512. */
  readonly matchingType: number;
  /** Certificate association data, lower-case hexadecimal. */
  readonly data: string;
}

/** The combinations that are published; the first names a certificate's key, the second its CA's. */
export const PUBLISHED_COMBINATIONS = ['3 1 1', '2 1 1'] as const;
export type PublishedCombination = (typeof PUBLISHED_COMBINATIONS)[number];

/** `3 1 1` of a leaf whose SPKI has this SHA-256. */
export function daneEE(spkiSHA256: string): TlsaRecord {
  return { usage: 3, selector: 1, matchingType: 1, data: spkiSHA256 };
}

/** `2 1 1` of a CA whose SPKI has this SHA-256. */
export function daneTA(spkiSHA256: string): TlsaRecord {
  return { usage: 2, selector: 1, matchingType: 1, data: spkiSHA256 };
}

/** Presentation form (RFC 6698 §2.2) with lower-case data: `3 1 1 8bd1...`. Equal records have equal texts. */
export function formatTlsa(record: TlsaRecord): string {
  return `${combinationOf(record)} ${record.data}`;
}

/** `3 1 1`. */
export function combinationOf(record: TlsaRecord): string {
  return `${record.usage} ${record.selector} ${record.matchingType}`;
}

const PRESENTATION = /^\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+([0-9a-f][0-9a-f\s]*)$/i;

/**
 * Reads presentation form: white space inside the data is allowed (RFC 6698 §2.2), colons are not.
 * @throws OperatorError `InvalidTLSARecord`
 */
export function parseTlsa(text: string): TlsaRecord {
  const [, usage, selector, matchingType, digits = ''] = PRESENTATION.exec(text) ?? [];
  const data = digits.replace(/\s+/g, '').toLowerCase();
  const parameters = [usage, selector, matchingType].map(Number);
  if (data.length === 0 || data.length % 2 !== 0 || parameters.some((value) => !(value <= 255))) {
    throw stalled(
      'InvalidTLSARecord',
      `${JSON.stringify(text.slice(0, 80))} is not a TLSA record: three numbers up to 255 and an even number of hexadecimal digits, as in "3 1 1 <64 digits>"`,
    );
  }
  return {
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    data,
  };
}

/** RDATA (RFC 6698 §2.1). */
export function encodeTlsa(record: TlsaRecord): Buffer {
  return Buffer.concat([
    Buffer.from([record.usage, record.selector, record.matchingType]),
    Buffer.from(record.data, 'hex'),
  ]);
}

/**
 * Reads RDATA.
 * @throws OperatorError `InvalidTLSARecord` when nothing stands behind the three parameters
 */
export function decodeTlsa(rdata: Uint8Array): TlsaRecord {
  const [usage, selector, matchingType] = rdata;
  if (usage === undefined || selector === undefined || matchingType === undefined || rdata.length === 3) {
    throw stalled('InvalidTLSARecord', 'a TLSA record without data stands in the DNS; remove it');
  }
  return { usage, selector, matchingType, data: Buffer.from(rdata.subarray(3)).toString('hex') };
}

/** Set operations on RRsets: order and repetition mean nothing (RFC 2181 §5). The result is sorted by presentation form. */
export function union(...sets: readonly (readonly TlsaRecord[])[]): TlsaRecord[] {
  const records = sets.flat();
  return records.length < 2 ? records : sorted(new Map(records.map((record) => [formatTlsa(record), record])));
}

export function without(set: readonly TlsaRecord[], taken: readonly TlsaRecord[]): TlsaRecord[] {
  const gone = new Set(taken.map(formatTlsa));
  return union(set.filter((record) => !gone.has(formatTlsa(record))));
}

export function intersection(set: readonly TlsaRecord[], other: readonly TlsaRecord[]): TlsaRecord[] {
  const kept = new Set(other.map(formatTlsa));
  return union(set.filter((record) => kept.has(formatTlsa(record))));
}

export function sameSet(a: readonly TlsaRecord[], b: readonly TlsaRecord[]): boolean {
  return a === b || union(a).map(formatTlsa).join('\n') === union(b).map(formatTlsa).join('\n');
}

function sorted(records: ReadonlyMap<string, TlsaRecord>): TlsaRecord[] {
  return [...records].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}
