/**
 * Facts and plan, in the words of Kubernetes: the conditions of a MailServer. Reasons are stable constants (reasons.ts); a
 * problem's reason is its error code. Nothing here changes while nothing happens: no check times, no countdowns.
 */
import { certificateProblems, certificatesResolved } from './certificates-resolved.ts';
import { caSwitchSafe } from './ca-switch.ts';
import { state, type ConditionState, type ConditionType } from './condition-state.ts';
import { covered } from './covered.ts';
import { dnssecSecure } from './dnssec-secure.ts';
import type { OperatorError } from './errors.ts';
import { isPublished } from './ours.ts';
import { recordsAt } from './endpoint-matches.ts';
import type { Facts } from './facts.ts';
import { endpointProblem, strangerAt } from './first-publication.ts';
import type { Plan } from './plan.ts';
import { problemsOf, unreadable } from './problems.ts';
import { propagated } from './propagated.ts';
import { rolloverSummary } from './rollover-summary.ts';
import { sentences, several } from './several.ts';
import { isUnreached, probeUnavailable } from './unreached.ts';
import type { RecordSetPlan } from './record-set-plan.ts';

/** Why an owner may not be written at all: it is a matter of the MailServer, not of the world. */
const NOT_ACCEPTED = new Set(['HostnameNotAllowed', 'OwnerConflict', 'ZoneNotFound']);

/** `Reconciling` and `Stalled` are there only while True (kstatus). */
export function conditions(facts: Facts, plan: Plan): ConditionState[] {
  const acceptance = accepted(facts);
  const parts = [
    acceptance,
    certificatesResolved(facts, plan),
    providerReady(facts),
    dnssecSecure(facts),
    recordsPublished(facts, plan),
    propagated(facts),
    servingMatches(facts, plan),
    covered(facts, plan),
    ...caSwitchSafe(facts, plan),
    rolloverInProgress(facts, plan),
  ];
  const ready = readyOf(parts);
  const stalledBy = blockingProblems(facts, plan, acceptance.status === 'True').find(
    (problem) => problem.kind === 'Stalled',
  );
  if (stalledBy !== undefined) {
    return [
      ready.status === 'True' ? state('Ready', 'False', stalledBy.code, stalledBy.message) : ready,
      ...parts,
      state('Stalled', 'True', stalledBy.code, stalledBy.message),
    ];
  }
  return [
    ready,
    ...parts,
    ...(ready.status === 'True' || facts.desired.suspend
      ? []
      : [{ ...ready, type: 'Reconciling' as const, status: 'True' as const }]),
  ];
}

/** What keeps the MailServer from being as it should be. An owner lost to another MailServer stops only itself. */
function blockingProblems(facts: Facts, plan: Plan, goesOn: boolean): OperatorError[] {
  const problems = [
    ...facts.specProblems,
    ...certificateProblems(facts),
    ...promotionProblems(facts, plan),
    ...plan.recordSets.flatMap(({ problem }) => problem ?? []),
  ];
  return goesOn ? problems.filter((problem) => problem.code !== 'OwnerConflict') : problems;
}

/** What keeps a certificate from ever being released. */
function promotionProblems({ promotions }: Facts, plan: Plan): OperatorError[] {
  return [
    ...problemsOf([...promotions.values()].map(({ permitted }) => permitted)),
    ...plan.promotions.flatMap(({ problem }) => problem ?? []),
  ];
}

function readyOf(parts: readonly ConditionState[]): ConditionState {
  const of = (type: ConditionType): ConditionState | undefined => parts.find((part) => part.type === type);
  for (const type of ['Accepted', 'CertificatesResolved', 'ProviderReady', 'RecordsPublished'] as const) {
    const part = of(type);
    if (part !== undefined && part.status !== 'True') return { ...part, type: 'Ready' };
  }
  const serving = of('ServingMatches');
  if (serving?.status === 'False') return { ...serving, type: 'Ready' };
  const published = of('RecordsPublished');
  return state('Ready', 'True', published?.reason ?? 'Published', published?.message ?? '');
}

/** An owner lost to another MailServer is left out, the others go on; only when none is left is the whole refused. */
function accepted(facts: Facts): ConditionState {
  const owners = facts.owners.filter((owner) => owner.desired);
  const refused = owners.flatMap((owner) =>
    !owner.zone.known && NOT_ACCEPTED.has(owner.zone.error.code) ? owner.zone.error : [],
  );
  const [unreadable] = facts.specProblems;
  if (unreadable !== undefined) return state('Accepted', 'False', unreadable.code, sentences(facts.specProblems));
  const [first] = refused;
  if (first === undefined) return state('Accepted', 'True', 'Accepted', 'the spec is accepted');
  const goesOn = refused.every((error) => error.code === 'OwnerConflict') && refused.length < owners.length;
  return state('Accepted', goesOn ? 'True' : 'False', first.code, sentences(refused));
}

function providerReady(facts: Facts): ConditionState {
  return facts.provider.known
    ? state('ProviderReady', 'True', 'Ready', 'the DNS provider is ready')
    : state('ProviderReady', 'False', facts.provider.error.code, facts.provider.error.message);
}

function recordsPublished(facts: Facts, plan: Plan): ConditionState {
  const isMine = ({ owner, next }: RecordSetPlan): boolean =>
    next !== undefined || (owner.desired && (owner.zone.known || !NOT_ACCEPTED.has(owner.zone.error.code)));
  const mine = plan.recordSets.filter(isMine);
  const problems = (mine.length > 0 ? mine : plan.recordSets).flatMap(({ problem }) => problem ?? []);
  const [first] = problems;
  if (first !== undefined) return state('RecordsPublished', 'False', first.code, sentences(problems));
  const pending = plan.recordSets.filter(({ change, owner }) => change !== undefined && owner.zone.known);
  if (pending.length > 0) return pendingCondition(facts, pending);
  if (!facts.desired.publish)
    return state(
      'RecordsPublished',
      'True',
      'Withdrawn',
      'spec.publish is false and none of our records is in the DNS',
    );
  return state('RecordsPublished', 'True', 'Published', `the primary name server holds the records of ${names(mine)}`);
}

/** A change on its way to records that stand is routine, and no reason to be less than ready. */
function pendingCondition(facts: Facts, pending: readonly RecordSetPlan[]): ConditionState {
  if (facts.desired.suspend) {
    return state(
      'RecordsPublished',
      'False',
      'Suspended',
      `spec.suspend is true; otherwise the records of ${names(pending)} would be changed now`,
    );
  }
  const isRoutine = pending.every(({ next }) => isPublished(next));
  return state(
    'RecordsPublished',
    isRoutine ? 'True' : 'False',
    'Publishing',
    `the records of ${names(pending)} are being changed`,
  );
}

function servingMatches(facts: Facts, plan: Plan): ConditionState {
  if (facts.desired.probe === 'Disabled')
    return state('ServingMatches', 'Unknown', 'ProbeDisabled', 'spec.verification.probe is Disabled');
  const published = facts.owners.filter(
    (owner) => owner.desired && owner.current.known && owner.current.value.records.length > 0,
  );
  if (published.length === 0) {
    const [problem] = unreadable(facts);
    return problem === undefined
      ? state('ServingMatches', 'Unknown', 'NothingPublished', 'nothing is published yet')
      : state('ServingMatches', 'Unknown', problem.code, problem.message);
  }
  if (facts.endpoints === undefined)
    return state('ServingMatches', 'Unknown', 'NotProbedYet', 'the endpoints have not been looked at yet');
  if (!facts.endpoints.known)
    return state('ServingMatches', 'Unknown', facts.endpoints.error.code, facts.endpoints.error.message);
  const probed = facts.endpoints.value.filter((endpoint) => endpoint.presented.kind !== 'Skipped');
  if (probed.every(isUnreached)) {
    const { code, message } = probeUnavailable(
      several(published.map(({ hostname }) => hostname)),
      facts.endpoints.value,
    );
    return state('ServingMatches', 'Unknown', code, message);
  }
  const inUse = plan.state.certificates.flatMap(({ chains }) => chains);
  const problems = probed.flatMap(
    (endpoint) => endpointProblem(endpoint, recordsAt(published, endpoint), facts) ?? strangerAt(endpoint, inUse) ?? [],
  );
  const mismatch = problems.find(({ code }) => code === 'UnknownChainServed' || code === 'RecordsDoNotMatch');
  if (mismatch !== undefined) return state('ServingMatches', 'False', mismatch.code, sentences(problems));
  const [first] = problems;
  return first === undefined
    ? state('ServingMatches', 'True', 'AllMatch', 'every endpoint presents a certificate that the records accept')
    : state('ServingMatches', 'Unknown', first.code, sentences(problems));
}

function rolloverInProgress(facts: Facts, plan: Plan): ConditionState {
  const { step, code, reason, until } = rolloverSummary(facts, plan);
  const message = until === undefined ? reason : `${reason} (until ${until})`;
  return state('RolloverInProgress', step === 'Idle' ? 'False' : 'True', code, message);
}

function names(recordSets: readonly RecordSetPlan[]): string {
  return several(recordSets.map(({ owner }) => owner.owner));
}
