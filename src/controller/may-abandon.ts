import type { MailServer } from '../api/mail-server.ts';
import { isClockRight } from '../core/clock.ts';

const ABANDON_ANNOTATION = 'tlsa-operator.io/abandon-records';
/** A namespace must not hang for ever on a DNS server that is gone. */
const ABANDON_AFTER_MS = 60 * 60_000;

export interface Clock {
  /** Milliseconds since 1970; as are all times here. */
  readonly now: number;
  /** When this process started. */
  readonly startedAt: number;
  /** Our clock minus the API server's; undefined while not known. */
  readonly clockSkewMs: number | undefined;
}

/**
 * May a deletion leave the records? Somebody says so, or for an hour this process could have withdrawn them, and could not. By a clock that
 * is wrong nobody knows how long that was: the API server dates the deletion.
 */
export function mayAbandon({ metadata }: Pick<MailServer, 'metadata'>, clock: Clock): boolean {
  if (metadata.annotations?.[ABANDON_ANNOTATION] !== undefined) return true;
  if (metadata.deletionTimestamp === undefined || !isClockRight(clock)) return false;
  return clock.now > Math.max(Date.parse(metadata.deletionTimestamp), clock.startedAt) + ABANDON_AFTER_MS;
}
