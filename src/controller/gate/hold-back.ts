import type { MailServer } from '../../api/mail-server.ts';
import { formatTime } from '../../core/time.ts';
import { ApiError } from '../../kube/api-error.ts';
import { keyOf, objectKey } from '../../kube/resource.ts';
import type { Logger } from '../../observe/log.ts';
import type { Stores } from '../stores.ts';
import type { RequestWriter } from './request-writer.ts';
import { notBeforeOf } from './requests.ts';
import { requestsFor } from './stores.ts';

/**
 * Of the requests that wait for this MailServer, none is completed before this time. One that cannot be told so must not hold it up; one
 * that somebody changed meanwhile (`Changed`) can be told as soon as that is seen.
 */
export async function holdBack(
  { metadata, spec }: MailServer,
  until: Date,
  stores: Pick<Stores, 'certificates' | 'requests'>,
  { holdUntil }: Pick<RequestWriter, 'holdUntil'>,
  log: Logger,
): Promise<'Held' | 'Changed'> {
  const waiting = spec.certificates
    .filter(({ servingSecretName }) => servingSecretName === undefined)
    .flatMap(({ secretName }) => stores.certificates.byIndex('secret', objectKey(metadata.namespace, secretName)))
    .flatMap((certificate) => requestsFor(certificate, stores))
    .filter(({ outcome }) => outcome.kind === 'Pending');
  const untold = waiting.filter((request) => (notBeforeOf(request) ?? 0) < until);
  let result: 'Held' | 'Changed' = 'Held';
  for (const request of untold) {
    try {
      if ((await holdUntil(request, formatTime(until))).outcome === 'Conflict') result = 'Changed';
    } catch (err) {
      if (!(err instanceof ApiError)) throw err;
      log.warn({ err, request: keyOf(request) }, 'a request is not held back for a MailServer that goes');
    }
  }
  return result;
}
