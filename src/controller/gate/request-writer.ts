import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { ObjectEvent } from '../object-event.ts';
import type { NewObject, WriteResult } from '../../kube/objects.ts';

/** Nothing is written by one who does not lead. */
export interface RequestWriter {
  readonly now: () => number;
  readonly read: (namespace: string, name: string) => Promise<CertificateRequest | undefined>;
  readonly create: (request: NewObject<CertificateRequest>) => Promise<WriteResult<CertificateRequest>>;
  /** Only annotation `not-before`. */
  readonly holdUntil: (request: KubeObject, notBefore: string) => Promise<WriteResult<KubeObject>>;
  readonly remove: (request: KubeObject) => Promise<void>;
  readonly event: (request: KubeObject, event: ObjectEvent) => void;
  readonly replaceStatus: (request: CertificateRequest) => Promise<WriteResult<CertificateRequest>>;
}
