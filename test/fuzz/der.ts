/** DER as a tree: to change a certificate so that its lengths still fit, and to find its key without the libraries under test. */
import fc from 'fast-check';

export interface Tlv {
  readonly tag: number;
  /** Content of what is not constructed. */
  readonly content: Buffer;
  readonly children: readonly Tlv[];
  /** As it stood, tag and length included. */
  readonly raw: Buffer;
}

/** Reads exactly one element; lengths may be longer than they must be, or indefinite. Undefined when it cannot be read. */
export function readDer(octets: Buffer): Tlv | undefined {
  const one = readOne(octets);
  return one?.raw.length === octets.length ? one : undefined;
}

function readOne(octets: Buffer): Tlv | undefined {
  const [tag = 0, first = 0xff] = octets;
  const more = first < 0x80 ? 0 : first & 0x7f;
  const begin = 2 + more;
  if ((tag & 0x1f) === 0x1f || more > 6 || begin > octets.length) return undefined;
  const indefinite = first === 0x80;
  const length = more === 0 ? first : octets.readUIntBE(2, more);
  const bound = indefinite ? octets.length : begin + length;
  if (bound > octets.length || (indefinite && (tag & 0x20) === 0)) return undefined;

  const children: Tlv[] = [];
  let end = (tag & 0x20) === 0 ? bound : begin;
  while (end < bound) {
    const child = readOne(octets.subarray(end, bound));
    if (child === undefined) return undefined;
    end += child.raw.length;
    if (indefinite && child.raw.equals(END_OF_CONTENTS)) {
      return { tag, content: octets.subarray(begin, end - 2), children, raw: octets.subarray(0, end) };
    }
    children.push(child);
  }
  return indefinite
    ? undefined
    : { tag, content: octets.subarray(begin, bound), children, raw: octets.subarray(0, end) };
}

const END_OF_CONTENTS = Buffer.alloc(2);

/** The SubjectPublicKeyInfo of a certificate (RFC 5280 §4.1), as it stands there. */
export function spkiIn(certificate: Buffer): Buffer | undefined {
  const fields = readDer(certificate)?.children[0]?.children ?? [];
  return fields[fields[0]?.tag === 0xa0 ? 6 : 5]?.raw;
}

/** Are all lengths there, in as few octets as can be? */
export function isStrict(octets: Buffer): boolean {
  const tree = readDer(octets);
  return tree !== undefined && write(tree).equals(octets);
}

export interface TreeChange {
  /** Which element, counted from the outermost, over and over. */
  readonly element: number;
  readonly kind: 'Drop' | 'Double' | 'Retag' | 'LongLength' | 'Indefinite' | 'Flip' | 'Replace' | 'Append';
  readonly value: number;
}

export const treeChange: fc.Arbitrary<TreeChange> = fc.record({
  element: fc.nat({ max: 300 }),
  kind: fc.constantFrom('Drop', 'Double', 'Retag', 'LongLength', 'Indefinite', 'Flip', 'Replace', 'Append'),
  value: fc.nat({ max: 0xffff }),
});

/** The certificate with one element changed, and the lengths around it made to fit. */
export function changed(certificate: Buffer, change: TreeChange): Buffer {
  const tree = readDer(certificate);
  if (tree === undefined) return certificate;
  const all = (element: Tlv): Tlv[] => [element, ...element.children.flatMap(all)];
  const elements = all(tree);
  return write(tree, elements[change.element % elements.length], change);
}

function write(element: Tlv, target?: Tlv, change?: TreeChange): Buffer {
  const inner =
    element.children.length > 0
      ? Buffer.concat(element.children.map((child) => write(child, target, change)))
      : element.content;
  if (element !== target || change === undefined) return encode(element.tag, inner);
  switch (change.kind) {
    case 'Drop':
      return Buffer.alloc(0);
    case 'Double':
      return Buffer.concat([encode(element.tag, inner), encode(element.tag, inner)]);
    case 'Retag':
      return encode(change.value & 0xff, inner);
    case 'LongLength': {
      const long = Buffer.alloc(5);
      long[0] = 0x84;
      long.writeUInt32BE(inner.length, 1);
      return Buffer.concat([Buffer.of(element.tag), long, inner]);
    }
    case 'Indefinite':
      return Buffer.concat([Buffer.of(element.tag, 0x80), inner, Buffer.alloc(2)]);
    case 'Flip': {
      const flipped = Buffer.from(inner);
      const at = (change.value >>> 3) % Math.max(inner.length, 1);
      if (at < inner.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << (change.value & 7));
      return encode(element.tag, flipped);
    }
    case 'Replace':
      return encode(element.tag, Buffer.alloc(change.value % 300, change.value));
    case 'Append':
      return encode(element.tag, Buffer.concat([inner, Buffer.of(change.value & 0xff, change.value >>> 8)]));
  }
}

function encode(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOctets(content.length), content]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const digits = length.toString(16);
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.of(0x80 | octets.length), octets]);
}
