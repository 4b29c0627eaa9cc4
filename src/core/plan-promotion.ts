/** One certificate: how far its candidate is, and whether it is released now. */
import type { OperatorError } from './errors.ts';
import type { Facts, GateRequest, Promotion } from './facts.ts';
import { hasSay } from './has-say.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { ReleaseEffect } from './effect.ts';
import { releaseOf } from './release.ts';
import type { Release } from './withheld.ts';
import type { StoredCandidate, StoredCertificate } from './state.ts';
import { formatTime } from './time.ts';
import { wayOf, type Way } from './way.ts';

export interface PromotionPlan {
  readonly next: StoredCertificate;
  /** Where the certificate has a candidate: may it be released? */
  readonly gate?: Release | undefined;
  /** It is: once status says so. */
  readonly release?: ReleaseEffect | undefined;
  /** Why the last attempt at that release failed. */
  readonly problem?: OperatorError | undefined;
}

/**
 * "Open" is stored first, as all that is planned is. The pass after that looks at everything once more, the name servers too, and only if
 * the gate is still open then, for the same key, the Secret is written.
 */
export function planPromotion(
  certificate: StoredCertificate,
  recordSets: readonly RecordSetPlan[],
  facts: Facts,
): PromotionPlan {
  const { secretName } = certificate;
  const candidate = certificate.chains.find(({ state }) => state === 'Candidate');
  const desired = facts.desired.certificates.find((one) => one.secretName === secretName);
  const way = desired && wayOf(desired, facts);
  if (candidate === undefined || way === undefined || way.mode === 'Observe') return { next: certificate };
  const request = way.mode === 'Gate' ? facts.requests.get(secretName) : undefined;
  if (request?.isCompleted === true)
    return { next: { ...certificate, candidate: storedCandidate(HANDED_OVER, request) }, gate: HANDED_OVER };

  const counting = recordSets.filter((recordSet) => counts(recordSet, facts));
  const promotion = facts.promotions.get(way.servingName);
  const gate = withAttempt(releaseOf({ certificate, candidate, promotion, recordSets: counting, facts }), promotion);
  const next = { ...certificate, candidate: storedCandidate(gate, request) };
  if (gate.stage !== 'Open') return { next, gate };
  const release = effectOf(secretName, candidate.spkiSHA256, way, facts);
  return { next, gate, release, problem: promotion?.lastAttempt };
}

const HANDED_OVER: Release = {
  stage: 'Released',
  reason: 'HandedOver',
  message: 'cert-manager has it and writes the Secret',
};

function effectOf(
  secretName: string,
  spkiSHA256: string,
  { mode, servingName }: Way,
  facts: Facts,
): ReleaseEffect | undefined {
  if (mode === 'Gate') {
    const requestName = facts.requests.get(secretName)?.name;
    return requestName === undefined ? undefined : { kind: 'CompleteRequest', secretName, requestName, spkiSHA256 };
  }
  const serving = facts.secrets.get(servingName);
  const replaces = serving?.known === true ? serving.value.spkiSHA256 : undefined;
  return { kind: 'CopySecret', secretName, servingSecretName: servingName, spkiSHA256, replaces };
}

/** It is open, and what keeps the Secret from being written is the news. */
function withAttempt(gate: Release, promotion: Promotion | undefined): Release {
  if (gate.stage !== 'Open' || promotion?.lastAttempt === undefined) return gate;
  const { code, message } = promotion.lastAttempt;
  return { ...gate, reason: code, message };
}

/** With a finalizer there were records once: then a history that is missing was lost. */
function counts({ owner, next }: RecordSetPlan, { desired, deleting, finalizer }: Facts): boolean {
  return hasSay({
    refusal: owner.zone.known ? undefined : owner.zone.error.code,
    mayBePublished: owner.desired && !deleting && (desired.publish || finalizer),
    isRemembered: next !== undefined,
  });
}

function storedCandidate({ stage, reason, until }: Release, request: GateRequest | undefined): StoredCandidate {
  const isWaiting = stage === 'WaitingForServers' || stage === 'WaitingForCaches';
  return {
    ...(request?.name === undefined ? {} : { requestName: request.name }),
    stage: isWaiting ? 'Waiting' : stage,
    reason,
    ...(stage === 'WaitingForCaches' && until !== undefined ? { gateOpensAt: formatTime(until) } : {}),
  };
}
