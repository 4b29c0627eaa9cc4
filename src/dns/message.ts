/** Messages (RFC 1035 §4.1). UPDATE has the same form with other names for the sections (RFC 2136 §2). */
import type { Name } from '../core/name.ts';
import { RRType } from './constants.ts';
import { optRecord, readOpt, type Edns } from './edns.ts';
import { decodeName, encodeName } from './name-codec.ts';
import { Reader } from './reader.ts';
import { decodeRecord, encodeRecord, type ResourceRecord } from './resource-record.ts';
import { WireError } from './wire-error.ts';

/** RFC 1035 §4.1.1, RFC 4035 §3.1.6 and §3.2.2; each with its bit in the header's second word. */
const FLAGS = { qr: 0x8000, aa: 0x0400, tc: 0x0200, rd: 0x0100, ra: 0x0080, ad: 0x0020, cd: 0x0010 } as const;
export type Flag = keyof typeof FLAGS;

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

export interface Message {
  readonly id: number;
  readonly opcode: number;
  readonly flags: ReadonlySet<Flag>;
  /** Twelve bits where there is EDNS (RFC 6891 §6.1.3), else four. */
  readonly rcode: number;
  /** UPDATE: the zone. */
  readonly questions: readonly Question[];
  /** UPDATE: the prerequisites. */
  readonly answers: readonly ResourceRecord[];
  /** UPDATE: the changes. */
  readonly authorities: readonly ResourceRecord[];
  /** Without OPT and TSIG. */
  readonly additionals: readonly ResourceRecord[];
  readonly edns?: Edns;
}

export interface ReceivedMessage extends Message {
  /** The TSIG record and where it begins: the octets before it are what was signed (RFC 8945 §5). */
  readonly tsig?: { readonly record: ResourceRecord; readonly offset: number };
}

export const MAX_MESSAGE_OCTETS = 65_535;

/** @throws WireError when it is longer than 65,535 octets */
export function encodeMessage(message: Message): Buffer {
  const opt = message.edns === undefined ? [] : [optRecord(message.edns, message.rcode >>> 4)];
  const additionals = [...message.additionals, ...opt];
  const flags = [...message.flags].reduce((bits, flag) => bits | FLAGS[flag], 0);
  const header = [
    message.id,
    flags | (message.opcode << 11) | (message.rcode & 0xf),
    message.questions.length,
    message.answers.length,
    message.authorities.length,
    additionals.length,
  ];
  const octets = Buffer.concat([
    ...header.map(encodeUint16),
    ...message.questions.flatMap(({ name, type, class: of }) => [
      encodeName(name),
      encodeUint16(type),
      encodeUint16(of),
    ]),
    ...[...message.answers, ...message.authorities, ...additionals].map(encodeRecord),
  ]);
  if (octets.length > MAX_MESSAGE_OCTETS) throw new WireError('a message of more than 65,535 octets');
  return octets;
}

function encodeUint16(value: number): Buffer {
  return Buffer.from([value >>> 8, value & 0xff]);
}

/**
 * Reads a whole message; octets behind its last record are an error.
 * @throws WireError
 */
export function decodeMessage(octets: Buffer): ReceivedMessage {
  const reader = new Reader(octets);
  const [id, bits] = [reader.uint16(), reader.uint16()];
  const counts = [reader.uint16(), reader.uint16(), reader.uint16(), reader.uint16()] as const;
  const questions = Array.from({ length: checked(counts[0], reader) }, () => ({
    name: decodeName(reader),
    type: reader.uint16(),
    class: reader.uint16(),
  }));
  const [answers, authorities] = [readSection(reader, counts[1]), readSection(reader, counts[2])];
  const additionals = readSection(reader, counts[3]);
  if (reader.offset !== octets.length) throw new WireError('octets behind the last record');
  if ([...answers, ...authorities].some(({ record }) => isMeta(record))) {
    throw new WireError('an OPT or TSIG record outside the additional section');
  }
  const tsig = additionals.find(({ record }) => record.type === RRType.TSIG);
  if (tsig !== undefined && tsig !== additionals.at(-1)) throw new WireError('a TSIG record that is not the last'); // RFC 8945 §5.1
  const opts = additionals.filter(({ record }) => record.type === RRType.OPT);
  if (opts.length > 1) throw new WireError('more than one OPT record'); // RFC 6891 §6.1.1
  const opt = opts[0] && readOpt(opts[0].record);
  return {
    id,
    opcode: (bits >>> 11) & 0xf,
    flags: new Set((Object.keys(FLAGS) as Flag[]).filter((flag) => (bits & FLAGS[flag]) !== 0)),
    rcode: (bits & 0xf) | ((opt?.extendedRcode ?? 0) << 4),
    questions,
    answers: answers.map(({ record }) => record),
    authorities: authorities.map(({ record }) => record),
    additionals: additionals.map(({ record }) => record).filter((record) => !isMeta(record)),
    ...(opt && { edns: opt.edns }),
    ...(tsig && { tsig }),
  };
}

interface Placed {
  readonly record: ResourceRecord;
  readonly offset: number;
}

function readSection(reader: Reader, count: number): Placed[] {
  return Array.from({ length: checked(count, reader) }, () => {
    const { offset } = reader;
    return { record: decodeRecord(reader), offset };
  });
}

/** No entry is shorter than five octets: a count that cannot be true is refused before anything is allocated for it. */
function checked(count: number, reader: Reader): number {
  if (count * 5 > reader.message.length - reader.offset) throw new WireError('fewer records than the header counts');
  return count;
}

function isMeta(record: ResourceRecord): boolean {
  return record.type === RRType.OPT || record.type === RRType.TSIG;
}
