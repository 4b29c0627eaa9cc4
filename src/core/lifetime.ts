/**
 * Does what a renewal takes fit into the life of a certificate? It is known before the first renewal, and said then, with the number to
 * set. A renewal comes `renewBefore` before the expiry, and the next one as long after it as is left of the lifetime:
 *
 *     least <= renewBefore <= lifetime - wait,   wait = waitTTLs * TTL + 60 s + the time to ask every server
 *
 * Gate, Promote: `least` leaves the wait its time before the deadline (docs/rollover.md). Observe: nothing is withheld, and the second part
 * counts alone: else the records of many renewals pile up.
 */
import type { ChainSummary } from './chain-summary.ts';
import { state, type ConditionState } from './condition-state.ts';
import type { DesiredCertificate, Facts, Renewal } from './facts.ts';
import { MARGIN_MS } from './hold.ts';
import { keyStays } from './key-stays.ts';
import { lastWritten } from './last-written.ts';
import { SAMPLES_SPAN_MS } from './sightings.ts';
import type { StoredRecordSet } from './state.ts';
import { formatMinutes, MINUTE_MS } from './time.ts';
import { wayOf } from './way.ts';

/** cert-manager accepts no less. */
const LEAST_RENEW_BEFORE_MS = 5 * MINUTE_MS;

/** In whole minutes, so that what we tell somebody to set is enough. */
interface Bounds {
  readonly waitMs: number;
  readonly leastMs: number;
  /** A new certificate waits before it is served. */
  readonly isWithheld: boolean;
}

/** Nothing is harmed yet, so the condition stays True. */
export function lifetimeWarnings(facts: Facts, recordSets: readonly StoredRecordSet[]): ConditionState[] {
  const { desired, deleting, secrets, renewals } = facts;
  if (deleting || !desired.publish) return [];
  return desired.certificates.flatMap((certificate) => {
    const { secretName } = certificate;
    const secret = secrets.get(secretName);
    // Records do not change with a key that stays.
    if (secret?.known !== true || keyStays(secretName, facts)) return [];
    return (
      warningOf(certificate, secret.value, renewals.get(secretName), boundsOf(certificate, facts, recordSets)) ?? []
    );
  });
}

function boundsOf(certificate: DesiredCertificate, facts: Facts, recordSets: readonly StoredRecordSet[]): Bounds {
  const { desired } = facts;
  const ttls = [desired.ttlSeconds, ...recordSets.map(({ versions }) => lastWritten(versions)?.ttlSeconds ?? 0)];
  const waitMs = upToMinute(1000 * desired.waitTTLs * Math.max(...ttls) + MARGIN_MS + SAMPLES_SPAN_MS);
  const isWithheld = wayOf(certificate, facts).mode !== 'Observe';
  if (!isWithheld) return { waitMs, leastMs: LEAST_RENEW_BEFORE_MS, isWithheld };
  // The deadline: so long before the expiry, or half of what is left at the renewal (deadline.ts).
  return { waitMs, leastMs: upToMinute(Math.min(waitMs + desired.deadlineBeforeExpiryMs, 2 * waitMs)), isWithheld };
}

function upToMinute(ms: number): number {
  return Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
}

function warningOf(
  certificate: DesiredCertificate,
  { notBefore, notAfter }: ChainSummary,
  renewal: Renewal | undefined,
  { waitMs, leastMs, isWithheld }: Bounds,
): ConditionState | undefined {
  const lifetimeMs = Date.parse(notAfter) - Date.parse(notBefore);
  const it = `the certificate in Secret ${certificate.secretName}`;
  const wait = `senders may hold earlier records for ${formatMinutes(waitMs)} after a change`;
  const orTTL = 'or a lower spec.ttlSeconds here';
  if (lifetimeMs < leastMs + waitMs) {
    const [duration, before] = [leastMs + waitMs, leastMs].map(formatMinutes);
    const set =
      renewal === undefined
        ? `let it be valid for ${duration} or more, and renew it ${before} or more before it expires`
        : `set duration of Certificate ${renewal.certificate} to ${duration} or more and renewBefore to ${before} or more`;
    return tell('LifetimeTooShort', `${it} is valid for ${formatMinutes(lifetimeMs)} only; ${wait}; ${set}, ${orTTL}`);
  }
  const renewBeforeMs = renewBefore(renewal, notAfter);
  if (renewal === undefined || renewBeforeMs === undefined) return undefined;
  if (isWithheld && renewBeforeMs < leastMs) {
    return tell(
      'RenewBeforeTooShort',
      `${it} is renewed ${formatMinutes(renewBeforeMs)} before it expires; ${wait}, and a new certificate is withheld so long, which must end before the deadline; set renewBefore of Certificate ${renewal.certificate} to ${formatMinutes(leastMs)} or more, ${orTTL}`,
    );
  }
  const betweenMs = lifetimeMs - renewBeforeMs;
  if (betweenMs >= waitMs) return undefined;
  return tell(
    'RenewBeforeTooLong',
    `${it} is renewed every ${formatMinutes(betweenMs)}; ${wait}; set renewBefore of Certificate ${renewal.certificate} to ${formatMinutes(lifetimeMs - waitMs)} or less, ${orTTL}`,
  );
}

function tell(
  reason: 'LifetimeTooShort' | 'RenewBeforeTooShort' | 'RenewBeforeTooLong',
  message: string,
): ConditionState {
  return state('CertificatesResolved', 'True', reason, message);
}

/** So long before the expiry the next renewal comes. Undefined where none will come, and where it was computed for another certificate. */
function renewBefore(renewal: Renewal | undefined, notAfter: string): number | undefined {
  if (renewal?.at === undefined || renewal.notAfter === undefined) return undefined;
  const expiry = Date.parse(renewal.notAfter);
  return expiry === Date.parse(notAfter) ? expiry - Date.parse(renewal.at) : undefined;
}
