/**
 * Copies of a zone that secondaries no longer renew. Such a server answers old records at the next change, and none at all once its copy has
 * expired (RFC 1035 §3.3.13). It is seen in two ways: its serial stays behind one that the primary has had for too long; or it says itself
 * when its copy expires (RFC 7314: BIND and Knot do), which shows when it last reached its primary, also while nothing changes.
 */
import type { Name } from './name.ts';
import { isSerialAtLeast } from './serial.ts';
import { several } from './several.ts';
import { formatTime } from './time.ts';

/** The zone as one address of a server has it. */
export interface ServedCopy {
  readonly server: Name;
  readonly address: string;
  /** When it was seen. */
  readonly at: Date;
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  /** As the server says; undefined where it does not. A primary says `expireSeconds` from now. */
  readonly expiresAt?: Date | undefined;
}

/** The same, beside what is remembered of the primary. */
export interface WatchedCopy extends ServedCopy {
  /** Since when the primary is known to have had a later serial. */
  readonly behindSince?: Date | undefined;
}

/** A serial of the primary, and when it was first seen to have it. */
export interface SerialSeen {
  readonly serial: number;
  readonly at: Date;
}

const MAX_SEEN = 64;

/** A primary that begins anew, lower, makes what was seen before worthless. Of too many the newer go: a server may have stopped long ago. */
export function withSerial(seen: readonly SerialSeen[], serial: number, at: Date): readonly SerialSeen[] {
  const last = seen.at(-1);
  if (last?.serial === serial) return seen;
  if (last !== undefined && !isSerialAtLeast(serial, last.serial)) return [{ serial, at }];
  const next = [...seen, { serial, at }];
  return next.length > MAX_SEEN ? next.toSpliced(MAX_SEEN / 2, 1) : next;
}

/** What no server is behind any more needs not be remembered; the newest is. */
export function withoutReached(seen: readonly SerialSeen[], copies: readonly ServedCopy[]): readonly SerialSeen[] {
  if (copies.length === 0) return seen;
  return seen.filter((one, index) => index === seen.length - 1 || copies.some((copy) => isBehind(copy, one)));
}

export function behindSince(copy: ServedCopy, seen: readonly SerialSeen[]): Date | undefined {
  const last = seen.at(-1);
  if (last === undefined || !isBehind(copy, last)) return undefined;
  return seen.find((one) => isBehind(copy, one))?.at;
}

function isBehind(copy: ServedCopy, { serial }: SerialSeen): boolean {
  return !isSerialAtLeast(copy.serial, serial);
}

/** BIND takes at least 300 s for refresh and 500 s for retry, whatever the SOA says. */
const PATIENCE_AT_LEAST_SECONDS = 15 * 60;
const PATIENCE_AT_MOST_SECONDS = 2 * 24 * 60 * 60;
const SHARE_OF_EXPIRE = 3 / 4;

/** A secondary asks after `refresh`, and once that has failed again after `retry`. Who expires before that must be spoken of earlier. */
function patienceMs({ refreshSeconds, retrySeconds, expireSeconds }: ServedCopy): number {
  const asked = Math.max(refreshSeconds + retrySeconds, PATIENCE_AT_LEAST_SECONDS);
  return 1000 * Math.min(asked, PATIENCE_AT_MOST_SECONDS, expireSeconds * SHARE_OF_EXPIRE);
}

/** When the server last had the primary's serial, or heard that it has. Undefined while that is as it should be. */
function overdueSince(copy: WatchedCopy, now: Date): Date | undefined {
  const { at, behindSince: behind, expiresAt, expireSeconds } = copy;
  const isTooLong = (since: Date, until: Date): boolean => until.getTime() - since.getTime() >= patienceMs(copy);
  const followed = expiresAt && new Date(expiresAt.getTime() - expireSeconds * 1000);
  // It may well have followed once more since it was asked.
  if (followed !== undefined && isTooLong(followed, at)) return followed;
  return behind !== undefined && isTooLong(behind, now) ? behind : undefined;
}

export function transferProblem(zone: Name, copies: readonly WatchedCopy[], now: Date): string | undefined {
  const overdue = copies.flatMap((copy) => {
    const since = overdueSince(copy, now);
    return since === undefined ? [] : { copy, since };
  });
  if (overdue.length === 0) return undefined;
  const told = overdue.map(
    ({ copy, since }) => `${copy.server} (since ${formatTime(since)}; ${expiryOf(copy, since)})`,
  );
  return `these name servers do not follow the primary of ${zone} any more: ${several(told)}; may they transfer, does the primary notify them, are their clocks and keys right?`;
}

/** No later than that: a server that does not say it may have reached the primary long before it was seen behind. */
function expiryOf({ expiresAt, expireSeconds }: WatchedCopy, since: Date): string {
  const until = expiresAt ?? new Date(since.getTime() + expireSeconds * 1000);
  return `answers nothing from ${formatTime(until)}${expiresAt === undefined ? ' at the latest' : ''}`;
}

/** When there is next something to say, if no server follows. */
export function nextTransferMoments(copies: readonly WatchedCopy[]): Date[] {
  return copies.flatMap((copy) =>
    copy.behindSince === undefined ? [] : new Date(copy.behindSince.getTime() + patienceMs(copy)),
  );
}
