/** Gate: why a CertificateRequest is pending or fails, for people. */
import type { Attempt, AttemptState, IssuanceFacts, Withholder } from './issuance-facts.ts';
import { several } from './several.ts';
import { formatTime } from './time.ts';

export const CLOCKS_DISAGREE =
  'our clock and that of the API server do not agree; nothing is handed over or asked for again until they do: set the clocks right (NTP)';

export function keyRefusedBy(withholders: readonly Withholder[]): string {
  return `its key is in spec.compromisedKeys of MailServer ${several(withholders.map(({ name }) => name))}`;
}

export function notAnswered(facts: IssuanceFacts, attempt: Attempt | undefined): string {
  return `${issuerOf(facts)} has not answered ${requestOf(attempt)} yet`;
}

export function heldBy(withholders: readonly Withholder[]): string {
  const names = withholders.map(({ name, until }) => (until === undefined ? name : `${name} (until ${until})`));
  return `issued, and held back until no sender would refuse it, by MailServer ${several(names)}`;
}

export function heldBackUntil(until: Date): string {
  return `issued, and held back until ${formatTime(until)}: senders may still hold records of a MailServer that was deleted`;
}

export function failed(facts: IssuanceFacts, attempt: Attempt, state: FailedState, until: Date): string {
  return `${requestOf(attempt)} ${failureOf(state)}; ${issuerOf(facts)} is asked again at ${formatTime(until)}, for the same key`;
}

type FailedState = Extract<AttemptState, { kind: 'Failed' | 'Issued' }>;

function failureOf(state: FailedState): string {
  if (state.kind === 'Issued') return 'was answered with what has expired';
  return state.error === undefined ? 'failed' : `was answered with what cannot be used (${state.error.message})`;
}

export function requestOf(attempt: Attempt | undefined): string {
  return `CertificateRequest ${attempt?.name ?? ''}`;
}

function issuerOf({ issuer }: IssuanceFacts): string {
  return issuer.known ? issuer.value : 'the issuer';
}
