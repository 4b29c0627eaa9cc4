import type { CertificateRequest, CertificateRequestStatus } from '../../api/certificate-request.ts';
import { formatTime } from '../../core/time.ts';
import { normal, warning } from '../object-event.ts';
import type { RequestWriter } from './request-writer.ts';

/** The reasons that cert-manager knows, and acts upon. */
export type ReadyReason = 'Pending' | 'Issued' | 'Failed' | 'Denied';

/**
 * Writes condition `Ready`, and an event that tells the same: the condition has room for the last word only.
 * @param answer what the issuer answered, if that goes with it
 * @returns false where somebody else changed the request meanwhile
 */
export async function sayReady(
  request: CertificateRequest,
  reason: ReadyReason,
  message: string,
  { replaceStatus, event, now }: Pick<RequestWriter, 'replaceStatus' | 'event' | 'now'>,
  answer: Pick<CertificateRequestStatus, 'certificate' | 'ca'> = {},
): Promise<boolean> {
  const status = { ...withReady(request, reason, message, new Date(now())), ...answer };
  const { outcome } = await replaceStatus({ ...request, status });
  if (outcome === 'Conflict') return false;
  event(request, (isOver(reason) ? warning : normal)(reason, message));
  return true;
}

/** The status with condition `Ready` said anew; what others say in it stays. Its time moves when its status does. */
function withReady(
  { status = {} }: CertificateRequest,
  reason: ReadyReason,
  message: string,
  now: Date,
): CertificateRequestStatus {
  const is = reason === 'Issued' ? 'True' : 'False';
  const { conditions = [], ...others } = status;
  const before = conditions.find(({ type }) => type === 'Ready');
  const lastTransitionTime = before?.status === is ? before.lastTransitionTime : undefined;
  return {
    ...others,
    ...(isOver(reason) ? { failureTime: others.failureTime ?? formatTime(now) } : {}),
    conditions: [
      ...conditions.filter(({ type }) => type !== 'Ready'),
      { type: 'Ready', status: is, reason, message, lastTransitionTime: lastTransitionTime ?? formatTime(now) },
    ],
  };
}

function isOver(reason: ReadyReason): boolean {
  return reason === 'Failed' || reason === 'Denied';
}
