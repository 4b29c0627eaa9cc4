/** Just as much DER (X.690) as finding a certificate's key takes. */

const SEQUENCE = 0x30;
const CONSTRUCTED = 0x20;
const VERSION = 0xa0;
/** Of TBSCertificate (RFC 5280 §4.1), what stands before the key: serial number, signature, issuer, validity, subject. */
const FIELDS_BEFORE_SPKI = 5;

interface Element {
  readonly tag: number;
  readonly begin: number;
  readonly content: number;
  readonly end: number;
}

/** The SubjectPublicKeyInfo as it stands in a certificate; undefined when there is none, or it is not in DER: others may hash other octets. */
export function spkiIn(certificate: Buffer): Buffer | undefined {
  const outer = elementAt(certificate, 0, certificate.length);
  const tbs = outer && elementAt(certificate, outer.content, outer.end);
  if (tbs?.tag !== SEQUENCE) return undefined;
  let element = elementAt(certificate, tbs.content, tbs.end);
  const before = element?.tag === VERSION ? FIELDS_BEFORE_SPKI + 1 : FIELDS_BEFORE_SPKI;
  for (let field = 0; field < before && element !== undefined; field++) {
    element = elementAt(certificate, element.end, tbs.end);
  }
  if (element?.tag !== SEQUENCE || !isDer(certificate, element)) return undefined;
  return certificate.subarray(element.begin, element.end);
}

/** All the way down. */
function isDer(octets: Buffer, { tag, content, end }: Element): boolean {
  if ((tag & CONSTRUCTED) === 0) return true;
  for (let at = content; at < end;) {
    const child = elementAt(octets, at, end);
    if (child === undefined || !isDer(octets, child)) return false;
    at = child.end;
  }
  return true;
}

/** One element; its length is definite and as short as can be (X.690 §10.1). */
function elementAt(octets: Buffer, begin: number, bound: number): Element | undefined {
  if (begin + 2 > bound) return undefined;
  const first = octets.readUInt8(begin + 1);
  const more = first < 0x80 ? 0 : first & 0x7f;
  const content = begin + 2 + more;
  if (first === 0x80 || more > 4 || content > bound) return undefined;
  const length = more === 0 ? first : octets.readUIntBE(begin + 2, more);
  const isShortest = more === 0 || (length >= 0x80 && length >= 2 ** (8 * (more - 1)));
  const end = content + length;
  return isShortest && end <= bound ? { tag: octets.readUInt8(begin), begin, content, end } : undefined;
}
