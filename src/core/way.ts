/** How a new certificate gets to the mail server: derived, not configured (docs/rollover.md, "Modes"). */
import type { ChainSummary } from './chain-summary.ts';
import type { DesiredCertificate, Facts, Known } from './facts.ts';
import type { Mode } from './state.ts';

export interface Way {
  readonly mode: Mode;
  /** The Secret that pods mount. */
  readonly servingName: string;
  /** What is to be served next; undefined while there is nothing, and in Observe. */
  readonly source: Known<ChainSummary> | undefined;
}

export function wayOf(
  { secretName, servingSecretName }: DesiredCertificate,
  { requests, secrets }: Pick<Facts, 'requests' | 'secrets'>,
): Way {
  if (servingSecretName !== undefined)
    return { mode: 'Promote', servingName: servingSecretName, source: secrets.get(secretName) };
  const request = requests.get(secretName);
  if (request === undefined) return { mode: 'Observe', servingName: secretName, source: undefined };
  return { mode: 'Gate', servingName: secretName, source: request.chain };
}
