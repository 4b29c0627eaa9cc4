/** Names on the wire (RFC 1035 §3.1, §4.1.4) and as core/name.ts holds them. */
import { stalled } from '../core/errors.ts';
import { labelsOf, ROOT, type Name } from '../core/name.ts';
import type { Reader } from './reader.ts';
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

/**
 * Reads a name, following compression pointers. Each must point before the octets that led to it: nothing can loop, and nothing
 * that comes later is a "prior occurrence" (RFC 1035 §4.1.4).
 * @throws WireError
 */
export function decodeName(reader: Reader): Name {
  const labels: string[] = [];
  let octets = 1;
  let start = reader.offset;
  let end: number | undefined;
  for (;;) {
    const length = reader.uint8();
    if (length === 0) break;
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | reader.uint8();
      end ??= reader.offset;
      if (target >= start) throw new WireError('a compression pointer that does not point back');
      start = target;
      reader.offset = target;
    } else if (length <= MAX_LABEL_OCTETS) {
      octets += length + 1;
      if (octets > MAX_NAME_OCTETS) throw new WireError('a name of more than 255 octets');
      labels.push(decodeLabel(reader.take(length)));
    } else {
      throw new WireError('a label of an unknown kind'); // RFC 6891 §5: 0b01 and 0b10 are not in use
    }
  }
  if (end !== undefined) reader.offset = end;
  return labels.join('.') || ROOT;
}

function decodeLabel(octets: Buffer): string {
  return Array.from(octets, (octet) => {
    const character = String.fromCharCode(octet);
    if (octet < 0x21 || octet > 0x7e) return `\\${String(octet).padStart(3, '0')}`;
    return character === '.' || character === '\\' ? `\\${character}` : character.toLowerCase();
  }).join('');
}

function invalidName(name: Name): Error {
  return stalled(
    'InvalidName',
    `${JSON.stringify(name)} cannot be asked for in the DNS: a name has labels of 1 to 63 octets and 255 octets in all; with the _port._tcp in front, this may be too long`,
  );
}
