/** Which certificate of a set signed which, by names, key usage and signature; dates are asked for separately. */
import { X509Certificate } from 'node:crypto';
import { type Certificate, readPublicKey } from './x509.ts';

/** Signatures that were looked at. A chain is judged with many records; each look costs as much as its largest key. */
const verdicts = new WeakMap<Certificate, WeakMap<Certificate, boolean>>();

/** Do names, key usage and signature say that this key signed this certificate? */
export function isSignedBy(certificate: Certificate, signer: Certificate): boolean {
  const known = verdicts.get(certificate) ?? new WeakMap<Certificate, boolean>();
  verdicts.set(certificate, known);
  const verdict = known.get(signer) ?? verifies(certificate, signer);
  known.set(signer, verdict);
  return verdict;
}

function verifies(certificate: Certificate, signer: Certificate): boolean {
  try {
    const [openssl, other] = [new X509Certificate(certificate.der), new X509Certificate(signer.der)];
    return openssl.checkIssued(other) && openssl.verify(other.publicKey);
  } catch {
    return false; // a kind of key or signature that OpenSSL does not know
  }
}

/** The same, by a CA. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return issuer.isCA && isSignedBy(certificate, issuer);
}

/** Does this bare key (a SubjectPublicKeyInfo) verify the certificate's signature? There are no names to compare. */
export function isSignedWith(certificate: Certificate, spki: Uint8Array): boolean {
  const key = readPublicKey(spki);
  try {
    return key !== undefined && new X509Certificate(certificate.der).verify(key);
  } catch {
    return false; // a key of another kind than the signature
  }
}

/**
 * The longest path from `leaf` through CAs among `certificates`, each signed by the next. Where a CA is there twice with the same
 * key (cross-signed) the longer way counts, then the one that lasts longer: the order in which they were sent does not matter.
 */
export function verifiedPath(leaf: Certificate, certificates: readonly Certificate[]): readonly Certificate[] {
  const byLifetime = [...certificates].sort(
    (a, b) => b.notAfter.getTime() - a.notAfter.getTime() || Buffer.compare(a.der, b.der),
  );
  const issuersOf = new Map(
    [leaf, ...byLifetime].map((certificate) => [certificate, byLifetime.filter((ca) => isIssuedBy(certificate, ca))]),
  );
  const longestFrom = (path: readonly [Certificate, ...Certificate[]]): readonly Certificate[] =>
    (issuersOf.get(path[0]) ?? [])
      .filter((issuer) => !path.some((below) => Buffer.compare(below.spki, issuer.spki) === 0))
      .map((issuer) => longestFrom([issuer, ...path]))
      .reduce((longest, other) => (other.length > longest.length ? other : longest), path);
  return longestFrom([leaf]).toReversed();
}

/** Every CA among `certificates` to which signatures lead from `leaf`, with its distance from the leaf; the leaf has 0. */
export function signersAbove(
  leaf: Certificate,
  certificates: readonly Certificate[],
): ReadonlyMap<Certificate, number> {
  const depths = new Map([[leaf, 0]]);
  // A Map also visits what is added while it is walked through.
  for (const [certificate, depth] of depths) {
    for (const issuer of certificates) {
      if (!depths.has(issuer) && isIssuedBy(certificate, issuer)) depths.set(issuer, depth + 1);
    }
  }
  return depths;
}
