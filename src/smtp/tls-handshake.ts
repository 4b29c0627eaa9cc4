/** A full TLS handshake that lets the server present only one kind of key, and the chain that it sent. */
import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { KeyAlgorithm } from '../core/x509.ts';
import { happens } from './connection.ts';
import { ProbeFailure } from './probe-error.ts';

/** The algorithms by which a mail server chooses among its certificates. */
export type ProbedKeyAlgorithm = Extract<KeyAlgorithm, 'RSA' | 'ECDSA'>;

interface Offer {
  readonly sigalgs: string;
  readonly ciphers: string;
}

const RSA_IN_CERTIFICATES = 'rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512';
const TLS_1_3 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/**
 * In TLS 1.3 the server's key follows from the signature algorithms, in TLS 1.2 from the cipher suites as well. The PKCS #1 ones
 * stand in both offers: TLS 1.3 allows them in certificates only (RFC 8446 §4.2.3), so that a server that looks at the whole chain
 * may send an ECDSA certificate signed by an RSA CA.
 */
const OFFERS: Readonly<Record<ProbedKeyAlgorithm, Offer>> = {
  RSA: {
    sigalgs: `rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:${RSA_IN_CERTIFICATES}`,
    ciphers: `${TLS_1_3}:aRSA:!eNULL`,
  },
  ECDSA: {
    sigalgs: `ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:${RSA_IN_CERTIFICATES}`,
    ciphers: `${TLS_1_3}:aECDSA:!eNULL`,
  },
};

/**
 * How servers end it that have no certificate to offer: by an alert (OpenSSL, GnuTLS and Go; rustls; and GnuTLS again), or without a
 * word (Dovecot 2.3).
 */
const NO_SUCH_CERTIFICATE =
  /_ALERT_(HANDSHAKE_FAILURE|ACCESS_DENIED|INSUFFICIENT_SECURITY)$|^(ECONNRESET|ConnectionClosed)$/;

/**
 * Shakes hands as a DANE sender does: SNI is the TLSA base domain (RFC 7672 §8.1), no session is resumed, and no trust store has a
 * say. A handshake that succeeds proves that the server holds the leaf's private key.
 * @throws ProbeFailure `TLSHandshakeFailed`; `KeyAlgorithmNotPresented` when the way it ended suggests it
 */
export async function handshake(
  socket: Socket,
  hostname: string,
  keyAlgorithm: ProbedKeyAlgorithm,
): Promise<TLSSocket> {
  const secured = connect({
    socket,
    servername: hostname,
    ...OFFERS[keyAlgorithm],
    minVersion: 'TLSv1.2',
    ca: [],
    rejectUnauthorized: false,
  });
  secured.on('error', () => undefined);
  try {
    await happens(secured, 'secureConnect');
    return secured;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const failure = NO_SUCH_CERTIFICATE.test(code) ? 'KeyAlgorithmNotPresented' : 'TLSHandshakeFailed';
    throw new ProbeFailure(failure, { cause: error });
  }
}

/**
 * The certificates of the handshake, as sent: DER, in the server's order, with what is repeated or does not belong. The links that
 * Node makes between the certificates of a *peer* are those of the Certificate message, whoever issued whom (a test holds it to
 * that); `getPeerCertificate(true)` instead follows the issuers, and so drops what does not fit. OpenSSL limits the message to
 * 100 KiB.
 */
export function sentChain(secured: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = secured.getPeerX509Certificate();
  while (certificate !== undefined) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
