/** The part of cert-manager's CertificateRequest (cert-manager.io/v1) that Gate reads and writes. */
import type { DeepReadonly, NamespacedMeta } from './object.ts';

/** cert-manager's own, older form of a condition. */
export type CertificateRequestCondition = DeepReadonly<{
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}>;

export interface CertificateRequest {
  readonly apiVersion: 'cert-manager.io/v1';
  readonly kind: 'CertificateRequest';
  readonly metadata: NamespacedMeta;
  readonly spec: CertificateRequestSpec;
  readonly status?: CertificateRequestStatus;
}

export type CertificateRequestSpec = DeepReadonly<{
  issuerRef: { group?: string; kind?: string; name: string };
  /** PEM in base64. */
  request: string;
  duration?: string;
  isCA?: boolean;
  usages?: string[];
}>;

export type CertificateRequestStatus = DeepReadonly<{
  conditions?: CertificateRequestCondition[];
  /** PEM in base64: the leaf and the intermediates. */
  certificate?: string;
  /** PEM in base64. */
  ca?: string;
  failureTime?: string;
}>;
