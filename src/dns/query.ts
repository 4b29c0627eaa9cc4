/** Questions (RFC 1035 §4.1.2). */
import { labelsOf, type Name } from '../core/name.ts';
import { Opcode, Rcode, RRClass, RRType } from './constants.ts';
import type { Edns } from './edns.ts';
import type { Flag, Message } from './message.ts';
import { randomId } from './random-id.ts';
import { rrsigOf, type ResourceRecord } from './resource-record.ts';

export type QueryType = Exclude<keyof typeof RRType, 'OPT' | 'TSIG'>;

export function query(name: Name, type: QueryType, flags: readonly Flag[], edns: Edns): Message {
  return {
    id: randomId(),
    opcode: Opcode.Query,
    flags: new Set(flags),
    rcode: Rcode.NoError,
    questions: [{ name, type: RRType[type], class: RRClass.IN }],
    answers: [],
    authorities: [],
    additionals: [],
    edns,
  };
}

/** The records of one RRset in a section. */
export function rrset(section: readonly ResourceRecord[], name: Name, type: QueryType): ResourceRecord[] {
  return section.filter(
    (record) => record.name === name && record.type === RRType[type] && record.class === RRClass.IN,
  );
}

/** An RRset has one TTL; where a server says several, the highest (they may be kept that long, whatever RFC 2181 §5.2 says). */
export function ttlOfRRset(records: readonly ResourceRecord[]): number | undefined {
  return records.length === 0 ? undefined : Math.max(...records.map(({ ttlSeconds }) => ttlSeconds));
}

/** Did a wildcard make the records at `name` (RFC 4034 §3.1.3)? Seen where there are signatures: in signed zones, asked with DO. */
export function isWildcardMade(section: readonly ResourceRecord[], name: Name): boolean {
  const labels = labelsOf(name).filter((label, index) => index > 0 || label !== '*').length;
  return rrset(section, name, 'RRSIG').some((record) => rrsigOf(record).labels < labels);
}
