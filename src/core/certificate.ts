/** X.509 certificates and the chains of them that servers send: what DANE asks of both. */
import { createHash } from 'node:crypto';
import { stalled } from './errors.ts';
import { labelsOf, parentOf, type Name } from './name.ts';
import { isSignedBy, verifiedPath } from './path.ts';
import { readCertificate, type Certificate } from './x509.ts';

/** What a server sends in the handshake, or a Secret holds for it: the leaf, then CA certificates. */
export interface Chain {
  /** As sent, leaf first; what does not belong to the leaf's path included. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  /** The leaf, then CAs of the chain, each of which signed the one before it. No dates or names are checked. */
  readonly path: readonly Certificate[];
}

/** Real chains have up to five. The bound keeps a hostile one from costing time. */
const MAX_CERTIFICATES = 16;

/** What OpenSSL takes for the beginning of a certificate, and what looks like one but is passed over because more stands on its line. */
const BEGIN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;
/** A certificate that every server reads: on lines of its own. What leads to no end is read over once, not once for each place in it. */
const BLOCK =
  /(?<![^\n])-----BEGIN CERTIFICATE-----[ \t\r]*\n([A-Za-z0-9+/= \t\r\n]*)(?<=\n)-----END CERTIFICATE-----[ \t\r]*(?![^\n])/g;

/**
 * Reads the PEM of `tls.crt`; whatever is not a certificate (text between, a private key) is passed over and not looked at.
 * The order of the CA certificates does not matter, that of the leaf does: servers send the first one as theirs. One that some
 * servers read and others pass over is an error: it would be another leaf, or another chain, than the server presents.
 * @throws OperatorError `NoCertificate`, `InvalidCertificate`, `TooManyCertificates`, `LeafNotFirst`, `SeveralLeaves`
 */
export function parseChain(pem: string): Chain {
  const begun = [...pem.matchAll(BEGIN)].length;
  const bodies = [...pem.matchAll(BLOCK)].map(([, body = '']) => body.replace(/\s/g, ''));
  if (bodies.length === 0) {
    throw stalled(
      'NoCertificate',
      /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)
        ? 'there is a private key but no certificate; give the certificate chain (tls.crt)'
        : 'there is no whole PEM certificate (-----BEGIN CERTIFICATE----- ... -----END CERTIFICATE-----, each on a line of its own)',
    );
  }
  if (bodies.length < begun || !bodies.every((body) => BASE64.test(body))) {
    throw stalled(
      'InvalidCertificate',
      'a PEM certificate is cut off or damaged; its -----BEGIN CERTIFICATE----- and -----END CERTIFICATE----- stand on lines of their own',
    );
  }
  const chain = chainFromDer(bodies.map((body) => Buffer.from(body, 'base64')));
  checkLeaf(chain);
  return chain;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The chain of a handshake, leaf first. Stray certificates beside it are no error: senders pass over them too.
 * @throws OperatorError `NoCertificate`, `InvalidCertificate`, `TooManyCertificates`
 */
export function chainFromDer(ders: readonly Uint8Array[]): Chain {
  if (ders.length > MAX_CERTIFICATES) {
    throw stalled(
      'TooManyCertificates',
      `there are ${ders.length} certificates; a chain has at most ${MAX_CERTIFICATES}`,
    );
  }
  const [leaf, ...others] = ders.map((der, index) => {
    const certificate = readCertificate(der);
    if (certificate !== undefined) return certificate;
    throw stalled(
      'InvalidCertificate',
      `certificate ${index + 1} of ${ders.length} is not a readable X.509 certificate`,
    );
  });
  if (leaf === undefined) throw stalled('NoCertificate', 'there is no certificate');
  return { certificates: [leaf, ...others], path: verifiedPath(leaf, others) };
}

/** Selector (RFC 6698 §2.1.2): 0 = Cert, 1 = SPKI. */
export type Selector = 0 | 1;
/** Matching type (RFC 6698 §2.1.3): 0 = Full, 1 = SHA2-256, 2 = SHA2-512. */
export type MatchingType = 0 | 1 | 2;

/** A certificate's association data (RFC 6698 §2.1.4), lower-case hexadecimal. */
export function digest(certificate: Certificate, selector: Selector, matchingType: MatchingType): string {
  const content = selector === 0 ? certificate.der : certificate.spki;
  switch (matchingType) {
    case 0:
      return Buffer.from(content).toString('hex');
    case 1:
      return createHash('sha256').update(content).digest('hex');
    case 2:
      return createHash('sha512').update(content).digest('hex');
  }
}

/** What `3 1 1` and `2 1 1` carry. */
export function spkiSHA256(certificate: Certificate): string {
  return digest(certificate, 1, 1);
}

export function isInDate(certificate: Certificate, at: Date): boolean {
  return certificate.notBefore <= at && at <= certificate.notAfter;
}

/**
 * Does one of a certificate's dNSNames cover this host? A wildcard stands for exactly one label and must be the whole first label
 * (RFC 7672 §3.2.3); like OpenSSL we want two labels behind it.
 */
export function coversHostname(names: readonly string[], hostname: Name): boolean {
  const parent = parentOf(hostname) ?? hostname;
  return names.includes(hostname) || (labelsOf(parent).length >= 2 && names.includes(`*.${parent}`));
}

function checkLeaf({ certificates }: Chain): void {
  const [first] = certificates;
  const signedAnother = (signer: Certificate): boolean =>
    certificates.some((other) => Buffer.compare(other.spki, signer.spki) !== 0 && isSignedBy(other, signer));
  // Old home-made CAs do not say that they are one.
  const furtherLeaves = certificates.filter(
    (other) => Buffer.compare(other.der, first.der) !== 0 && !other.isCA && !signedAnother(other),
  );
  if (signedAnother(first) || (first.isCA && furtherLeaves.length > 0)) {
    throw stalled(
      'LeafNotFirst',
      'the first certificate is that of a CA; put the certificate of the server first, then those of the CAs that signed it',
    );
  }
  if (furtherLeaves.length > 0) {
    throw stalled(
      'SeveralLeaves',
      'there are certificates for several keys or hosts in one chain; put each with its CA certificates into a Secret (a file) of its own',
    );
  }
}
