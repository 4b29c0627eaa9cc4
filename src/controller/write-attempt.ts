/** The last attempt to write at each owner, as far as this process knows. */
import type { OperatorError } from '../core/errors.ts';
import type { Place } from '../core/place.ts';
import type { Intent } from '../core/state.ts';
import { attempt } from './attempt.ts';
import type { Claim } from './claims.ts';

export interface WriteAttempt {
  readonly outcome: 'Applied' | OperatorError;
  /** What it was for, as it stood in status. */
  readonly intent: Intent | undefined;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** The zone's serial at the primary, read before; undefined where it is not known. */
  readonly serialBefore: number | undefined;
  /** What the provider calls it, where it does. */
  readonly changeID?: string | undefined;
}

/** Of one MailServer; it lives as long as the process. */
export type AttemptMemory = Map<Place, WriteAttempt>;

/** The zone's serial at the primary. Undefined where the provider has none, or it could not be read: nothing depends on it but patience. */
export async function serialAtPrimary({ provider, zone }: Claim): Promise<number | undefined> {
  const serial = await attempt(() => provider.dns.serial?.(zone) ?? Promise.resolve(undefined));
  return serial.known ? serial.value : undefined;
}
