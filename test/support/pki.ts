/** Certificates made on the spot, for any test. Everything issued here is signed with real keys and stands up in OpenSSL. */
import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequestGenerator,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509';
import { parseChain } from '../../src/core/certificate.ts';
import type { Certificate } from '../../src/core/x509.ts';

type Keys = webcrypto.CryptoKeyPair;

/** A certificate with its key and with what a server would send. */
export interface Issued {
  /** The certificate alone. */
  readonly pem: string;
  /** What cert-manager puts into `tls.crt`: the certificate and the CAs above it, without the self-signed root. */
  readonly chainPem: string;
  /** PKCS #8: what cert-manager puts into `tls.key`. */
  readonly keyPem: string;
  readonly certificate: Certificate;
  readonly keys: Keys;
}

interface Common {
  /** Self-signed without it. */
  readonly issuer?: Issued;
  /** Use this one's key again, for a renewal with the same key or a cross-signed CA. */
  readonly sameKeyAs?: Issued;
  /** Certify this key, byte by byte; nobody has its private half. Needs an issuer. */
  readonly spki?: Uint8Array;
  /** ECDSA (P-256) by default; RSA has 2048 bits and takes longer. */
  readonly algorithm?: 'ECDSA' | 'RSA' | 'Ed25519';
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in 90 days. */
  readonly notAfter?: Date;
}

/** With names it can be a server's own, too: `openssl req -x509` makes such. */
export function makeCA(
  options: Common & { readonly name: string; readonly names?: readonly string[] },
): Promise<Issued> {
  return issue(options.name, options, [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ...subjectAltName(options.names ?? []),
  ]);
}

/** A server's certificate for these DNS names and addresses; none at all makes one without a SAN. */
export function makeLeaf(
  options: Common & { readonly names: readonly string[]; readonly addresses?: readonly string[] },
): Promise<Issued> {
  return issue(options.names[0] ?? 'no name', options, [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ...subjectAltName(options.names, options.addresses),
  ]);
}

/** A request for a certificate of this one's key, as in `spec.request` of a CertificateRequest: PEM in base64. */
export async function makeRequest({ keys }: Issued): Promise<string> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: { name: keys.privateKey.algorithm.name, hash: 'SHA-256' },
  });
  return Buffer.from(request.toString('pem')).toString('base64');
}

/** Says neither CA nor server: what home-made CAs and `openssl x509 -req` make. */
export function makePlain(options: Common & { readonly name: string }): Promise<Issued> {
  return issue(options.name, options, []);
}

function subjectAltName(names: readonly string[], addresses: readonly string[] = []): Extension[] {
  const all = [
    ...names.map((value) => ({ type: 'dns' as const, value })),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  return all.length > 0 ? [new SubjectAlternativeNameExtension(all)] : [];
}

async function issue(commonName: string, options: Common, extensions: readonly Extension[]): Promise<Issued> {
  const keys = options.sameKeyAs?.keys ?? (await generateKeys(options.algorithm ?? 'ECDSA'));
  const issuerKeys = options.issuer?.keys ?? keys;
  const hour = 3_600_000;
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [commonName] }],
    issuer: options.issuer?.certificate.subject ?? [{ CN: [commonName] }],
    notBefore: options.notBefore ?? new Date(Date.now() - hour),
    notAfter: options.notAfter ?? new Date(Date.now() + 90 * 24 * hour),
    publicKey: options.spki === undefined ? keys.publicKey : new PublicKey(options.spki),
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: { name: issuerKeys.privateKey.algorithm.name, hash: 'SHA-256' },
    extensions: [
      ...extensions,
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuerKeys.publicKey),
    ],
  });
  const pem = `${certificate.toString('pem')}\n`;
  const [parsed] = parseChain(pem).certificates;
  const above = options.issuer?.certificate.selfSigned === false ? options.issuer.chainPem : '';
  return {
    pem,
    chainPem: pem + above,
    keyPem: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }),
    certificate: parsed,
    keys,
  };
}

async function generateKeys(algorithm: 'ECDSA' | 'RSA' | 'Ed25519'): Promise<Keys> {
  const { subtle } = webcrypto;
  switch (algorithm) {
    case 'ECDSA':
      return subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    case 'RSA':
      return subtle.generateKey(
        { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
        true,
        ['sign', 'verify'],
      );
    case 'Ed25519':
      return (await subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as Keys;
  }
}
