/** Which version each authoritative server hands out: the eyes of the gate (docs/rollover.md, "The gate"). Pure arithmetic over answers. */
import type { NameServerFacts, ServerAnswer } from './facts.ts';
import { mayBeOf, valueOfRRset } from './rrset-value.ts';
import { isSerialAtLeast } from './serial.ts';
import type { Version } from './state.ts';

/** A server is asked so often, over so long, before it counts as having moved on: pools and anycast answer old data late. */
export const SAMPLES = 3;
export const SAMPLES_SPAN_MS = 30_000;

const UNANSWERED_MS = 3_600_000;

/** What fits no version may be older than all of them. */
const NOTHING_KNOWN = 0;

/** When every server had answered a version after `n`: undefined while one has not, or shows `n` or an earlier one again. */
export function passedAt(
  n: number,
  versions: readonly Version[],
  servers: readonly NameServerFacts[],
): Date | undefined {
  const moments = servers.filter(handsOut).map((server) => passedServerAt(n, versions, server));
  if (moments.length === 0 || moments.includes(undefined)) return undefined;
  return new Date(Math.max(...moments.map((moment) => moment?.getTime() ?? 0)));
}

/**
 * Does some server show `n`, or an earlier version, in its newest answers? A value that recurs does not say so where the serial is one of
 * the latest: every server had moved on, and a restart, which forgets how low serials were before, does not undo that.
 */
export function isSeenAgain(n: number, versions: readonly Version[], servers: readonly NameServerFacts[]): boolean {
  return servers
    .filter(({ state }) => state === 'Answers')
    .some((server) => {
      const newest = server.answers.at(-1)?.at.getTime();
      return server.answers.some(
        (answer, index) =>
          answer.at.getTime() === newest && shown(index, versions, server) <= n && !mayBeLater(n, answer, versions),
      );
    });
}

/** Of each of its addresses that answered in its last look, or in so many. */
export function newestAnswers({ answers }: NameServerFacts, looks = 1): readonly ServerAnswer[] {
  const times = [...new Set(answers.map(({ at }) => at.getTime()))].slice(-looks);
  return answers.filter(({ at }) => times.includes(at.getTime()));
}

/** In this look. */
export function somebodyAnswers(servers: readonly NameServerFacts[]): boolean {
  return servers.some(({ state }) => state === 'Answers');
}

/** For an hour no server could be asked from here (blocked egress, no route): then other evidence must stand in. */
export function nobodyAnswers(servers: readonly NameServerFacts[], now: Date): boolean {
  return servers.every(({ state, answers }) => {
    const newest = answers.at(-1)?.at.getTime() ?? 0;
    return state !== 'Answers' && now.getTime() >= newest + UNANSWERED_MS;
  });
}

/** Of a zone that is gone there are no servers, or none that has authority. */
export function nobodyHandsOut(servers: readonly NameServerFacts[]): boolean {
  return servers.every(({ state }) => state === 'Lame');
}

/** Who answers without authority gives senders nothing, whatever it answered before. */
function handsOut({ state }: NameServerFacts): boolean {
  return state === 'Answers' || state === 'Silent';
}

function passedServerAt(n: number, versions: readonly Version[], server: NameServerFacts): Date | undefined {
  const { answers } = server;
  const lastOld = answers.findLastIndex((_, index) => shown(index, versions, server) <= n);
  const times = [...new Set(answers.slice(lastOld + 1).map(({ at }) => at.getTime()))];
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return times.length >= SAMPLES && last - first >= SAMPLES_SPAN_MS ? new Date(last) : undefined;
}

/**
 * The number of the version that an answer is counted as. Where its value fits several, it is the earliest of them, unless the
 * provider had said that the latest is everywhere, or this server was seen below the serial of the latest and is at or above it now
 * (RFC 1982).
 */
function shown(index: number, versions: readonly Version[], { answers }: NameServerFacts): number {
  const answer = answers[index];
  if (answer === undefined) return NOTHING_KNOWN;
  const value = valueOfRRset(answer.records);
  const fitting = versions.filter((version) => mayBeOf(value, version));
  const [earliest] = fitting;
  const latest = fitting.at(-1);
  if (earliest === undefined || latest === undefined) return NOTHING_KNOWN;
  return hasReached(latest, answer, answers.slice(0, index)) ? latest.n : earliest.n;
}

function mayBeLater(n: number, answer: ServerAnswer, versions: readonly Version[]): boolean {
  const value = valueOfRRset(answer.records);
  const latest = versions.findLast((version) => mayBeOf(value, version));
  if (latest?.serial === undefined || answer.serial === undefined) return false;
  return latest.n > n && isSerialAtLeast(answer.serial, latest.serial);
}

function hasReached({ serial, changeID }: Version, answer: ServerAnswer, before: readonly ServerAnswer[]): boolean {
  if (changeID !== undefined && answer.settledChangeID === changeID) return true;
  if (serial === undefined || answer.serial === undefined || !isSerialAtLeast(answer.serial, serial)) return false;
  return before.some((earlier) => earlier.serial !== undefined && !isSerialAtLeast(earlier.serial, serial));
}
