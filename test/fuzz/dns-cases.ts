/** DNS messages as servers send them, and damage that knows where their fields are. */
import fc from 'fast-check';
import { RRClass, RRType } from '../../src/dns/constants.ts';
import { EDNS_DO } from '../../src/dns/edns.ts';
import { encodeMessage, type Message } from '../../src/dns/message.ts';
import { encodeName } from '../../src/dns/name-codec.ts';
import type { ResourceRecord } from '../../src/dns/resource-record.ts';
import { mutated, mutation, type Mutation } from './mutate.ts';

export const OWNER = '_25._tcp.mx1.example.nl';
const ID = 0x1a2b;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const record = (name: string, type: keyof typeof RRType, rdata: Buffer, ttlSeconds = 300): ResourceRecord => ({
  name,
  type: RRType[type],
  class: RRClass.IN,
  ttlSeconds,
  rdata,
});

/** The question that every one of `ANSWERS` answers. */
export const QUESTION: Message = {
  id: ID,
  opcode: 0,
  flags: new Set(['rd', 'ad']),
  rcode: 0,
  questions: [{ name: OWNER, type: RRType.TLSA, class: RRClass.IN }],
  answers: [],
  authorities: [],
  additionals: [],
  edns: EDNS_DO,
};

const tlsa = record(OWNER, 'TLSA', Buffer.concat([Buffer.of(3, 1, 1), Buffer.alloc(32, 0xab)]));
const rrsig = (covered: number, labels: number): Buffer =>
  Buffer.concat([
    Buffer.of(covered >>> 8, covered, 13, labels),
    Buffer.alloc(14, 1),
    encodeName('example.nl'),
    Buffer.alloc(64, 7),
  ]);
const soa = record(
  'example.nl',
  'SOA',
  Buffer.concat([encodeName('ns.example.nl'), encodeName('ops.example.nl'), Buffer.alloc(20, 9)]),
);
const alias = record(OWNER, 'CNAME', encodeName('tlsa.example.org'));
const answer = (parts: Partial<Message>): Buffer =>
  encodeMessage({ ...QUESTION, flags: new Set(['qr', 'rd', 'ra', 'ad']), ...parts });

export const ANSWERS: readonly Buffer[] = [
  answer({ answers: [tlsa, record(OWNER, 'RRSIG', rrsig(RRType.TLSA, 5))], authorities: [soa] }),
  answer({ answers: [alias, record(OWNER, 'RRSIG', rrsig(RRType.CNAME, 2)), { ...tlsa, name: 'tlsa.example.org' }] }),
  answer({
    authorities: [soa, record('example.nl', 'NSEC', Buffer.concat([encodeName('a.nl'), Buffer.of(0, 1, 0x40)]))],
  }),
  answer({ rcode: 3, authorities: [soa] }),
  answer({
    answers: [tlsa],
    additionals: [
      record('ns.example.nl', 'A', Buffer.of(192, 0, 2, 1)),
      record('ns.example.nl', 'AAAA', Buffer.alloc(16, 2)),
    ],
    authorities: [record('example.nl', 'NS', encodeName('ns.example.nl'))],
  }),
  // As in UPDATE: classes with which a record has no data.
  answer({
    answers: [
      { ...alias, class: RRClass.ANY, rdata: Buffer.alloc(0) },
      { ...tlsa, class: RRClass.NONE },
    ],
    authorities: [{ ...soa, class: RRClass.NONE, rdata: Buffer.alloc(0) }],
  }),
  // With compression, as servers send it: an alias, its target, and the SOA of a denial.
  hex(`1a2b 81a0 0001 0002 0001 0001
    035f3235 045f746370 036d7831 07 6578616d706c65 026e6c 00 0034 0001
    c00c 0005 0001 0000003c 0007 04746c7361 c019
    c035 0034 0001 0000003c 0007 03010101020304
    c019 0006 0001 0000003c 001f 026e73 c019 036f7073 c019 00000001 00000e10 00000258 00015180 00000005
    00 0029 04d0 00 00 8000 0000`),
];

/** Octets that steer a reader: counts, types, classes, pointers, lengths. */
const pieces = fc.oneof(
  fc.constantFrom('00', '01', '3f', '40', '7f', '80', 'c0', 'c00c', 'ffff', '0000', '00000000', 'ffffffff', '80000000'),
  fc.constantFrom('0001', '0002', '0005', '0006', '001c', '0029', '002e', '0034', '00fa', '00fe', '00ff', '0003'),
  fc.nat({ max: 0x3fff }).map((target) => (0xc000 | target).toString(16)),
  fc.nat({ max: 200 }).map((target) => (0xc000 | target).toString(16)),
  fc.nat({ max: 63 }).map((length) => length.toString(16).padStart(2, '0') + '61'.repeat(length)),
  fc.constant('0161'.repeat(130)),
);

/** Damage at a field, counted over and over: where names, types, classes, TTLs, lengths and data begin. */
interface FieldChange {
  readonly field: number;
  readonly kind: 'Put' | 'Insert' | 'Remove';
  readonly hex: string;
}

const fieldChange: fc.Arbitrary<FieldChange> = fc.record({
  field: fc.nat({ max: 80 }),
  kind: fc.constantFrom('Put', 'Put', 'Insert', 'Remove'),
  hex: pieces,
});

export interface Damage {
  readonly counts: readonly (number | null)[];
  readonly fields: readonly FieldChange[];
  readonly octets: readonly Mutation[];
  readonly padding: number;
}

const count = fc.option(fc.oneof(fc.nat({ max: 5 }), fc.constantFrom(0xff, 0xffff)), { freq: 6 });
const untouched = fc.constant<readonly (number | null)[]>([]);

export const damage: fc.Arbitrary<Damage> = fc.record({
  counts: fc.oneof(
    { weight: 3, arbitrary: untouched },
    { weight: 1, arbitrary: fc.array(count, { minLength: 4, maxLength: 4 }) },
  ),
  fields: fc.array(fieldChange, { maxLength: 3 }),
  octets: fc.array(mutation(pieces), { maxLength: 2 }),
  padding: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 0xffff }) }),
});

/** At most as long as a message can be. */
export function damaged(message: Buffer, { counts, fields, octets, padding }: Damage): Buffer {
  const places = fieldsOf(message);
  let wire = Buffer.from(message);
  for (const [index, value] of counts.entries()) if (value !== null) wire.writeUInt16BE(value, 4 + 2 * index);
  for (const { field, kind, hex: put } of fields) {
    const at = places[field % places.length] ?? 0;
    const octetsPut = kind === 'Remove' ? Buffer.alloc(0) : Buffer.from(put, 'hex');
    const gone = kind === 'Put' ? octetsPut.length : kind === 'Remove' ? put.length / 2 : 0;
    wire = Buffer.concat([wire.subarray(0, at), octetsPut, wire.subarray(at + gone)]);
  }
  return Buffer.concat([mutated(wire, octets), Buffer.alloc(padding, 0xc0)]).subarray(0, 0xffff);
}

/** Where the fields of a well-formed message begin. */
function fieldsOf(message: Buffer): number[] {
  const places = [0, 2, 4, 6, 8, 10];
  let at = 12;
  const field = (length: number): void => {
    places.push(at);
    at += length;
  };
  const name = (): void => {
    for (;;) {
      const length = message.readUInt8(at);
      field(length >= 0xc0 ? 2 : length + 1);
      if (length === 0 || length >= 0xc0) return;
    }
  };
  const [questions = 0, ...records] = [4, 6, 8, 10].map((offset) => message.readUInt16BE(offset));
  for (let left = questions; left > 0; left -= 1) {
    name();
    field(2);
    field(2);
  }
  for (let left = records.reduce((sum, one) => sum + one, 0); left > 0; left -= 1) {
    name();
    for (const length of [2, 2, 4]) field(length);
    const length = message.readUInt16BE(at);
    field(2);
    field(length);
  }
  return places;
}
