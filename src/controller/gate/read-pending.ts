import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { RequestWriter } from './request-writer.ts';
import { seenRequest, type SeenRequest } from './seen-request.ts';

/** As it stands at the API server, whole. Undefined where it is gone, or is over: what was completed a moment ago may not have been seen yet. */
export async function readPending(
  { metadata }: SeenRequest,
  read: RequestWriter['read'],
): Promise<CertificateRequest | undefined> {
  const request = await read(metadata.namespace, metadata.name);
  // Of that name there may be another one by now.
  if (request?.metadata.uid !== metadata.uid) return undefined;
  return seenRequest(request).outcome.kind === 'Pending' ? request : undefined;
}
