/** The Secret that pods mount. */
import type { ChainSummary } from './chain-summary.ts';
import type { Facts, Known } from './facts.ts';
import type { StoredCertificate } from './state.ts';

/** It does not exist, or holds no certificate: nothing is there that a release would overwrite. */
export function isEmpty(serving: Known<ChainSummary> | undefined): boolean {
  return serving?.known === false && EMPTY.has(serving.error.code);
}

const EMPTY = new Set(['SecretNotFound', 'CertificateMissing']);

export function servingSecret(
  { secretName }: StoredCertificate,
  { desired, secrets }: Facts,
): Known<ChainSummary> | undefined {
  const certificate = desired.certificates.find((one) => one.secretName === secretName);
  return secrets.get(certificate?.servingSecretName ?? secretName);
}
