/** Names on the wire (RFC 1035 §3.1, §4.1.4) and as core/name.ts holds them. */
import { stalled } from '../core/errors.ts';
import { labelsOf, ROOT, type Name } from '../core/name.ts';
import type { Reader, WireName } from './reader.ts';
import { WireError } from './wire-error.ts';

/** RFC 1035 §2.3.4: the length octets and the root's included. */
const MAX_NAME_OCTETS = 255;
const MAX_LABEL_OCTETS = 63;
/** An octet of a label in presentation form (RFC 1035 §5.1): `\DDD`, `\X`, or itself. */
const PRESENTED_OCTET = /\\(\d{3})|\\?([\x21-\x7e])/g;

/**
 * The name without compression.
 * @throws OperatorError `InvalidName`: a name that comes from a person, so what is wrong is said to a person
 */
export function encodeName(name: Name): Buffer {
  const labels = labelsOf(name);
  if (name !== (labels.join('.') || ROOT)) throw invalidName(name);
  const parts = labels.map((label) => {
    const octets = encodeLabel(label);
    if (octets === undefined || octets.length > MAX_LABEL_OCTETS) throw invalidName(name);
    return Buffer.concat([Buffer.from([octets.length]), octets]);
  });
  const wire = Buffer.concat([...parts, Buffer.from([0])]);
  if (wire.length > MAX_NAME_OCTETS) throw invalidName(name);
  return wire;
}

function encodeLabel(label: string): Buffer | undefined {
  let read = 0;
  const octets = Array.from(label.matchAll(PRESENTED_OCTET), ([text, decimal, character]) => {
    read += text.length;
    return decimal === undefined ? (character ?? '').charCodeAt(0) : Number(decimal);
  });
  return read === label.length && octets.every((octet) => octet <= 255) ? Buffer.from(octets) : undefined;
}

const WIRE_ROOT: WireName = { name: ROOT, wire: Buffer.of(0) };
/** Pointers have 14 bits. */
const POINTER_REACH = 0x4000;

/**
 * Reads a name, following compression pointers. Each must lead to a name that stands whole before the octets that led to it: nothing
 * can loop, and nothing else is a "prior occurrence" (RFC 1035 §4.1.4). What was read is remembered, so that octets are read once
 * however many pointers lead to them: 64 KiB could cost seconds otherwise.
 * @throws WireError
 */
export function readName(reader: Reader): WireName {
  /** Labels, and pointers without one: each begins a name that ends as this one does. */
  const read: { readonly offset: number; readonly label?: Buffer }[] = [];
  let name = WIRE_ROOT;
  let start = reader.offset;
  let limit = Number.POSITIVE_INFINITY;
  let end: number | undefined;
  for (;;) {
    const { offset } = reader;
    const known = end === undefined ? undefined : reader.names.get(offset);
    if (known !== undefined) {
      name = known;
      break;
    }
    const length = reader.uint8();
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | reader.uint8();
      end ??= reader.offset;
      if (reader.offset > limit || target >= start)
        throw new WireError('a compression pointer that does not point back');
      read.push({ offset });
      [limit, start] = [start, target];
      reader.offset = target;
      continue;
    }
    if (length > MAX_LABEL_OCTETS) throw new WireError('a label of an unknown kind'); // RFC 6891 §5: 0b01 and 0b10 are not in use
    const label = reader.take(length);
    if (reader.offset > limit) throw new WireError('a compression pointer to a name that does not end before it');
    if (length === 0) break;
    read.push({ offset, label });
  }
  reader.offset = end ?? reader.offset;
  for (const { offset, label } of read.toReversed()) {
    if (label !== undefined) name = below(name, label);
    if (offset < POINTER_REACH) reader.names.set(offset, name);
  }
  return name;
}

export function decodeName(reader: Reader): Name {
  return readName(reader).name;
}

/** The name with one more label in front. */
function below({ name, wire }: WireName, label: Buffer): WireName {
  const octets = label.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));
  const longer = Buffer.concat([Buffer.of(octets.length), octets, wire]);
  if (longer.length > MAX_NAME_OCTETS) throw new WireError('a name of more than 255 octets');
  const text = Buffer.from(octets).toString('latin1').replace(ESCAPED, presented);
  return { name: name === ROOT ? text : `${text}.${name}`, wire: longer };
}

/** Octets that stand escaped: a dot, a backslash, and what is no visible ASCII. */
const ESCAPED = /[.\\]|[^\x21-\x7e]/g;

function presented(character: string): string {
  return /[.\\]/.test(character) ? `\\${character}` : `\\${String(character.charCodeAt(0)).padStart(3, '0')}`;
}

function invalidName(name: Name): Error {
  return stalled(
    'InvalidName',
    `${JSON.stringify(name)} cannot be asked for in the DNS: a name has labels of 1 to 63 octets and 255 octets in all; with the _port._tcp in front, this may be too long`,
  );
}
