/**
 * Gate: what is to be done with a CertificateRequest that names an issuer of ours (docs/rollover.md, "Gate"). Pure, like the planner.
 *
 * The wrapped issuer signs at once, by a child request with the same CSR. What it answers is withheld until every MailServer that uses the
 * Secret says that no sender would refuse it. Nothing is ever approved here, and nothing is denied in order to delay: a denial throws the
 * key away.
 */
import type { ChainSummary } from './chain-summary.ts';
import { isClockRight } from './clock.ts';
import type { Known } from './facts.ts';
import type { OperatorError } from './errors.ts';
import { several } from './several.ts';
import { formatTime } from './time.ts';

/** One try at the wrapped issuer. */
export interface Attempt {
  /** Of the child request. */
  readonly name: string;
  /** From 1 upwards. */
  readonly number: number;
  readonly state: AttemptState;
}

export type AttemptState =
  | { readonly kind: 'Pending' }
  /** It is not answered, and goes to an issuer that is wrapped no more. */
  | { readonly kind: 'Astray' }
  | { readonly kind: 'Issued'; readonly at: Date; readonly chain: ChainSummary }
  /** `error`: it was answered, with what cannot be used. */
  | { readonly kind: 'Failed'; readonly at: Date; readonly error?: OperatorError | undefined }
  /** By whoever approves in this cluster. */
  | { readonly kind: 'Denied' };

/** A MailServer that uses the Secret. */
export interface Withholder {
  readonly name: string;
  /** When it may say that the certificate can go, as far as it knows. */
  readonly until?: string | undefined;
  /** It says that somebody else has this key (`compromisedKeys`). */
  readonly refusesKey?: boolean | undefined;
}

export interface IssuanceFacts {
  readonly now: Date;
  readonly approval: 'Approved' | 'Denied' | 'None';
  /** It was completed, or given up. */
  readonly isOver: boolean;
  /** Can its CSR be read at all? */
  readonly isReadable: boolean;
  /** The issuer that signs, for people: `ClusterIssuer letsencrypt`. */
  readonly issuer: Known<string>;
  readonly attempts: readonly Attempt[];
  /** They decide; where there is none, the certificate passes straight through. Not known: it is withheld. */
  readonly withholders: Known<readonly Withholder[]>;
  /** A MailServer that used it was deleted; until then senders may still hold its records. */
  readonly notBefore?: Date | undefined;
  readonly backOff: BackOff;
  /** As in `Facts`. */
  readonly clockSkewMs?: number | undefined;
}

export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export type IssuanceStep =
  /** `message`: why it is pending, for people; undefined where that is somebody else's to say. */
  | { readonly kind: 'Wait'; readonly message?: string | undefined; readonly until?: Date | undefined }
  /** The wrapped issuer is asked (once more), by a child of this number; `forget`: children that are of no use any more. */
  | { readonly kind: 'Issue'; readonly number: number; readonly forget: readonly string[] }
  | { readonly kind: 'Complete'; readonly attempt: Attempt }
  | { readonly kind: 'Fail'; readonly reason: 'Denied' | 'Failed'; readonly message: string };

type Check = (facts: IssuanceFacts) => IssuanceStep | undefined;

/** The first that has something to say decides. */
const CHECKS: readonly Check[] = [
  isFinished,
  isDenied,
  isNotApproved,
  isUnreadable,
  isCompromised,
  hasNoIssuer,
  isNotAsked,
  isRefused,
  clockIsWrong,
  isToBeAskedAgain,
  isWithheld,
  isComplete,
  isFailing,
];

export function nextIssuance(facts: IssuanceFacts): IssuanceStep {
  for (const check of CHECKS) {
    const step = check(facts);
    if (step !== undefined) return step;
  }
  return { kind: 'Wait', message: `${issuerOf(facts)} has not answered ${requestOf(latest(facts))} yet` };
}

export interface Candidate {
  readonly attempt: Attempt;
  readonly chain: ChainSummary;
}

/** What goes to cert-manager in the end, and what MailServers publish: the latest certificate. */
export function candidateOf(attempts: readonly Attempt[]): Candidate | undefined {
  const issued = attempts.flatMap((attempt) =>
    attempt.state.kind === 'Issued' ? { attempt, chain: attempt.state.chain } : [],
  );
  return issued.toSorted((a, b) => a.attempt.number - b.attempt.number).at(-1);
}

/** Undefined also where it has expired while it was withheld. */
function current({ attempts, now }: IssuanceFacts): Candidate | undefined {
  const candidate = candidateOf(attempts);
  return candidate !== undefined && now < new Date(candidate.chain.notAfter) ? candidate : undefined;
}

function latest({ attempts }: IssuanceFacts): Attempt | undefined {
  return attempts.toSorted((a, b) => a.number - b.number).at(-1);
}

function isFinished({ isOver }: IssuanceFacts): IssuanceStep | undefined {
  return isOver ? { kind: 'Wait' } : undefined;
}

function isDenied({ approval }: IssuanceFacts): IssuanceStep | undefined {
  if (approval !== 'Denied') return undefined;
  return { kind: 'Fail', reason: 'Denied', message: 'the CertificateRequest was denied by an approval controller' };
}

function isNotApproved({ approval }: IssuanceFacts): IssuanceStep | undefined {
  return approval === 'Approved' ? undefined : { kind: 'Wait' };
}

function isUnreadable({ isReadable }: IssuanceFacts): IssuanceStep | undefined {
  if (isReadable) return undefined;
  return { kind: 'Fail', reason: 'Failed', message: 'spec.request is not one certificate signing request in PEM' };
}

/** It would be withheld for ever. cert-manager throws the key away, as is wanted here, and makes another. */
function isCompromised({ withholders }: IssuanceFacts): IssuanceStep | undefined {
  const refusing = withholders.known ? withholders.value.filter(({ refusesKey }) => refusesKey === true) : [];
  if (refusing.length === 0) return undefined;
  const names = several(refusing.map(({ name }) => name));
  return { kind: 'Fail', reason: 'Failed', message: `its key is in spec.compromisedKeys of MailServer ${names}` };
}

function hasNoIssuer({ issuer }: IssuanceFacts): IssuanceStep | undefined {
  return issuer.known ? undefined : { kind: 'Wait', message: issuer.error.message };
}

function isNotAsked({ attempts }: IssuanceFacts): IssuanceStep | undefined {
  return attempts.length === 0 ? { kind: 'Issue', number: 1, forget: [] } : undefined;
}

/** As it would have been without us. */
function isRefused(facts: IssuanceFacts): IssuanceStep | undefined {
  const attempt = latest(facts);
  if (attempt?.state.kind !== 'Denied' || current(facts) !== undefined) return undefined;
  return { kind: 'Fail', reason: 'Failed', message: `${requestOf(attempt)} was denied by an approval controller` };
}

const CLOCK_AGAIN_MS = 60_000;

/** By a clock that is ahead, every back-off is over at once, and so is every wait. */
function clockIsWrong(facts: IssuanceFacts): IssuanceStep | undefined {
  if (isClockRight(facts)) return undefined;
  const message =
    'our clock and that of the API server do not agree; nothing is handed over or asked for again until they do: set the clocks right (NTP)';
  return { kind: 'Wait', message, until: new Date(facts.now.getTime() + CLOCK_AGAIN_MS) };
}

/** After a failure, with the same CSR: cert-manager would throw the key away, and wait for hours. And what waits for long is issued anew. */
function isToBeAskedAgain(facts: IssuanceFacts): IssuanceStep | undefined {
  const at = askAgainAt(facts);
  return at !== undefined && facts.now >= at ? again(facts) : undefined;
}

function askAgainAt(facts: IssuanceFacts): Date | undefined {
  const { number = 1, state } = latest(facts) ?? {};
  switch (state?.kind) {
    case 'Failed': {
      const { firstMs, maxMs } = facts.backOff;
      return new Date(state.at.getTime() + Math.min(maxMs, firstMs * 2 ** (number - 1)));
    }
    case 'Issued':
      return freshUntil(state, facts.backOff);
    case 'Astray':
      return facts.now;
    case 'Pending':
    case 'Denied':
    case undefined:
      return undefined;
  }
}

/**
 * A third of the life that it had when it was answered, or became valid: what is released at last must last. An issuer may answer with what
 * is old already; to ask again at once would bring no better. One that is not valid yet is waited for.
 */
function freshUntil({ at, chain }: Extract<AttemptState, { kind: 'Issued' }>, { firstMs }: BackOff): Date {
  const begins = Math.max(at.getTime(), Date.parse(chain.notBefore));
  return new Date(begins + Math.max(firstMs, (Date.parse(chain.notAfter) - begins) / 3));
}

function again(facts: IssuanceFacts): IssuanceStep {
  const kept = [latest(facts), candidateOf(facts.attempts)?.attempt];
  const forget = facts.attempts.filter((attempt) => !kept.includes(attempt)).map(({ name }) => name);
  return { kind: 'Issue', number: (latest(facts)?.number ?? 0) + 1, forget };
}

function isWithheld(facts: IssuanceFacts): IssuanceStep | undefined {
  const { withholders, notBefore, now } = facts;
  const candidate = current(facts);
  if (candidate === undefined) return undefined;
  const until = askAgainAt(facts) ?? new Date(candidate.chain.notAfter);
  if (!withholders.known) return { kind: 'Wait', message: withholders.error.message, until };
  if (withholders.value.length > 0) return { kind: 'Wait', message: heldBy(withholders.value), until };
  if (notBefore === undefined || now >= notBefore) return undefined;
  const message = `issued, and held back until ${formatTime(notBefore)}: senders may still hold records of a MailServer that was deleted`;
  return { kind: 'Wait', message, until: notBefore };
}

function heldBy(withholders: readonly Withholder[]): string {
  const names = withholders.map(({ name, until }) => (until === undefined ? name : `${name} (until ${until})`));
  return `issued, and held back until no sender would refuse it, by MailServer ${several(names)}`;
}

function isComplete(facts: IssuanceFacts): IssuanceStep | undefined {
  const candidate = current(facts);
  return candidate && { kind: 'Complete', attempt: candidate.attempt };
}

function isFailing(facts: IssuanceFacts): IssuanceStep | undefined {
  const attempt = latest(facts);
  const until = askAgainAt(facts);
  if ((attempt?.state.kind !== 'Failed' && attempt?.state.kind !== 'Issued') || until === undefined) return undefined;
  const what = failureOf(attempt.state);
  return {
    kind: 'Wait',
    message: `${requestOf(attempt)} ${what}; ${issuerOf(facts)} is asked again at ${formatTime(until)}, for the same key`,
    until,
  };
}

function failureOf(state: Extract<AttemptState, { kind: 'Failed' | 'Issued' }>): string {
  if (state.kind === 'Issued') return 'was answered with what has expired';
  return state.error === undefined ? 'failed' : `was answered with what cannot be used (${state.error.message})`;
}

function requestOf(attempt: Attempt | undefined): string {
  return `CertificateRequest ${attempt?.name ?? ''}`;
}

function issuerOf({ issuer }: IssuanceFacts): string {
  return issuer.known ? issuer.value : 'the issuer';
}
