/** Objects of Kubernetes, as far as the controller's functions look at them. */
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import { CERT_MANAGER } from '../../src/api/dane-issuer.ts';
import type { NamespacedMeta } from '../../src/api/object.ts';
import type { IssuerRef, SeenRequest } from '../../src/controller/gate/seen-request.ts';

export const NAMESPACE = 'mail';

export function metadataOf(name: string): NamespacedMeta {
  return { name, namespace: NAMESPACE, uid: name, resourceVersion: '', generation: 1, creationTimestamp: '' };
}

/** Approved at once. */
export function newRequest(issuerRef: IssuerRef, spkiSHA256: string): Omit<SeenRequest, 'metadata'> {
  return {
    apiVersion: `${CERT_MANAGER}/v1`,
    kind: 'CertificateRequest',
    issuerRef,
    revision: 0,
    spkiSHA256,
    approval: 'Approved',
    ready: undefined,
    outcome: { kind: 'Pending' },
  };
}

/** All that a child takes from it. */
export function bareRequest({ metadata, issuerRef }: SeenRequest): CertificateRequest {
  return { apiVersion: 'cert-manager.io/v1', kind: 'CertificateRequest', metadata, spec: { issuerRef, request: '' } };
}
