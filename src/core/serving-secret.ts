/** The Secret that pods mount, in mode Promote. */
import type { ChainSummary } from './chain-summary.ts';
import type { Known } from './facts.ts';

/** It does not exist, or holds no certificate: nothing is there that a release would overwrite. */
export function isEmpty(serving: Known<ChainSummary> | undefined): boolean {
  return serving?.known === false && EMPTY.has(serving.error.code);
}

const EMPTY = new Set(['SecretNotFound', 'CertificateMissing']);
