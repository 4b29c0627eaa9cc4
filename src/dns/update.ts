/** Dynamic UPDATE (RFC 2136): the sentences that this program says, each as one record of a section. */
import type { Name } from '../core/name.ts';
import { Opcode, Rcode, RRClass, RRType } from './constants.ts';
import type { Message } from './message.ts';
import type { QueryType } from './query.ts';
import { randomId } from './random-id.ts';
import type { ResourceRecord } from './resource-record.ts';

const EMPTY = Buffer.alloc(0);

/** §2.4.2, one record of the value: the RRset holds exactly the records that the prerequisites of its owner and type list. */
export function rrsetHolds(name: Name, type: QueryType, rdata: Buffer): ResourceRecord {
  return { name, type: RRType[type], class: RRClass.IN, ttlSeconds: 0, rdata };
}

/** §2.4.3. */
export function rrsetDoesNotExist(name: Name, type: QueryType): ResourceRecord {
  return { name, type: RRType[type], class: RRClass.NONE, ttlSeconds: 0, rdata: EMPTY };
}

/** §2.5.1. */
export function add(name: Name, type: QueryType, ttlSeconds: number, rdata: Buffer): ResourceRecord {
  return { name, type: RRType[type], class: RRClass.IN, ttlSeconds, rdata };
}

/** §2.5.2. */
export function deleteRRset(name: Name, type: QueryType): ResourceRecord {
  return { name, type: RRType[type], class: RRClass.ANY, ttlSeconds: 0, rdata: EMPTY };
}

/** §2.5.4. */
export function deleteRecord(name: Name, type: QueryType, rdata: Buffer): ResourceRecord {
  return { name, type: RRType[type], class: RRClass.NONE, ttlSeconds: 0, rdata };
}

/** §2: all of the updates happen when all of the prerequisites hold, else none. */
export function update(
  zone: Name,
  prerequisites: readonly ResourceRecord[],
  updates: readonly ResourceRecord[],
): Message {
  return {
    id: randomId(),
    opcode: Opcode.Update,
    flags: new Set(),
    rcode: Rcode.NoError,
    questions: [{ name: zone, type: RRType.SOA, class: RRClass.IN }],
    answers: prerequisites,
    authorities: updates,
    additionals: [],
  };
}
