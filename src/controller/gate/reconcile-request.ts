/** One pass over a CertificateRequest that names an issuer of ours: facts -> what is to be done (core/issuance.ts) -> do it. */
import { candidateOf, nextIssuance, type IssuanceStep } from '../../core/issuance.ts';
import { keyOf } from '../../kube/resource.ts';
import type { Logger } from '../../observe/log.ts';
import type { Outcome } from '../outcome.ts';
import { childOf, isChildOf } from './child-requests.ts';
import { completeRequest } from './complete-request.ts';
import { readPending } from './read-pending.ts';
import { sayReady, type ReadyReason } from './ready-condition.ts';
import type { RequestWriter } from './request-writer.ts';
import { childrenOf, issuanceFactsOf, wrappedBy, type RequestSources } from './requests.ts';
import { seenRequest, type SeenRequest } from './seen-request.ts';

export interface RequestReconciler {
  readonly sources: RequestSources;
  readonly writer: RequestWriter;
  readonly log: Logger;
}

/** What was written comes back by the watch, and with it the next pass. */
const WRITTEN: Outcome = { kind: 'Done', wakeAt: undefined };
const RETRY: Outcome = { kind: 'Retry' };

export async function reconcileRequest(request: SeenRequest, reconciler: RequestReconciler): Promise<Outcome> {
  const facts = issuanceFactsOf(request, reconciler.sources);
  const step = nextIssuance(facts);
  const log = reconciler.log.child({ request: keyOf(request) });
  switch (step.kind) {
    case 'Wait': {
      const { message, until } = step;
      const isSaid = message === undefined || (await sayPending(request, message, reconciler));
      return isSaid ? { kind: 'Done', wakeAt: until?.getTime() } : RETRY;
    }
    case 'Issue':
      return issue(request, step, reconciler, log);
    case 'Complete': {
      const { attempt } = step;
      const chain = candidateOf([attempt])?.chain;
      if (chain === undefined) return RETRY;
      const outcome = await completeRequest(request, attempt.name, chain, reconciler.writer);
      if (outcome === 'Completed')
        log.info({ spkiSHA256: chain.spkiSHA256 }, 'passed a certificate on: no MailServer withholds it');
      return outcome === 'Completed' ? WRITTEN : RETRY;
    }
    case 'Fail':
      log.warn({ reason: step.reason }, step.message);
      return (await say(request, step.reason, step.message, reconciler)) ? WRITTEN : RETRY;
  }
}

/** Made twice it is one: the name says of which request it is, and which try. */
async function issue(
  request: SeenRequest,
  { number, forget }: Extract<IssuanceStep, { kind: 'Issue' }>,
  reconciler: RequestReconciler,
  log: Logger,
): Promise<Outcome> {
  const { sources, writer } = reconciler;
  const issuer = wrappedBy(request, sources.gate);
  const parent = await readPending(request, writer.read);
  if (!issuer.known || parent === undefined) return RETRY;
  const child = childOf(parent, issuer.value, number);
  const result = await writer.create(child);
  if (result.outcome === 'Conflict') {
    const there = await writer.read(child.metadata.namespace, child.metadata.name);
    // Ours comes by the watch. The name can be foreseen, so somebody else's may stand there.
    if (there !== undefined && !isChildOf(seenRequest(there), request)) {
      const message = `CertificateRequest ${child.metadata.name} is in the way: it was not made for this request; delete it`;
      await sayPending(request, message, reconciler);
    }
    return RETRY;
  }
  log.info({ child: result.object.metadata.name, issuer: issuer.value }, 'asked the issuer');
  const children = childrenOf(request, sources.gate);
  await Promise.all(children.filter(({ metadata }) => forget.includes(metadata.name)).map(writer.remove));
  return WRITTEN;
}

/** Once: not where it stands there. */
async function sayPending(request: SeenRequest, message: string, reconciler: RequestReconciler): Promise<boolean> {
  const { ready } = request;
  if (ready?.reason === 'Pending' && ready.message === message) return true;
  return say(request, 'Pending', message, reconciler);
}

/** False where the request was changed meanwhile: handed over, for one. */
async function say(
  seen: SeenRequest,
  reason: ReadyReason,
  message: string,
  { writer }: RequestReconciler,
): Promise<boolean> {
  const request = await readPending(seen, writer.read);
  return request !== undefined && sayReady(request, reason, message, writer);
}
