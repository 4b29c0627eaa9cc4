/** What is kept of a CertificateRequest: read once when it is seen, without the certificates, which are large. */
import type { CertificateRequest, CertificateRequestCondition } from '../../api/certificate-request.ts';
import { CERT_MANAGER } from '../../api/dane-issuer.ts';
import type { NamespacedMeta } from '../../api/object.ts';
import { parseChain } from '../../core/certificate.ts';
import { summarize, type ChainSummary } from '../../core/chain-summary.ts';
import { OperatorError, transient } from '../../core/errors.ts';
import { known, unknown, type Known } from '../../core/facts.ts';
import { lean } from '../../kube/lean.ts';
import type { KubeObject, OwnerReference } from '../../kube/resource.ts';
import { keyOfRequest } from './certificate-signing-request.ts';

export interface IssuerRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export interface SeenRequest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: NamespacedMeta & { readonly ownerReferences?: readonly OwnerReference[] };
  readonly issuerRef: IssuerRef;
  /** cert-manager numbers the requests of a Certificate. */
  readonly revision: number;
  /** SHA-256 of the SPKI in the CSR; undefined when that cannot be read. */
  readonly spkiSHA256: string | undefined;
  readonly approval: 'Approved' | 'Denied' | 'None';
  /** cert-manager's condition `Ready`. */
  readonly ready: { readonly reason: string | undefined; readonly message: string | undefined } | undefined;
  readonly outcome: Outcome;
}

export type Outcome =
  | { readonly kind: 'Pending' }
  | { readonly kind: 'Issued'; readonly at: Date; readonly chain: Known<ChainSummary> }
  | { readonly kind: 'Failed'; readonly at: Date };

export function seenRequest(object: KubeObject): SeenRequest {
  const request = object as CertificateRequest;
  const { group = CERT_MANAGER, kind = 'Issuer', name } = request.spec.issuerRef;
  const spkiSHA256 = keyOfRequest(request.spec.request);
  const ready = conditionOf(request, 'Ready');
  return {
    apiVersion: request.apiVersion,
    kind: request.kind,
    metadata: lean(request).metadata,
    issuerRef: { group, kind, name },
    revision: Number(request.metadata.annotations?.[REVISION] ?? 0),
    spkiSHA256,
    approval: isTrue(request, 'Denied') ? 'Denied' : isTrue(request, 'Approved') ? 'Approved' : 'None',
    ready: ready && { reason: ready.reason, message: ready.message },
    outcome: outcomeOf(request, ready, spkiSHA256),
  };
}

const REVISION = 'cert-manager.io/certificate-revision';

function outcomeOf(
  request: CertificateRequest,
  ready: CertificateRequestCondition | undefined,
  spkiSHA256: string | undefined,
): Outcome {
  const { status = {}, metadata } = request;
  const since = ready?.lastTransitionTime ?? metadata.creationTimestamp;
  if (ready?.status === 'True')
    return { kind: 'Issued', at: new Date(since), chain: answerIn(status.certificate, spkiSHA256) };
  const isOver = ready?.reason === 'Failed' || ready?.reason === 'Denied' || isTrue(request, 'InvalidRequest');
  if (!isOver) return { kind: 'Pending' };
  return { kind: 'Failed', at: new Date(status.failureTime ?? since) };
}

function answerIn(base64 = '', spkiSHA256: string | undefined): Known<ChainSummary> {
  try {
    const chain = summarize(parseChain(Buffer.from(base64, 'base64').toString('latin1')));
    if (chain.spkiSHA256 === spkiSHA256) return known(chain);
    return unknown(transient('AnswerForAnotherKey', 'it is of another key than the request'));
  } catch (error) {
    if (error instanceof OperatorError) return unknown(error);
    throw error;
  }
}

function conditionOf({ status }: CertificateRequest, type: string): CertificateRequestCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

function isTrue(request: CertificateRequest, type: string): boolean {
  return conditionOf(request, type)?.status === 'True';
}

/** The Certificate that it was made for. */
export function certificateOf({ metadata }: SeenRequest): OwnerReference | undefined {
  return metadata.ownerReferences?.find(
    ({ controller, kind, apiVersion }) =>
      controller === true && kind === 'Certificate' && apiVersion.startsWith(`${CERT_MANAGER}/`),
  );
}
