/** What a Secret can hold beside what is to be published: a key that does not fit, a certificate that is not meant to last. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Chain } from './certificate.ts';

/** Is this PEM the private key of the leaf? One that cannot be read fits nothing. */
export function keyFits({ certificates: [leaf] }: Chain, privateKeyPem: Buffer): boolean {
  try {
    return new X509Certificate(leaf.der).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    return false;
  }
}

/**
 * With annotation `cert-manager.io/issue-temporary-certificate`, cert-manager signs a certificate by a CA that it throws away, so that
 * servers can start before the real one is issued. Nothing but the name of that CA tells it; nobody has its certificate.
 */
export function isTemporary({ certificates: [leaf, ...others] }: Chain): boolean {
  return leaf.issuer === 'CN=cert-manager.local' && !leaf.selfSigned && others.length === 0;
}
