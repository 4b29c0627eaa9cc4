/** Just as much DER (X.690) as finding the key of a certificate, or of a request for one, takes. */

const SEQUENCE = 0x30;
const CONSTRUCTED = 0x20;
const VERSION = 0xa0;
/** Of TBSCertificate (RFC 5280 §4.1), what stands before the key: serial number, signature, issuer, validity, subject. */
const FIELDS_BEFORE_SPKI = 5;
/** Of CertificationRequestInfo (RFC 2986 §4.1): version, subject. */
const FIELDS_BEFORE_SPKI_IN_REQUEST = 2;

interface Element {
  readonly tag: number;
  readonly begin: number;
  readonly content: number;
  readonly end: number;
}

/** The SubjectPublicKeyInfo as it stands in a certificate; undefined when there is none, or it is not in DER: others may hash other octets. */
export function spkiIn(certificate: Buffer): Buffer | undefined {
  return spkiBehind(certificate, (first) => (first.tag === VERSION ? FIELDS_BEFORE_SPKI + 1 : FIELDS_BEFORE_SPKI));
}

/** The same of a certificate signing request. */
export function spkiInRequest(request: Buffer): Buffer | undefined {
  return spkiBehind(request, () => FIELDS_BEFORE_SPKI_IN_REQUEST);
}

/** @param fieldsBefore by the first field of what is signed */
function spkiBehind(signed: Buffer, fieldsBefore: (first: Element) => number): Buffer | undefined {
  const outer = elementAt(signed, 0, signed.length);
  const content = outer && elementAt(signed, outer.content, outer.end);
  if (content?.tag !== SEQUENCE) return undefined;
  let element = elementAt(signed, content.content, content.end);
  const before = element === undefined ? 0 : fieldsBefore(element);
  for (let field = 0; field < before && element !== undefined; field++) {
    element = elementAt(signed, element.end, content.end);
  }
  if (element?.tag !== SEQUENCE || !isDer(signed, element)) return undefined;
  return signed.subarray(element.begin, element.end);
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
