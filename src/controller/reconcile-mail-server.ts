/**
 * One pass over one MailServer: gather -> plan -> record or act. A pass does one thing. What status does not hold yet is written there,
 * with the resourceVersion that the plan was made from: it is the fence against a second leader, and the record that a crash cannot
 * lose. Only when it stands there, the effect follows.
 */
import { isDeepStrictEqual } from 'node:util';
import type { MailServer } from '../api/mail-server.ts';
import type { MailServerStatus } from '../api/mail-server-status.ts';
import { parseDuration } from '../api/duration.ts';
import { OperatorError } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import { plan, type Effect, type Plan } from '../core/plan.ts';
import type { WriteResult } from '../kube/objects.ts';
import type { Logger } from '../observe/log.ts';
import { FINALIZER, gather, type Gathered, type Sources } from './gather.ts';
import { eventsOf, type ObjectEvent } from './mail-server-events.ts';
import { nextStatus } from './next-status.ts';
import type { Outcome } from './outcome.ts';

export interface MailServerWriter {
  /** Both put what the API server answered into the store. */
  readonly replaceStatus: (mailServer: MailServer) => Promise<WriteResult<MailServer>>;
  readonly setFinalizers: (mailServer: MailServer, finalizers: readonly string[]) => Promise<WriteResult<MailServer>>;
  readonly event: (mailServer: MailServer, event: ObjectEvent) => void;
}

export interface MailServerReconciler {
  readonly sources: Sources;
  readonly writer: MailServerWriter;
  readonly log: Logger;
}

/** How the last attempt to write at an owner ended, for one MailServer; it lives as long as the process. */
export type AttemptMemory = Map<Name, 'Applied' | OperatorError>;

const AGAIN: Outcome = { kind: 'Again' };
const RETRY: Outcome = { kind: 'Retry' };

export async function reconcileMailServer(
  mailServer: MailServer,
  attempts: AttemptMemory,
  reconciler: MailServerReconciler,
): Promise<Outcome> {
  const gathered = await gather(mailServer, attempts, reconciler.sources);
  const next = plan(gathered.facts);
  const status = nextStatus(mailServer, gathered.facts, next);
  if (!isSameStatus(mailServer.status, status)) return record(mailServer, status, reconciler);
  if (next.effect !== undefined) return act(next.effect, mailServer, gathered, attempts, reconciler);
  attempts.clear();
  return rest(mailServer, gathered, next);
}

async function record(
  mailServer: MailServer,
  status: MailServerStatus,
  { writer }: MailServerReconciler,
): Promise<Outcome> {
  const result = await writer.replaceStatus({ ...mailServer, status });
  if (result.outcome === 'Written')
    for (const event of eventsOf(mailServer.status, status)) writer.event(mailServer, event);
  return AGAIN;
}

async function act(
  effect: Effect,
  mailServer: MailServer,
  gathered: Gathered,
  attempts: AttemptMemory,
  reconciler: MailServerReconciler,
): Promise<Outcome> {
  const { writer } = reconciler;
  const finalizers = mailServer.metadata.finalizers ?? [];
  switch (effect.kind) {
    case 'SetFinalizer':
      await writer.setFinalizers(mailServer, [...finalizers, FINALIZER]);
      return AGAIN;
    case 'RemoveFinalizer': {
      const owners = effect.left.map(({ owner }) => owner);
      const result = await writer.setFinalizers(
        mailServer,
        finalizers.filter((finalizer) => finalizer !== FINALIZER),
      );
      if (result.outcome === 'Written' && owners.length > 0) {
        writer.event(mailServer, {
          type: 'Warning',
          reason: 'RecordsLeft',
          message: `our records stay in the DNS: ${owners.join(', ')}`,
        });
        reconciler.log.warn({ owners }, 'the MailServer is deleted and its records stay in the DNS');
      }
      return AGAIN;
    }
    case 'ChangeRecordSets':
      return changeRecordSets(effect.changes, gathered, attempts, reconciler);
  }
}

/** What is refused is said in status by the next pass; the same refusal again is tried less and less often. */
async function changeRecordSets(
  changes: Extract<Effect, { kind: 'ChangeRecordSets' }>['changes'],
  { claims }: Gathered,
  attempts: AttemptMemory,
  { log }: MailServerReconciler,
): Promise<Outcome> {
  const outcomes = await Promise.all(
    changes.map(async (change): Promise<Outcome> => {
      const claim = claims.get(change.owner);
      if (claim?.known !== true) return AGAIN;
      const result = await claim.value.provider.writer.write(claim.value.zone, change);
      const before = attempts.get(change.owner);
      log.info(
        { owner: change.owner, outcome: result.outcome, add: change.add, remove: change.remove },
        'wrote to the zone',
      );
      switch (result.outcome) {
        case 'Applied':
          attempts.set(change.owner, 'Applied');
          return before === 'Applied' ? RETRY : AGAIN;
        case 'Conflict':
          return RETRY;
        case 'Refused':
        case 'Unknown':
          attempts.set(change.owner, result.error);
          return before instanceof OperatorError && before.code === result.error.code ? RETRY : AGAIN;
      }
    }),
  );
  return outcomes.some(({ kind }) => kind === 'Retry') ? RETRY : AGAIN;
}

/** Much that is wrong is put right outside of the cluster, where nobody tells us. */
const PROBLEM_AGAIN_MS = 5 * 60_000;

/** Nothing to do now: until time, the endpoints, or a problem that may be gone by itself call for another look. */
function rest(mailServer: MailServer, { facts, probeAgainAt }: Gathered, { recordSets, wakeAt }: Plan): Outcome {
  const now = facts.now.getTime();
  const problems = recordSets.flatMap(({ problem }) => problem ?? []);
  const isLagging = facts.owners.some(({ lagging }) => !lagging.known || (lagging.value ?? []).length > 0);
  const moments = [
    now + parseDuration(mailServer.spec.verification.interval),
    ...(problems.length > 0 ? [now + PROBLEM_AGAIN_MS] : []),
    ...(probeAgainAt === undefined ? [] : [probeAgainAt]),
    ...(wakeAt === undefined ? [] : [wakeAt.getTime()]),
  ];
  const mayPass = isLagging || problems.some(({ kind }) => kind === 'Transient');
  return { kind: mayPass ? 'Retry' : 'Done', wakeAt: Math.min(...moments) };
}

/** A status comes back from the API server with its keys in another order, and without those that are undefined. */
function isSameStatus(stored: MailServerStatus, next: MailServerStatus): boolean {
  return isDeepStrictEqual(stored, JSON.parse(JSON.stringify(next)));
}
