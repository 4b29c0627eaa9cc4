/**
 * Keys that somebody else has (`compromisedKeys`). Their records make senders trust him, so they go as soon as nobody is served by them:
 * not after `retireAfter`. A `2 1 1` trusts every certificate of that CA, the stolen one included, until that one has expired
 * (docs/rollover.md, "A key was stolen").
 */
import { sameLeaf } from './chain-summary.ts';
import { isClockRight } from './clock.ts';
import { stalled, type OperatorError } from './errors.ts';
import type { Endpoint, Facts } from './facts.ts';
import { endpointsInSight } from './looked-at.ts';
import type { StoredCertificate, StoredChain } from './state.ts';
import { formatTime } from './time.ts';

export function isCompromised({ spkiSHA256 }: { readonly spkiSHA256: string }, { desired }: Facts): boolean {
  return desired.compromisedKeys.includes(spkiSHA256);
}

export function compromised(secretName: string): OperatorError {
  return stalled(
    'CompromisedKey',
    `Secret ${secretName} holds a certificate whose key is in spec.compromisedKeys; issue one with a new key`,
  );
}

/** A chain of such a key leaves C once it is seen to be replaced; it is remembered until it expires, whatever a Secret holds. */
export function withoutCompromised(certificates: readonly StoredCertificate[], facts: Facts): StoredCertificate[] {
  const trusted = certificates.flatMap(({ chains }) => chains).filter((chain) => !isCompromised(chain, facts));
  return certificates.map((certificate) => {
    const remembered = rememberedOf(certificate, facts);
    const isRemembered = (chain: StoredChain): boolean => remembered.some((other) => sameLeaf(other, chain));
    const others = certificate.chains.filter((chain) => !isRemembered(chain));
    const replaced = others.filter((chain) => isCompromised(chain, facts) && isReplaced(chain, trusted, facts));
    const since = formatTime(facts.now);
    return {
      ...certificate,
      chains: [
        ...others.filter((chain) => !replaced.includes(chain)),
        ...replaced.map((chain) => ({ ...chain, state: 'Compromised' as const, since, notSeenSince: undefined })),
        ...remembered,
      ],
    };
  });
}

function rememberedOf({ secretName }: StoredCertificate, facts: Facts): readonly StoredChain[] {
  const stored = facts.stored.certificates.find((certificate) => certificate.secretName === secretName);
  return (stored?.chains ?? [])
    .filter((chain) => chain.state === 'Compromised' && isCompromised(chain, facts))
    .filter(({ notAfter }) => facts.now.getTime() <= Date.parse(notAfter) || !isClockRight(facts));
}

/** Every endpoint presents another chain of ours; without probes, the Secret holds another. T is never emptied. */
function isReplaced(chain: StoredChain, trusted: readonly StoredChain[], facts: Facts): boolean {
  if (facts.desired.probe === 'Disabled') return chain.state !== 'Serving' && trusted.length > 0;
  const endpoints = endpointsInSight(facts) ?? [];
  const isTrusted = ({ presented }: Endpoint): boolean =>
    presented.kind === 'Presented' && trusted.some(({ spkiSHA256 }) => spkiSHA256 === presented.summary.spkiSHA256);
  return endpoints.length > 0 && endpoints.every(isTrusted);
}
