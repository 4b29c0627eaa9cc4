/**
 * May a candidate go into its serving Secret now? A literal list of checks; the first that has something to say decides
 * (docs/rollover.md, "The gate" and "Modes").
 */
import { acceptance } from './accepts.ts';
import type { ChainSummary } from './chain-summary.ts';
import { isClockRight } from './clock.ts';
import { deadlineOf } from './deadline.ts';
import { gateOf, type Gate, type Guard } from './gate.ts';
import type { Facts, Known, Promotion } from './facts.ts';
import { lastWritten } from './history.ts';
import type { RecordSetPlan } from './plan-record-set.ts';
import type { Code } from './reasons.ts';
import { isEmpty } from './serving-secret.ts';
import { several } from './several.ts';
import type { StoredCertificate, StoredChain, Version } from './state.ts';
import { parseTlsa, type TlsaRecord } from './tlsa.ts';

export interface Release {
  readonly stage: Gate['stage'] | 'Withheld';
  /** Why, for people; a stable code and a sentence. */
  readonly reason: Code;
  readonly message: string;
  /** When it will be looked at with another result, where that is known. */
  readonly until?: Date | undefined;
}

export interface Withheld {
  readonly certificate: StoredCertificate;
  readonly candidate: StoredChain;
  readonly promotion: Promotion | undefined;
  /** The owners that count: those that this MailServer has, or had and senders may still remember. */
  readonly recordSets: readonly RecordSetPlan[];
  readonly facts: Facts;
}

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
  isSuspended,
  byTheGate,
];

/** The others are asked last: `WithheldByOther` tells them that this one is ready, or each would wait for the other. */
export function releaseOf(withheld: Withheld): Release {
  const own = ownOpinion(withheld);
  return own.stage === 'Open' ? (isWithheldByOthers(withheld) ?? own) : own;
}

function ownOpinion(withheld: Withheld): Release {
  for (const check of CHECKS) {
    const release = check(withheld);
    if (release !== undefined) return release;
  }
  return open('GateOpen', 'every RRset that a sender may hold accepts it');
}

function isForbidden({ promotion }: Withheld): Release | undefined {
  if (promotion?.permitted.known !== false) return undefined;
  const { code, message } = promotion.permitted.error;
  return { stage: 'Withheld', reason: code, message };
}

/** What cannot be read must not be overwritten. */
function isUnreadable({ certificate, facts }: Withheld): Release | undefined {
  const serving = servingSecret(certificate, facts);
  if (serving?.known !== false || isEmpty(serving)) return undefined;
  return { stage: 'Withheld', reason: serving.error.code, message: serving.error.message };
}

function servingSecret(
  { secretName }: StoredCertificate,
  { desired, secrets }: Facts,
): Known<ChainSummary> | undefined {
  const certificate = desired.certificates.find((one) => one.secretName === secretName);
  return secrets.get(certificate?.servingSecretName ?? secretName);
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
    stage: 'WaitingForCaches',
    reason: 'CertificateNotYetValid',
    message: `it is valid from ${candidate.notBefore} only`,
    until: new Date(candidate.notBefore),
  };
}

/** Acts for that key alone, and still publishes first. */
function isReleasedByHand({ candidate, recordSets, facts }: Withheld): Release | undefined {
  if (facts.releaseNow !== candidate.spkiSHA256) return undefined;
  const accepted = recordSets.every(
    ({ owner, next }) =>
      next !== undefined && next.intent === undefined && acceptance(published(next), candidate, owner.hostname).accepts,
  );
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

function isSuspended({ certificate, facts }: Withheld): Release | undefined {
  const deadline = deadlineOf(certificate, facts);
  if (!facts.desired.suspend || (deadline !== undefined && facts.now >= deadline)) return undefined;
  return {
    stage: 'Withheld',
    reason: 'Suspended',
    message: 'spec.suspend is true',
    until: deadline,
  };
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
  const recordSets = withheld.recordSets.filter((recordSet) => !isFirst(recordSet, withheld));
  const deadline = deadlineOf(certificate, facts);
  const isLate = deadline !== undefined && facts.now >= deadline;
  const gate = gateOf(candidate, recordSets, (recordSet) => (isLate ? 'W' : guardOf(recordSet)), facts);
  if (gate.stage === 'Open') return undefined;
  if (
    isLate &&
    facts.desired.onDeadline === 'Release' &&
    recordSets.every((recordSet) => isAnswered(candidate, recordSet))
  ) {
    return open('DeadlineReached', 'what is served runs out, and every name server that answers has its records');
  }
  const where = several(gate.owners);
  const until = gate.opensAt ?? (isLate ? undefined : deadline);
  switch (gate.stage) {
    case 'Publishing':
      return {
        stage: 'Publishing',
        reason: 'Publishing',
        message: `its records are not published yet: ${where}`,
        until,
      };
    case 'WaitingForServers':
      return {
        stage: 'WaitingForServers',
        reason: 'WaitingForServers',
        message: `not every authoritative name server answers its records yet: ${where}`,
        until,
      };
    case 'WaitingForCaches':
      return {
        stage: 'WaitingForCaches',
        reason: 'WaitingForCaches',
        message: `senders may still hold earlier records: ${where}`,
        until: gate.opensAt,
      };
  }
}

/** Where nothing was ever served, and nothing is or was published but records of it, there is nobody to harm. */
function isFirst({ owner, next }: RecordSetPlan, { certificate, candidate, facts }: Withheld): boolean {
  if (next === undefined || !isEmpty(servingSecret(certificate, facts)) || !nobodyServes(facts)) return false;
  if (published(next).length === 0) return true;
  const [beginning, found, ...later] = next.versions;
  const accepts = ({ kind, records }: Version): boolean =>
    kind !== 'Unknown' && acceptance(records.map(parseTlsa), candidate, owner.hostname).strictlyAccepts;
  return beginning?.kind === 'Unknown' && found?.records.length === 0 && later.every(accepts);
}

function nobodyServes({ desired, endpoints }: Facts): boolean {
  if (desired.probe === 'Disabled') return true;
  return endpoints?.known === true && endpoints.value.every(({ presented }) => presented.kind !== 'Presented');
}

/** A foreign record that no chain of ours can match makes strict acceptance impossible: then one match must do. */
function guardOf({ foreignBlocks }: RecordSetPlan): Guard {
  return foreignBlocks === true ? 'W' : 'S';
}

/** Does each server that can be asked hand out an RRset that accepts it? */
function isAnswered(candidate: StoredChain, { owner, next }: RecordSetPlan): boolean {
  if (next === undefined || !acceptance(published(next), candidate, owner.hostname).accepts) return false;
  if (owner.servers?.known !== true) return false;
  const asked = owner.servers.value.filter(({ state }) => state === 'Answers');
  return asked.every(({ answers }) => {
    const newest = answers.at(-1);
    return newest !== undefined && acceptance(newest.records, candidate, owner.hostname).accepts;
  });
}

/** What the primary was last seen to hold. */
function published({ versions }: NonNullable<RecordSetPlan['next']>): TlsaRecord[] {
  return (lastWritten(versions)?.records ?? []).map(parseTlsa);
}

function open(reason: Code, message: string): Release {
  return { stage: 'Open', reason, message };
}
