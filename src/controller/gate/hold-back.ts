import type { MailServer } from '../../api/mail-server.ts';
import { formatTime } from '../../core/time.ts';
import { ApiError } from '../../kube/api-error.ts';
import { keyOf, objectKey } from '../../kube/resource.ts';
import type { Logger } from '../../observe/log.ts';
import type { Stores } from '../stores.ts';
import type { RequestWriter } from './request-writer.ts';
import { NOT_BEFORE } from './requests.ts';

/** Of the requests that wait for this MailServer, none is completed before this time. One that cannot be told so must not hold it up. */
export async function holdBack(
  { metadata, spec }: MailServer,
  until: Date,
  stores: Pick<Stores, 'certificates' | 'requests'>,
  { holdUntil }: Pick<RequestWriter, 'holdUntil'>,
  log: Logger,
): Promise<void> {
  const waiting = spec.certificates
    .filter(({ servingSecretName }) => servingSecretName === undefined)
    .flatMap(({ secretName }) => stores.certificates.byIndex('secret', objectKey(metadata.namespace, secretName)))
    .flatMap((certificate) => stores.requests.byIndex('certificate', certificate.metadata.uid))
    .filter(({ outcome }) => outcome.kind === 'Pending');
  for (const request of waiting) {
    const told = Date.parse(request.metadata.annotations?.[NOT_BEFORE] ?? '');
    if (told >= until.getTime()) continue;
    try {
      await holdUntil(request, formatTime(until));
    } catch (err) {
      if (!(err instanceof ApiError)) throw err;
      log.warn({ err, request: keyOf(request) }, 'a request is not held back for a MailServer that goes');
    }
  }
}
