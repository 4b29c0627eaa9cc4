/** Child requests: one for each try at the wrapped issuer (docs/rollover.md, "Gate"). */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Attempt, AttemptState } from '../../core/issuance-facts.ts';
import type { NewObject } from '../../kube/objects.ts';
import type { IssuerRef, SeenRequest } from './seen-request.ts';

/** On a child: the UID of the request that it was made for. */
export const PARENT_UID = 'tlsa-operator.io/request-uid';
/** On a child: which try it is, from 1. */
const ATTEMPT = 'tlsa-operator.io/attempt';

/**
 * Was it made for this request? Anybody can write a label, with a UID of another namespace too; and what is answered for another key would
 * be published as ours.
 */
export function isChildOf(child: SeenRequest, { metadata, spkiSHA256 }: SeenRequest): boolean {
  const owner = child.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return (
    child.metadata.namespace === metadata.namespace && owner?.uid === metadata.uid && child.spkiSHA256 === spkiSHA256
  );
}

/** @param issuer what is wrapped now; undefined where that is not known */
export function attemptOf(child: SeenRequest, issuer: IssuerRef | undefined): Attempt {
  return { name: child.metadata.name, number: numberOf(child), state: stateOf(child, issuer) };
}

function numberOf({ metadata }: SeenRequest): number {
  return Number(metadata.labels?.[ATTEMPT] ?? 1);
}

function stateOf({ approval, outcome, issuerRef }: SeenRequest, issuer: IssuerRef | undefined): AttemptState {
  if (approval === 'Denied') return { kind: 'Denied' };
  if (outcome.kind === 'Issued' && outcome.chain.known)
    return { kind: 'Issued', at: outcome.at, chain: outcome.chain.value };
  if (issuer !== undefined && !isSame(issuerRef, issuer)) return { kind: 'Astray' };
  switch (outcome.kind) {
    case 'Issued':
      return { kind: 'Failed', at: outcome.at, error: outcome.chain.known ? undefined : outcome.chain.error };
    case 'Failed':
    case 'Pending':
      return outcome;
  }
}

function isSame(a: IssuerRef, b: IssuerRef): boolean {
  return a.group === b.group && a.kind === b.kind && a.name === b.name;
}

/** Kept on the parent for `kubectl`; of no use, and large, on a child. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The same CSR for the wrapped issuer. Issuers look at labels and annotations too (solvers, the key of a self-signed one). The parent's UID
 * and the number make the name: made twice, there is one; and cert-manager makes requests of one name again and again.
 */
export function childOf(
  { metadata, spec }: CertificateRequest,
  issuerRef: IssuerRef,
  number: number,
): NewObject<CertificateRequest> {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => name !== LAST_APPLIED);
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      namespace: metadata.namespace,
      name: `dane-${metadata.uid}-${number}`,
      labels: { ...metadata.labels, [PARENT_UID]: metadata.uid, [ATTEMPT]: String(number) },
      annotations: Object.fromEntries(annotations),
      ownerReferences: [
        {
          apiVersion: 'cert-manager.io/v1',
          kind: 'CertificateRequest',
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
        },
      ],
    },
    spec: {
      issuerRef,
      request: spec.request,
      ...(spec.duration === undefined ? {} : { duration: spec.duration }),
      ...(spec.isCA === undefined ? {} : { isCA: spec.isCA }),
      ...(spec.usages === undefined ? {} : { usages: spec.usages }),
    },
  };
}
