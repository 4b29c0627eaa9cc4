/**
 * Gate: what is to be done with a CertificateRequest that names an issuer of ours (docs/rollover.md, "Gate"). Pure, like the planner.
 *
 * The wrapped issuer signs at once, by a child request with the same CSR. What it answers is withheld until every MailServer that uses the
 * Secret says that no sender would refuse it. Nothing is ever approved here, and nothing is denied in order to delay: a denial throws the
 * key away.
 */
import type { ChainSummary } from './chain-summary.ts';
import { isClockRight } from './clock.ts';
import type { Attempt, AttemptState, BackOff, IssuanceFacts } from './issuance-facts.ts';
import {
  CLOCKS_DISAGREE,
  failed,
  heldBackUntil,
  heldBy,
  keyRefusedBy,
  notAnswered,
  requestOf,
} from './issuance-messages.ts';

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
  return { kind: 'Wait', message: notAnswered(facts, latest(facts)) };
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
  return { kind: 'Fail', reason: 'Failed', message: keyRefusedBy(refusing) };
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
  return { kind: 'Wait', message: CLOCKS_DISAGREE, until: new Date(facts.now.getTime() + CLOCK_AGAIN_MS) };
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
  return { kind: 'Wait', message: heldBackUntil(notBefore), until: notBefore };
}

function isComplete(facts: IssuanceFacts): IssuanceStep | undefined {
  const candidate = current(facts);
  return candidate && { kind: 'Complete', attempt: candidate.attempt };
}

function isFailing(facts: IssuanceFacts): IssuanceStep | undefined {
  const attempt = latest(facts);
  const until = askAgainAt(facts);
  if ((attempt?.state.kind !== 'Failed' && attempt?.state.kind !== 'Issued') || until === undefined) return undefined;
  return { kind: 'Wait', message: failed(facts, attempt, attempt.state, until), until };
}
