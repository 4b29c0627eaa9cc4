import type { CertificateRequest, CertificateRequestStatus } from '../../api/certificate-request.ts';
import { formatTime } from '../../core/time.ts';

/** The reasons that cert-manager knows, and acts upon. */
export type ReadyReason = 'Pending' | 'Issued' | 'Failed' | 'Denied';

/** The status with condition `Ready` said anew; what others say in it stays. Its time moves when its status does. */
export function withReady(
  { status = {} }: CertificateRequest,
  reason: ReadyReason,
  message: string,
  now: Date,
): CertificateRequestStatus {
  const is = reason === 'Issued' ? 'True' : 'False';
  const { conditions = [], ...others } = status;
  const before = conditions.find(({ type }) => type === 'Ready');
  const lastTransitionTime = before?.status === is ? before.lastTransitionTime : undefined;
  const isOver = reason === 'Failed' || reason === 'Denied';
  return {
    ...others,
    ...(isOver ? { failureTime: others.failureTime ?? formatTime(now) } : {}),
    conditions: [
      ...conditions.filter(({ type }) => type !== 'Ready'),
      { type: 'Ready', status: is, reason, message, lastTransitionTime: lastTransitionTime ?? formatTime(now) },
    ],
  };
}
