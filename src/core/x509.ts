/** The one place that reads X.509: wraps @peculiar/x509, which needs the Reflect polyfill before it. */
import 'reflect-metadata';
import { createPublicKey, X509Certificate as OpenSSLCertificate, type KeyObject } from 'node:crypto';
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509';
import type { Certificate, KeyAlgorithm } from './certificate.ts';

/** Reads DER; undefined when it is not exactly one certificate that OpenSSL, which most senders use, can read too. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  try {
    const openssl = new OpenSSLCertificate(der);
    const certificate = new X509Certificate(Uint8Array.from(der));
    const key = publicKeyOf(openssl);
    const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
    if (!openssl.raw.equals(der) || [certificate.notBefore, certificate.notAfter].some(isInvalid)) return undefined;
    return {
      der,
      spki: new Uint8Array(certificate.publicKey.rawData),
      subject: certificate.subject,
      issuer: certificate.issuer,
      dnsNames: names
        .filter((name) => name.type === 'dns')
        .map((name) => name.value.toLowerCase())
        .filter((name) => DNS_ID.test(name)),
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      isCA: certificate.getExtension(BasicConstraintsExtension)?.ca === true,
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

const DNS_ID = /^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

const KEY_ALGORITHMS = new Map<KeyObject['asymmetricKeyType'], KeyAlgorithm>([
  ['rsa', 'RSA'],
  ['rsa-pss', 'RSA'],
  ['ec', 'ECDSA'],
  ['ed25519', 'Ed25519'],
  ['ed448', 'Ed448'],
]);

function isInvalid(date: Date): boolean {
  return Number.isNaN(date.getTime());
}

/** Undefined for a kind of key that OpenSSL does not know; its hash can be published all the same. */
function publicKeyOf(certificate: OpenSSLCertificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}
