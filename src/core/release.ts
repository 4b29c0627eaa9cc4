/**
 * May a candidate go into its serving Secret now? A literal list of checks; the first that has something to say decides
 * (docs/rollover.md, "The gate" and "Modes").
 */
import { acceptance } from './accepts.ts';
import { isClockRight } from './clock.ts';
import { blind } from './blindness.ts';
import { closedGate } from './closed-gate.ts';
import { deadlineOf } from './deadline.ts';
import type { OperatorError } from './errors.ts';
import { gateOf, type Guard } from './gate.ts';
import { isFirst } from './first-certificate.ts';
import { lastWritten } from './last-written.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { Code } from './reasons.ts';
import { isEmpty, servingSecret } from './serving-secret.ts';
import { several } from './several.ts';
import { newestAnswers } from './sightings.ts';
import type { StoredChain, StoredRecordSet } from './state.ts';
import { parseTlsa, type TlsaRecord } from './tlsa.ts';
import type { Release, Withheld } from './withheld.ts';

type Check = (withheld: Withheld) => Release | undefined;

/** How long mail must have been down before a rebuilt cluster is believed to be one. */
const REBUILT_AFTER_MS = 10 * 60_000;

const CHECKS: readonly Check[] = [
  isForbidden,
  isUnreadable,
  clockIsWrong,
  isNotYetValid,
  isReleasedByHand,
  isRebuilt,
  isHeldBack,
  isSuspended,
  byTheGate,
];

/** The others are asked last: `WithheldByOther` tells them that this one is ready, or each would wait for the other. */
export function releaseOf(withheld: Withheld): Release {
  const own = ownOpinion(withheld);
  return own.stage === 'Open' ? (isNotToBeCopied(withheld) ?? isWithheldByOthers(withheld) ?? own) : own;
}

function ownOpinion(withheld: Withheld): Release {
  for (const check of CHECKS) {
    const release = check(withheld);
    if (release !== undefined) return release;
  }
  return open('GateOpen', 'every RRset that a sender may hold accepts it');
}

function isForbidden({ promotion }: Withheld): Release | undefined {
  return promotion?.permitted.known === false ? withheldBy(promotion.permitted.error) : undefined;
}

/** What cannot be read must not be overwritten by us. cert-manager knows what it overwrites, and repairs it so: there, only a failed read counts. */
function isUnreadable({ certificate, facts }: Withheld): Release | undefined {
  const serving = servingSecret(certificate, facts);
  if (serving?.known !== false || isEmpty(serving)) return undefined;
  if (certificate.mode === 'Gate' && serving.error.code !== 'SecretUnreadable') return undefined;
  return withheldBy(serving.error);
}

function clockIsWrong({ facts }: Withheld): Release | undefined {
  if (isClockRight(facts)) return undefined;
  return {
    stage: 'Withheld',
    reason: 'ClockSkew',
    message: `our clock and that of the API server differ by ${Math.round((facts.clockSkewMs ?? 0) / 1000)} s; nothing is released or retired until they agree: set the clocks right (NTP)`,
  };
}

function isNotYetValid({ candidate, facts }: Withheld): Release | undefined {
  if (facts.now.getTime() >= Date.parse(candidate.notBefore)) return undefined;
  return {
    stage: 'Withheld',
    reason: 'CertificateNotYetValid',
    message: `it is valid from ${candidate.notBefore} only`,
    until: new Date(candidate.notBefore),
  };
}

/** Acts for that key alone, and still publishes first; suspended, nothing is written, and what stands there must do. */
function isReleasedByHand({ candidate, recordSets, facts }: Withheld): Release | undefined {
  if (facts.releaseNow !== candidate.spkiSHA256) return undefined;
  const accepted = recordSets.every((recordSet) => {
    const { owner, next } = recordSet;
    if (next === undefined || next.intent !== undefined) return false;
    return isAccepted(next, (records) => {
      const { accepts, strictlyAccepts } = acceptance(records, candidate, owner.hostname);
      return guardOf(recordSet) === 'S' && !facts.desired.suspend ? strictlyAccepts : accepts;
    });
  });
  return accepted ? open('ReleasedByHand', 'annotation tlsa-operator.io/release-now names its key') : undefined;
}

/** The serving Secret is gone and nobody serves what the DNS says: mail is down already. */
function isRebuilt({ certificate, facts }: Withheld): Release | undefined {
  const { servingMissingSince } = certificate;
  if (servingMissingSince === undefined) return undefined;
  if (facts.now.getTime() < Date.parse(servingMissingSince) + REBUILT_AFTER_MS) return undefined;
  return open(
    'ServingSecretLost',
    'the serving Secret is gone, and no endpoint presents a certificate that senders accept',
  );
}

/** Gate: one that shared the Secret is gone, with nobody left to wait for its senders. */
function isHeldBack({ certificate, facts }: Withheld): Release | undefined {
  const until = facts.requests.get(certificate.secretName)?.notBefore;
  if (until === undefined || facts.now >= until) return undefined;
  return {
    stage: 'Withheld',
    reason: 'HeldBack',
    message: 'annotation tlsa-operator.io/not-before on its CertificateRequest names a later time',
    until,
  };
}

function isSuspended({ certificate, facts }: Withheld): Release | undefined {
  const deadline = deadlineOf(certificate, facts);
  if (!facts.desired.suspend || (deadline !== undefined && facts.now >= deadline)) return undefined;
  return {
    stage: 'Withheld',
    reason: 'Suspended',
    message: `spec.suspend is true; its gate is looked at again when that is false${deadline === undefined ? '' : ', or at the deadline'}`,
    until: deadline,
  };
}

/** Promote: the source was broken while its certificate waited. Until the gate opens it may be repaired. */
function isNotToBeCopied({ certificate, facts }: Withheld): Release | undefined {
  const source = certificate.mode === 'Promote' ? facts.secrets.get(certificate.secretName) : undefined;
  return source?.known === false ? withheldBy(source.error) : undefined;
}

/** A Secret that several MailServers share is released when each of them says so. */
function isWithheldByOthers({ promotion }: Withheld): Release | undefined {
  const others = promotion?.withheldBy ?? [];
  if (others.length === 0) return undefined;
  return {
    stage: 'Withheld',
    reason: 'WithheldByOther',
    message: `these MailServers share its Secret and are not ready for it: ${several(others)}`,
  };
}

function byTheGate(withheld: Withheld): Release | undefined {
  const { certificate, candidate, facts } = withheld;
  const deadline = deadlineOf(certificate, facts);
  const isLate = deadline !== undefined && facts.now >= deadline;
  const guard = (recordSet: RecordSetPlan): Guard => (isLate ? 'W' : guardOf(recordSet));
  const counting = withheld.recordSets.filter((recordSet) => !isFirst(recordSet, withheld));
  const closed = counting.filter((recordSet) => gateOf(candidate, [recordSet], guard, facts).stage !== 'Open');
  if (closed.length === 0) return isLate ? undefined : blind(counting, facts);
  if (isLate && facts.desired.onDeadline === 'Release' && closed.every((one) => isAnswered(candidate, one))) {
    return open('DeadlineReached', 'what is served runs out, and every name server that answers has its records');
  }
  // At the deadline less is enough, so it may open then; with Hold it may not.
  const opensAtDeadline = !isLate && facts.desired.onDeadline === 'Release';
  return closedGate(candidate, closed, guard, opensAtDeadline ? deadline : undefined, facts);
}

/** A foreign record that no chain of ours can match makes strict acceptance impossible: then one match must do. */
function guardOf({ foreignBlocks }: RecordSetPlan): Guard {
  return foreignBlocks === true ? 'W' : 'S';
}

/** Does each address that can be asked hand out an RRset that accepts it? */
function isAnswered(candidate: StoredChain, { owner, next }: RecordSetPlan): boolean {
  const accepts = (records: readonly TlsaRecord[]): boolean => acceptance(records, candidate, owner.hostname).accepts;
  if (next === undefined || !isAccepted(next, accepts) || owner.servers?.known !== true) return false;
  const asked = owner.servers.value.filter(({ state }) => state === 'Answers');
  return asked.length > 0 && asked.every((server) => newestAnswers(server).every(({ records }) => accepts(records)));
}

/** Does what the primary was last seen to hold accept it? */
function isAccepted({ versions }: StoredRecordSet, accepts: (records: readonly TlsaRecord[]) => boolean): boolean {
  const current = lastWritten(versions);
  return current !== undefined && accepts(current.records.map(parseTlsa));
}

function withheldBy({ code, message }: OperatorError): Release {
  return { stage: 'Withheld', reason: code, message };
}

function open(reason: Code, message: string): Release {
  return { stage: 'Open', reason, message };
}
