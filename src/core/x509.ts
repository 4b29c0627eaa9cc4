/** The one place that reads X.509: with OpenSSL, as most senders do. */
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { spkiIn } from './der.ts';

export type KeyAlgorithm = 'RSA' | 'ECDSA' | 'Ed25519' | 'Ed448' | 'Other';

export interface Certificate {
  readonly der: Uint8Array;
  /** SubjectPublicKeyInfo, the very bytes of the certificate: a re-encoded key can have another hash (RFC 6698 §2.1.2). */
  readonly spki: Uint8Array;
  readonly subject: string;
  readonly issuer: string;
  /** The dNSNames of the SAN that are host names or wildcards, in lower case. No other name can cover a host (RFC 7672 §3.2.3). */
  readonly dnsNames: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** It may sign certificates: BasicConstraints says CA, and key usage, if it is there, keyCertSign. */
  readonly isCA: boolean;
  /** Its own key verifies its signature. */
  readonly selfSigned: boolean;
  readonly keyAlgorithm: KeyAlgorithm;
}

/**
 * Reads DER; undefined when it is not exactly one certificate. The key is taken as it stands: Node's `publicKey.export()` encodes it anew,
 * which can change its hash.
 */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  try {
    const openssl = new X509Certificate(der);
    if (!openssl.raw.equals(der)) return undefined;
    const spki = spkiIn(openssl.raw);
    if (spki === undefined) return undefined;
    const { validFrom, validTo } = openssl;
    // Node makes any date at all out of one that cannot be read; OpenSSL's text says so.
    if (!validFrom.endsWith(' GMT') || !validTo.endsWith(' GMT')) return undefined;
    const { subject, issuer } = openssl;
    const key = publicKeyOf(openssl);
    return {
      der,
      spki,
      subject,
      issuer,
      dnsNames: dnsNamesIn(openssl.subjectAltName),
      notBefore: new Date(validFrom),
      notAfter: new Date(validTo),
      isCA: openssl.ca,
      selfSigned: subject === issuer && key !== undefined && openssl.verify(key),
      keyAlgorithm: KEY_ALGORITHMS.get(key?.asymmetricKeyType) ?? 'Other',
    };
  } catch {
    // OpenSSL's words may quote what it read.
    return undefined;
  }
}

/** Reads a DER SubjectPublicKeyInfo; undefined when it is none, or a kind of key that OpenSSL does not know. */
export function readPublicKey(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** Node writes `DNS:mx1.example.nl, IP Address:192.0.2.1`, and puts what holds a comma or the like into quotes, the comma escaped. */
function dnsNamesIn(subjectAltName = ''): string[] {
  return subjectAltName
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length).toLowerCase())
    .filter((name) => DNS_ID.test(name));
}

const DNS_ID = /^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

const KEY_ALGORITHMS = new Map<KeyObject['asymmetricKeyType'], KeyAlgorithm>([
  ['rsa', 'RSA'],
  ['rsa-pss', 'RSA'],
  ['ec', 'ECDSA'],
  ['ed25519', 'Ed25519'],
  ['ed448', 'Ed448'],
]);

/** Undefined for a kind of key that OpenSSL does not know; its hash can be published all the same. */
function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}
