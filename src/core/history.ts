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
import type { Facts, NameServerFacts, OwnerFacts } from './facts.ts';
import { isClockRight } from './clock.ts';
import { isForgotten } from './hold.ts';
import { isSeenAgain, nobodyAnswers, passedAt, valueOf, valueOfRRset } from './sightings.ts';
import type { Intent, StoredRecordSet, Version } from './state.ts';
import { formatTime } from './time.ts';
import { formatTlsa, type TlsaRecord } from './tlsa.ts';

const DAY_SECONDS = 86_400;
/** Where no signature was seen: longer than anybody's (BIND's default is 14 days, Route 53's a week). */
const LONGEST_VALIDITY_SECONDS = 30 * DAY_SECONDS;
/** Status has room for so many; somebody who changes records without end gets there. */
const MAX_VERSIONS = 8;
/** And for so many characters of records, beside those that stand there now: eight versions of a dozen records. */
const MAX_TEXT = 8192;
/** Where no server can be asked, a change that a validating resolver shows counts as done after this. */
const UNSEEN_WAIT_MS = 3_600_000;

interface Current {
  readonly records: readonly TlsaRecord[];
  readonly ttlSeconds: number | undefined;
}

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

function recurs(versions: readonly Version[]): boolean {
  return new Set(versions.map(({ records }) => valueOf(records))).size < versions.length;
}

/** Does the change that is about to be made bring back a value that senders may still have from before? */
export function comesBack({ intent, versions }: StoredRecordSet): boolean {
  if (intent === undefined) return false;
  const value = valueOf(intendedValue(intent, versions));
  return versions.some(({ kind, records }) => kind !== 'Unknown' && valueOf(records) === value);
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

export function lastWritten(versions: readonly Version[]): Version | undefined {
  return versions.findLast(({ kind }) => kind === 'Written');
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
  current: Current,
  facts: Facts,
  keepsIntent: boolean,
): readonly Version[] {
  const written = withCurrent(stored, owner, current, facts, keepsIntent);
  // Times of a clock that is wrong must not be stored, nor end a wait.
  if (!isClockRight(facts)) return fitting(written, facts);
  const ended = withSignatureEnds(written, owner, facts);
  const seen = owner.servers?.known === true ? withAnswers(ended, owner, owner.servers.value, facts) : ended;
  return fitting(withoutForgotten(seen, facts), facts);
}

function withCurrent(
  stored: StoredRecordSet | undefined,
  owner: OwnerFacts,
  current: Current,
  facts: Facts,
  keepsIntent: boolean,
): readonly Version[] {
  const before = stored?.versions ?? [];
  const intent = stored?.intent;
  const value = valueOfRRset(current.records);
  const last = lastWritten(before);
  const isIntended = intent !== undefined && value === valueOf(intendedValue(intent, before));
  const isLast = last !== undefined && value === valueOf(last.records);
  const askedTtl = isIntended ? intent.ttlSeconds : 0;
  const ttlSeconds = value === '' ? 0 : Math.max(askedTtl, current.ttlSeconds ?? 0);
  // A shorter TTL is a version of its own: the longer one counts until no cache can have it.
  if (isIntended && (!isLast || ttlSeconds < last.ttlSeconds)) return push(before, owner, current, ttlSeconds, facts);

  const isUnderWay = intent === undefined || isIntended || (keepsIntent && isLast);
  const given = isUnderWay ? before : [...before, unconfirmed(intent, before)];
  if (isLast) return withTtl(given, last, ttlSeconds);
  const isKnown = given.some((version) => version.kind !== 'Unknown' && value === valueOf(version.records));
  return push(isKnown ? given : [beginning(given, current, facts)], owner, current, ttlSeconds, facts);
}

function push(
  before: readonly Version[],
  owner: OwnerFacts,
  current: Current,
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
    writtenAt: formatTime(facts.now),
  };
  return [...before, written];
}

/** What the primary holds no more is not signed anew from now on. */
function withSignatureEnds(versions: readonly Version[], owner: OwnerFacts, { now }: Facts): readonly Version[] {
  const current = lastWritten(versions);
  const rrsigExpiry = formatTime(new Date(now.getTime() + 1000 * signatureValiditySeconds(owner)));
  return versions.map((version) =>
    version === current || version.rrsigExpiry !== undefined ? version : { ...version, rrsigExpiry },
  );
}

function signatureValiditySeconds({ servers }: OwnerFacts): number {
  const seen = (servers?.known === true ? servers.value : [])
    .flatMap(({ answers }) => answers)
    .flatMap((answer) => answer.signatureValiditySeconds ?? []);
  return seen.length === 0 ? LONGEST_VALIDITY_SECONDS : Math.max(...seen);
}

/** What stood there before we knew; everything older is part of it. */
function beginning(before: readonly Version[], current: Current, facts: Facts): Version {
  const { ttlSeconds, waitTTLs } = facts.desired;
  const isAbsent = current.records.length === 0 && before.length === 0;
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

function withAnswers(
  versions: readonly Version[],
  owner: OwnerFacts,
  servers: readonly NameServerFacts[],
  facts: Facts,
): readonly Version[] {
  return versions.map((version) => {
    const later = versions.some(({ kind, n }) => kind === 'Written' && n > version.n);
    const ttlSeconds = Math.max(version.ttlSeconds, ...answeredTtls(version, servers));
    if (!later) return { ...version, ttlSeconds };
    if (version.supersededAt !== undefined) {
      return isSeenAgain(version.n, versions, servers)
        ? { ...version, ttlSeconds, supersededAt: undefined }
        : { ...version, ttlSeconds };
    }
    const at = passedAt(version.n, versions, servers) ?? unseen(version, versions, owner, servers, facts);
    return { ...version, ttlSeconds, supersededAt: at === undefined ? undefined : formatTime(ceilSecond(at)) };
  });
}

/** Egress to port 53 is blocked: a validating resolver that shows a later version, and an hour, stand in. */
function unseen(
  version: Version,
  versions: readonly Version[],
  { resolved }: OwnerFacts,
  servers: readonly NameServerFacts[],
  { now }: Facts,
): Date | undefined {
  if (!nobodyAnswers(servers) || resolved === undefined) return undefined;
  const value = valueOfRRset(resolved);
  const [earliest] = versions.filter(({ kind, records }) => kind !== 'Unknown' && valueOf(records) === value);
  if (earliest === undefined || earliest.n <= version.n) return undefined;
  return now.getTime() >= Date.parse(earliest.writtenAt) + UNSEEN_WAIT_MS ? now : undefined;
}

function answeredTtls(version: Version, servers: readonly NameServerFacts[]): number[] {
  return servers
    .flatMap(({ answers }) => answers)
    .filter(({ records }) => version.kind !== 'Unknown' && valueOfRRset(records) === valueOf(version.records))
    .flatMap(({ ttlSeconds }) => ttlSeconds ?? []);
}

/** Times are stored in whole seconds; a wait never begins early. */
function ceilSecond(time: Date): Date {
  return new Date(Math.ceil(time.getTime() / 1000) * 1000);
}

/** The newest that was written stands in the DNS, and stays. */
function withoutForgotten(versions: readonly Version[], { desired, now }: Facts): readonly Version[] {
  const current = lastWritten(versions);
  return versions.filter((version) => version === current || !isForgotten(version, desired.waitTTLs, now));
}

/** What there is no room for is held all the same, as something of which nothing is known any more. */
function fitting(versions: readonly Version[], facts: Facts): readonly Version[] {
  return withinText(atMost(versions, facts), facts);
}

function withinText(versions: readonly Version[], facts: Facts): readonly Version[] {
  const earlier = versions.filter((version) => version !== lastWritten(versions));
  const oldest = earlier.find(({ records }) => records.length > 0);
  if (oldest === undefined || textOf(earlier) <= MAX_TEXT) return versions;
  const waitSeconds = facts.desired.waitTTLs * oldest.ttlSeconds;
  const unknown: Version = { ...oldest, kind: 'Unknown', records: [], waitSeconds };
  return withinText(
    versions.map((version) => (version === oldest ? unknown : version)),
    facts,
  );
}

function textOf(versions: readonly Version[]): number {
  return versions.flatMap(({ records }) => records).reduce((sum, record) => sum + record.length, 0);
}

/** The oldest become one of which nothing is known any more. */
function atMost(versions: readonly Version[], facts: Facts): readonly Version[] {
  const [oldest, next, ...others] = versions;
  if (oldest === undefined || next === undefined || versions.length <= MAX_VERSIONS) return versions;
  const waits = [oldest, next].map(({ waitSeconds, ttlSeconds }) => waitSeconds ?? facts.desired.waitTTLs * ttlSeconds);
  const merged: Version = {
    n: next.n,
    kind: 'Unknown',
    records: [],
    ttlSeconds: Math.max(oldest.ttlSeconds, next.ttlSeconds),
    waitSeconds: Math.max(...waits),
    writtenAt: oldest.writtenAt,
    rrsigExpiry: later(oldest.rrsigExpiry, next.rrsigExpiry),
  };
  return atMost([merged, ...others], facts);
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  return Date.parse(a) > Date.parse(b) ? a : b;
}
