/**
 * One pass over one MailServer: gather -> plan -> record -> act. What status does not hold yet is written there, with the
 * resourceVersion that the plan was made from: it is the fence against a second leader, and the record that a crash cannot lose. Only when
 * it stands there, the effect follows, from the same facts where they still hold: an UPDATE names what it expects to find.
 */
import type { MailServer } from '../api/mail-server.ts';
import type { MailServerStatus } from '../api/mail-server-status.ts';
import { parseDuration } from '../api/duration.ts';
import { OperatorError, transient } from '../core/errors.ts';
import type { Facts, OwnerFacts } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { placeOf } from '../core/place.ts';
import type { PlannedChange } from '../core/record-set-plan.ts';
import { plan, type Plan } from '../core/plan.ts';
import type { Effect } from '../core/effect.ts';
import { rememberedUntil } from '../core/remembered-until.ts';
import { formatTlsa } from '../core/tlsa.ts';
import type { ChangeResult } from '../dns/providers/provider.ts';
import type { WriteResult } from '../kube/objects.ts';
import { keyOf } from '../kube/resource.ts';
import type { Logger } from '../observe/log.ts';
import { isUnseen, type Claim } from './claims.ts';
import { fitting, type Fitting } from './fitting.ts';
import { FINALIZER, gather, storedState, type Gathered, type Sources } from './gather.ts';
import { eventsOf } from './mail-server-events.ts';
import { mayGoOn } from './may-go-on.ts';
import { warning, type ObjectEvent } from './object-event.ts';
import type { Outcome } from './outcome.ts';
import { beforeEffect } from './next-status.ts';
import { isReleaseNowVain, RELEASE_NOW } from './release-now.ts';
import type { Releases } from './releases.ts';
import { isSameStatus } from './same-status.ts';
import { serialAtPrimary, type AttemptMemory, type WriteAttempt } from './write-attempt.ts';

export interface MailServerWriter {
  /** Both put what the API server answered into the store. */
  readonly replaceStatus: (mailServer: MailServer) => Promise<WriteResult<MailServer>>;
  readonly setFinalizers: (mailServer: MailServer, finalizers: readonly string[]) => Promise<WriteResult<MailServer>>;
  /** Gate: what waits for this MailServer is not handed over before this time, though it goes. */
  readonly holdBack: (mailServer: MailServer, until: Date) => Promise<'Held' | 'Changed'>;
  /** Writes the Secrets that pods mount, or has them written. */
  readonly release: Releases['release'];
  readonly nameSharers: Releases['nameSharers'];
  readonly event: (mailServer: MailServer, event: ObjectEvent) => void;
}

export interface MailServerReconciler {
  readonly sources: Sources;
  readonly writer: MailServerWriter;
  readonly log: Logger;
}

const AGAIN: Outcome = { kind: 'Again' };
const RETRY: Outcome = { kind: 'Retry' };

export async function reconcileMailServer(
  mailServer: MailServer,
  attempts: AttemptMemory,
  reconciler: MailServerReconciler,
): Promise<Outcome> {
  const gathered = await gather(mailServer, attempts, reconciler.sources);
  const next = fitting(mailServer, gathered.facts, plan(gathered.facts));
  // As long as it remembers something, it withholds by being there.
  const until = rememberedUntil(gathered.facts, next.plan);
  if (until !== undefined && (await reconciler.writer.holdBack(mailServer, until)) === 'Changed') return RETRY;
  if (next.plan.effect?.kind !== 'SetFinalizer') return proceed(mailServer, next, gathered, attempts, reconciler);
  // It announces nothing and takes nothing back: set first, it makes one status write out of two.
  const finalizers = [...(mailServer.metadata.finalizers ?? []), FINALIZER];
  const result = await reconciler.writer.setFinalizers(mailServer, finalizers);
  // Somebody else changed the object meanwhile: what he wrote is on its way to us.
  if (result.outcome === 'Conflict') return RETRY;
  const facts = { ...gathered.facts, finalizer: true };
  const then = fitting(result.object, facts, plan(facts));
  return proceed(result.object, then, { ...gathered, facts }, attempts, reconciler);
}

async function proceed(
  mailServer: MailServer,
  next: Fitting,
  gathered: Gathered,
  attempts: AttemptMemory,
  reconciler: MailServerReconciler,
): Promise<Outcome> {
  if (isSameStatus(mailServer.status, next.status))
    return follow(mailServer, next.plan, gathered, attempts, reconciler);
  const { stored } = gathered.facts;
  const needed = neededBy(next, mailServer);
  const isShort = mayGoOn(stored, next.plan) && !isSameStatus(mailServer.status, needed);
  const recorded = await record(mailServer, isShort ? needed : next.status, gathered.facts, reconciler);
  if (recorded === undefined) return RETRY;
  const facts: Facts = { ...gathered.facts, stored: storedState(recorded) };
  const then = fitting(recorded, facts, plan(facts));
  const goesOn = mayGoOn(stored, then.plan) && isSameStatus(recorded.status, neededBy(then, recorded));
  return goesOn ? follow(recorded, then.plan, { ...gathered, facts }, attempts, reconciler) : AGAIN;
}

/** What must stand in status before the effect. */
function neededBy({ plan: { effect }, status }: Fitting, mailServer: MailServer): MailServerStatus {
  return effect?.kind === 'ChangeRecordSets' ? beforeEffect(mailServer.status, status) : status;
}

/** Undefined where another writer came first, and where the API server drops what it does not know: it must not be asked without pause. */
async function record(
  mailServer: MailServer,
  status: MailServerStatus,
  facts: Facts,
  { writer, log }: MailServerReconciler,
): Promise<MailServer | undefined> {
  const result = await writer.replaceStatus({ ...mailServer, status });
  if (result.outcome === 'Conflict') return undefined;
  for (const event of eventsOf(mailServer.status, status, facts)) {
    writer.event(mailServer, event);
    // Events go with their namespace, or within the hour.
    if (event.reason === 'Withdrawn') log.info({ mailServer: keyOf(mailServer) }, event.message);
  }
  return isSameStatus(result.object.status, status) ? result.object : undefined;
}

/** Status holds what is to be remembered: now the effect, or rest. */
async function follow(
  mailServer: MailServer,
  next: Plan,
  gathered: Gathered,
  attempts: AttemptMemory,
  reconciler: MailServerReconciler,
): Promise<Outcome> {
  await shareSecrets(mailServer, gathered.facts, reconciler);
  if (next.effect !== undefined) return act(next.effect, mailServer, gathered, attempts, reconciler);
  for (const { owner, change, problem } of next.recordSets) {
    if (change === undefined && problem === undefined && owner.zone.known)
      attempts.delete(placeOf({ owner: owner.owner, zone: owner.zone.value }));
  }
  if (isReleaseNowVain(mailServer)) {
    const message = `annotation ${RELEASE_NOW} names no certificate that waits; remove it, or correct it (64 lower-case hexadecimal digits)`;
    reconciler.writer.event(mailServer, warning('ReleaseNowIgnored', message));
  }
  return rest(mailServer, gathered, next);
}

/** Who shares a serving Secret is named on it as soon as that is seen; it changes neither certificate nor records. */
async function shareSecrets(
  mailServer: MailServer,
  { deleting, promotions }: Facts,
  { writer }: MailServerReconciler,
): Promise<void> {
  const unnamed = [...promotions].filter(([, one]) => one.permitted.known && (one.unnamed ?? []).length > 0);
  if (!deleting && unnamed.length > 0) {
    await writer.nameSharers(
      mailServer,
      unnamed.map(([servingSecretName]) => servingSecretName),
    );
  }
}

async function act(
  effect: Effect,
  mailServer: MailServer,
  gathered: Gathered,
  attempts: AttemptMemory,
  reconciler: MailServerReconciler,
): Promise<Outcome> {
  const { writer } = reconciler;
  const { now } = reconciler.sources;
  const log = reconciler.log.child({ mailServer: keyOf(mailServer) });
  const finalizers = mailServer.metadata.finalizers ?? [];
  switch (effect.kind) {
    case 'SetFinalizer':
      return AGAIN; // it comes before all that is recorded
    case 'RemoveFinalizer': {
      const owners = effect.left.map(({ owner }) => owner);
      const result = await writer.setFinalizers(
        mailServer,
        finalizers.filter((finalizer) => finalizer !== FINALIZER),
      );
      if (result.outcome === 'Written' && owners.length > 0) {
        writer.event(mailServer, warning('RecordsLeft', `our records stay in the DNS: ${owners.join(', ')}`));
        reconciler.log.warn({ owners }, 'the MailServer is deleted and its records stay in the DNS');
      }
      return result.outcome === 'Written' ? AGAIN : RETRY;
    }
    case 'Release': {
      const released = await writer.release(mailServer, effect.releases);
      if (released === 'Done' || effect.otherwise.length === 0) return released === 'Failed' ? AGAIN : RETRY;
      const changed = await changeRecordSets(effect.otherwise, gathered, attempts, now, log);
      return released === 'Failed' ? AGAIN : changed;
    }
    case 'ChangeRecordSets':
      return changeRecordSets(effect.changes, gathered, attempts, now, log);
  }
}

/** What is not seen is taken away record by record, whatever stands there; what went with its zone is gone. */
async function write(change: PlannedChange, claim: Claim): Promise<ChangeResult> {
  if (claim.sight === 'Gone') return { outcome: 'Applied' };
  return claim.provider.writer.write(claim.zone, { ...change, ...(isUnseen(claim) ? { isUnseen: true } : {}) });
}

/** What is refused is said in status by the next pass; the same refusal again is tried less and less often. */
async function changeRecordSets(
  changes: Extract<Effect, { kind: 'ChangeRecordSets' }>['changes'],
  { claims, facts }: Gathered,
  attempts: AttemptMemory,
  now: () => number,
  log: Logger,
): Promise<Outcome> {
  const outcomes = await Promise.all(
    changes.map(async (change): Promise<Outcome> => {
      const place = placeOf(change);
      const claim = claims.get(place);
      if (claim === undefined) return AGAIN;
      const before = attempts.get(place)?.outcome;
      const { intent } = facts.stored.recordSets.find((recordSet) => placeOf(recordSet) === place) ?? {};
      const serialBefore = await serialAtPrimary(claim);
      const sentAt = now();
      const remember = (outcome: WriteAttempt['outcome'], changeID?: string): void => {
        attempts.set(place, { outcome, intent, sentAt, serialBefore, changeID });
      };
      const result = await write(change, claim);
      const told = { owner: change.owner, add: change.add.map(formatTlsa), remove: change.remove.map(formatTlsa) };
      switch (result.outcome) {
        case 'Applied':
          log.info(told, 'changed records');
          if (before === undefined || before instanceof OperatorError) {
            remember('Applied', result.changeID);
            return AGAIN;
          }
          remember(notVisible(change.owner), result.changeID);
          return RETRY;
        case 'Conflict':
          return RETRY;
        case 'Refused':
        case 'Unknown':
          log.warn({ ...told, outcome: result.outcome, err: result.error }, 'records were not changed');
          remember(result.error);
          return before instanceof OperatorError && before.code === result.error.code ? RETRY : AGAIN;
      }
    }),
  );
  return outcomes.some(({ kind }) => kind === 'Retry') ? RETRY : AGAIN;
}

function notVisible(owner: Name): OperatorError {
  return transient(
    'ChangeNotVisible',
    `the name server accepted the change at ${owner} and answers as before; does it answer from another view, or from another zone?`,
  );
}

/** Much that is wrong is put right outside of the cluster, where nobody tells us. */
const PROBLEM_AGAIN_MS = 5 * 60_000;

/** Nothing to do now: until time, the endpoints, or a problem that may be gone by itself call for another look. */
function rest(mailServer: MailServer, { facts, probeAgainAt }: Gathered, { recordSets, wakeAt }: Plan): Outcome {
  const now = facts.now.getTime();
  const problems = recordSets.flatMap(({ problem }) => problem ?? []);
  const moments = [
    now + parseDuration(mailServer.spec.verification.interval),
    ...(problems.length > 0 || facts.owners.some(({ lagging }) => !lagging.known) ? [now + PROBLEM_AGAIN_MS] : []),
    ...facts.owners.flatMap((owner) => lagAgainAt(owner, facts) ?? []),
    ...(probeAgainAt === undefined ? [] : [probeAgainAt]),
    ...(wakeAt === undefined ? [] : [wakeAt.getTime()]),
  ];
  const mayPass = problems.some(({ kind }) => kind === 'Transient');
  return { kind: mayPass ? 'Retry' : 'Done', wakeAt: Math.min(...moments) };
}

/** Secondaries follow within seconds, or not for long: looked at less and less often. */
function lagAgainAt({ owner, lagging }: OwnerFacts, { now, stored }: Facts): number | undefined {
  if (!lagging.known || lagging.value === undefined || lagging.value.length === 0) return undefined;
  const writtenAt = stored.recordSets.findLast((recordSet) => recordSet.owner === owner)?.versions.at(-1)?.writtenAt;
  const lagsForMs = writtenAt === undefined ? 0 : now.getTime() - Date.parse(writtenAt);
  return now.getTime() + Math.min(Math.max(1_000, lagsForMs / 4), PROBLEM_AGAIN_MS);
}
