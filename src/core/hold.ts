/** How long a version of an RRset may still be in a sender's cache (docs/rollover.md, "The gate"). */
import type { Version } from './state.ts';

/** For resolvers that keep an RRset a second longer or raise small TTLs, and for a delivery that is under way. */
export const MARGIN_MS = 60_000;
/** A version is remembered a little longer than it is held, so that the last look before a release knows it. */
export const FORGET_AFTER_MS = 10 * 60_000;

/** The moment from which no sender uses it any more; undefined while that cannot be said: a server may still hand it out. */
export function heldUntil(version: Version, waitTTLs: number): Date | undefined {
  const waitMs = 1000 * (version.waitSeconds ?? waitTTLs * version.ttlSeconds);
  const moments = [
    ...(version.supersededAt === undefined ? [] : [Date.parse(version.supersededAt) + waitMs + MARGIN_MS]),
    // A dead server ends by itself: what it keeps is not valid beyond its signatures.
    ...(version.rrsigExpiry === undefined ? [] : [Date.parse(version.rrsigExpiry) + MARGIN_MS]),
  ];
  return moments.length === 0 ? undefined : new Date(Math.min(...moments));
}

/** The same, where every server has moved on; undefined while that is still awaited, however long it may last at most. */
export function endOfWait(version: Version, waitTTLs: number): Date | undefined {
  return version.supersededAt === undefined ? undefined : heldUntil(version, waitTTLs);
}

export function isHeld(version: Version, waitTTLs: number, now: Date): boolean {
  const until = heldUntil(version, waitTTLs);
  return until === undefined || now < until;
}

export function isForgotten(version: Version, waitTTLs: number, now: Date): boolean {
  const until = heldUntil(version, waitTTLs);
  return until !== undefined && now.getTime() >= until.getTime() + FORGET_AFTER_MS;
}
