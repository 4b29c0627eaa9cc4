/** The one place that reads X.509: wraps @peculiar/x509, which needs the Reflect polyfill before it. */
import 'reflect-metadata';
import { createPublicKey, X509Certificate as OpenSSLCertificate, type KeyObject } from 'node:crypto';
import { SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509';
import type { Certificate, KeyAlgorithm } from './certificate.ts';

/**
 * Reads DER; undefined when it is not exactly one certificate that both libraries can read: most senders use OpenSSL, and
 * @peculiar/x509 gives the key as it stands (Node's `publicKey.export()` encodes it anew, which can change its hash).
 */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  try {
    const openssl = new OpenSSLCertificate(der);
    const peculiar = new X509Certificate(Uint8Array.from(der));
    const spki = Buffer.from(peculiar.publicKey.rawData);
    const key = publicKeyOf(openssl);
    if (!openssl.raw.equals(der) || !openssl.raw.includes(spki)) return undefined;
    // Node makes any date at all out of one that cannot be read; OpenSSL's text says so.
    if (!openssl.validFrom.endsWith(' GMT') || !openssl.validTo.endsWith(' GMT')) return undefined;
    return {
      der,
      spki,
      subject: peculiar.subject,
      issuer: peculiar.issuer,
      // Reading extensions is slow, and CA certificates have no such names.
      dnsNames: openssl.subjectAltName === undefined ? [] : dnsNamesOf(peculiar),
      notBefore: openssl.validFromDate,
      notAfter: openssl.validToDate,
      isCA: openssl.ca,
      selfSigned: openssl.subject === openssl.issuer && key !== undefined && openssl.verify(key),
      keyAlgorithm: KEY_ALGORITHMS.get(key?.asymmetricKeyType) ?? 'Other',
    };
  } catch {
    // The libraries' words may quote what they read.
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

function dnsNamesOf(certificate: X509Certificate): string[] {
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return names
    .filter((name) => name.type === 'dns')
    .filter((name) => DNS_ID.test(name.value))
    .map((name) => name.value.toLowerCase());
}

const DNS_ID = /^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i;

const KEY_ALGORITHMS = new Map<KeyObject['asymmetricKeyType'], KeyAlgorithm>([
  ['rsa', 'RSA'],
  ['rsa-pss', 'RSA'],
  ['ec', 'ECDSA'],
  ['ed25519', 'Ed25519'],
  ['ed448', 'Ed448'],
]);

/** Undefined for a kind of key that OpenSSL does not know; its hash can be published all the same. */
function publicKeyOf(certificate: OpenSSLCertificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}
