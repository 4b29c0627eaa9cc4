/**
 * The history of an owner: every value of its RRset that a sender may have been given (docs/rollover.md, "The gate").
 *
 * | the primary holds                              | then the history gets                                             |
 * |------------------------------------------------|-------------------------------------------------------------------|
 * | anything, and nothing is stored                | `Unknown` (any value may have stood there before), then what it holds |
 * | what the intent would make of the last version | that, `Written`                                                   |
 * | the last version                               | nothing                                                           |
 * | another version that is held                   | that value once more, `Written`: values recur                     |
 * | a value that we never knew                     | `Unknown`, then what it holds: somebody else writes here          |
 *
 * An intent that is given up is kept as `Unconfirmed`: it may have been carried out, or may still be. Retries of one value are one
 * version. A version goes when no cache can hold it any more.
 */
import { isClockRight } from './clock.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import { fitting, MAX_VERSIONS } from './history-room.ts';
import { isForgotten } from './hold.ts';
import { lastWritten } from './last-written.ts';
import type { RecordSet } from './record-set.ts';
import { isAnyValue, mayBeOf, valueOf, valueOfRRset } from './rrset-value.ts';
import type { Intent, StoredCertificate, StoredRecordSet, Version } from './state.ts';
import { withAnswers } from './supersession.ts';
import { formatTime } from './time.ts';
import { formatTlsa, type TlsaRecord } from './tlsa.ts';
import { unseenServers } from './unseen-servers.ts';

const DAY_SECONDS = 86_400;
/** A change whose sender may have been paused is carried out within minutes, or never. */
const NEVER_SENT_MS = 10 * 60_000;

/** Is something on its way, so that the authoritative servers must be asked? At rest they need not be. */
export function isWatched(stored: StoredRecordSet | undefined): boolean {
  return stored !== undefined && (stored.intent !== undefined || stored.versions.length > 1);
}

/** Is some name server still to show that it has moved on? */
export function isAwaited({ versions }: StoredRecordSet): boolean {
  const last = lastWritten(versions);
  return versions.some((version) => version !== last && version.supersededAt === undefined);
}

/** Can an answer's value not tell which version it is? Then serials may. */
export function needsSerials(stored: StoredRecordSet | undefined): boolean {
  return stored?.intent !== undefined || recurs(stored?.versions ?? []);
}

/** The change that the provider is to be asked about, because no answer's value can tell whether it has arrived. */
export function changeToAskAbout(stored: StoredRecordSet | undefined): string | undefined {
  return recurs(stored?.versions ?? []) ? lastWritten(stored?.versions ?? [])?.changeID : undefined;
}

function recurs(versions: readonly Version[]): boolean {
  return versions.some(
    (later, index) =>
      later.kind !== 'Unknown' && versions.slice(0, index).some((version) => mayBeOf(valueOf(later.records), version)),
  );
}

/** Does the change that is about to be made bring back a value that senders may still have from before? */
export function comesBack({ intent, versions }: StoredRecordSet): boolean {
  if (intent === undefined) return false;
  const value = valueOf(intendedValue(intent, versions));
  return versions.some((version) => mayBeOf(value, version));
}

/** Does the primary hold what the change under way was to make? */
export function isMade(intent: Intent, versions: readonly Version[], current: readonly TlsaRecord[]): boolean {
  return valueOf(current.map(formatTlsa)) === valueOf(intendedValue(intent, versions));
}

/** The value that this intent makes of what stood there when it was stored. */
export function intendedValue(intent: Intent, versions: readonly Version[]): readonly string[] {
  const gone = new Set(intent.remove);
  return [...new Set([...(lastWritten(versions)?.records ?? []).filter((record) => !gone.has(record)), ...intent.add])];
}

/** Everything that a sender may have been given, the change that is under way included. */
export function handedOut(recordSet: StoredRecordSet): readonly Version[] {
  const { intent, versions } = recordSet;
  return intent === undefined ? versions : [...versions, unconfirmed(intent, versions)];
}

/** @param keepsIntent whether the stored intent goes on; one that was given up may have been carried out all the same */
export function nextVersions(
  stored: StoredRecordSet | undefined,
  owner: OwnerFacts,
  current: RecordSet,
  facts: Facts,
  keepsIntent: boolean,
): readonly Version[] {
  const written = withCurrent(stored, owner, current, facts, keepsIntent);
  // Times of a clock that is wrong must not be stored, nor end a wait.
  if (!isClockRight(facts)) return fitting(written, facts);
  const seen = owner.servers?.known === true ? withAnswers(written, owner, owner.servers.value, facts) : written;
  // What cannot be looked at any more is not forgotten either.
  const isBlind = unseenServers(owner, facts.now) !== undefined;
  return fitting(isBlind ? seen : withoutForgotten(seen, owner, facts), facts);
}

function withCurrent(
  stored: StoredRecordSet | undefined,
  owner: OwnerFacts,
  current: RecordSet,
  facts: Facts,
  keepsIntent: boolean,
): readonly Version[] {
  const before = versionsOf(stored, owner);
  const intent = stored?.intent;
  const value = valueOfRRset(current.records);
  const last = lastWritten(before);
  const isIntended = intent !== undefined && value === valueOf(intendedValue(intent, before));
  const isLast = last !== undefined && value === valueOf(last.records);
  const askedTtl = isIntended ? intent.ttlSeconds : 0;
  const ttlSeconds = value === '' ? 0 : Math.max(askedTtl, current.ttlSeconds ?? 0);
  // A shorter TTL is a version of its own: the longer one counts until no cache can have it.
  if (isIntended && (!isLast || (!keepsIntent && ttlSeconds < last.ttlSeconds)))
    return push(before, owner, current, ttlSeconds, facts);

  const isUnderWay = intent === undefined || isIntended || (keepsIntent && isLast);
  const given = isUnderWay ? before : [...before, { ...unconfirmed(intent, before), writtenAt: formatTime(facts.now) }];
  if (isLast) return withTtl(withoutNeverSent(given, last, facts), last, ttlSeconds);
  const isKnown = given.some((version) => mayBeOf(value, version) && !isAnyValue(version));
  return push(isKnown ? given : [beginning(given, current, facts)], owner, current, ttlSeconds, facts);
}

/** The serials, and the changes, of another provider's primary tell nothing about this one's. */
function versionsOf(stored: StoredRecordSet | undefined, { provider }: OwnerFacts): readonly Version[] {
  const { versions = [] } = stored ?? {};
  if (stored === undefined || stored.provider === provider) return versions;
  return versions.map((version) => ({ ...version, serial: undefined, changeID: undefined }));
}

/** What was given up so long ago, and is not there, was never carried out. */
function withoutNeverSent(versions: readonly Version[], last: Version, facts: Facts): readonly Version[] {
  const isNeverSent = ({ kind, n, writtenAt }: Version): boolean =>
    kind === 'Unconfirmed' && n > last.n && facts.now.getTime() >= Date.parse(writtenAt) + NEVER_SENT_MS;
  return isClockRight(facts) ? versions.filter((version) => !isNeverSent(version)) : versions;
}

function push(
  before: readonly Version[],
  owner: OwnerFacts,
  current: RecordSet,
  ttlSeconds: number,
  facts: Facts,
): readonly Version[] {
  const { serials } = owner;
  const isRaised = serials !== undefined && serials.now !== serials.beforeWrite;
  const written: Version = {
    n: (before.at(-1)?.n ?? 0) + 1,
    kind: 'Written',
    records: current.records.map(formatTlsa).sort(),
    ttlSeconds,
    serial: isRaised ? serials.now : undefined,
    changeID: owner.changeID,
    writtenAt: formatTime(facts.now),
  };
  return [...before, written];
}

/** What stood there before we knew; everything older is part of it. */
export function beginning(before: readonly Version[], current: RecordSet, facts: Facts): Version {
  const { publish, ttlSeconds, waitTTLs } = facts.desired;
  // What begins may be a history that was lost: a server that lags may not even have its records yet.
  const mayBeLost = facts.statusLost === true || !publish;
  const isAbsent = current.records.length === 0 && before.length === 0 && !mayBeLost;
  const largestTtl = Math.max(ttlSeconds, current.ttlSeconds ?? 0, ...before.map((version) => version.ttlSeconds));
  const wait = waitTTLs * largestTtl;
  return {
    n: (before.at(-1)?.n ?? 0) + 1,
    kind: 'Unknown',
    records: [],
    ttlSeconds: largestTtl,
    waitSeconds: isAbsent ? wait : Math.max(DAY_SECONDS, wait),
    writtenAt: formatTime(facts.now),
  };
}

function unconfirmed(intent: Intent, before: readonly Version[]): Version {
  return {
    n: (before.at(-1)?.n ?? 0) + 1,
    kind: 'Unconfirmed',
    records: [...intendedValue(intent, before)].sort(),
    ttlSeconds: intent.ttlSeconds,
    writtenAt: intent.since,
  };
}

function withTtl(versions: readonly Version[], of: Version, ttlSeconds: number): readonly Version[] {
  if (ttlSeconds <= of.ttlSeconds) return versions;
  return versions.map((version) => (version === of ? { ...version, ttlSeconds } : version));
}

/**
 * The newest that was written stands in the DNS, and stays. While something waits to be released here, all stay for which there is room: a
 * server that shows one of them again is still to be noticed.
 */
function withoutForgotten(versions: readonly Version[], { desired }: OwnerFacts, facts: Facts): readonly Version[] {
  const current = lastWritten(versions);
  const forgotten = versions.filter(
    (version) => version !== current && isForgotten(version, facts.desired.waitTTLs, facts.now),
  );
  const isWaitedFor = desired && !facts.deleting && facts.stored.certificates.some(isAwaitingRelease);
  const gone = isWaitedFor ? forgotten.slice(0, Math.max(0, versions.length - MAX_VERSIONS)) : forgotten;
  return versions.filter((version) => !gone.includes(version));
}

function isAwaitingRelease({ chains }: StoredCertificate): boolean {
  return chains.some(({ state }) => state === 'Candidate');
}
