/**
 * Proof that nobody meets something any more: it was looked for at each endpoint often enough, over `retireAfter`, and never found
 * (docs/rollover.md, "The old certificate's record").
 */
import { isClockRight, rightTime } from './clock.ts';
import type { Endpoint, Facts } from './facts.ts';
import type { State } from './state.ts';

/** How often endpoints are looked at while something is to be proven. */
const PROVING_PROBE_MS = 60_000;
/** So often this process looks at each endpoint: it does not remember what another one saw, and one look after a pause proves little. */
const ENOUGH_LOOKS = 12;
/** So many fit into `retireAfter`, where it is short. */
const LOOKS_IN_A_ROW = 15;

export interface Proof {
  /** Since when it was found nowhere; undefined while it may be met. Stored, so that a restart does not begin anew. */
  readonly notSeenSince: string | undefined;
  readonly isGone: boolean;
}

/**
 * @param notSeenSince as it is stored
 * @param endpoints where it may be met; undefined while nobody looks there: then nothing is proven, and nothing begins anew
 * @param isAbsentAt an endpoint that does not answer may present it all the same: the clock begins anew. Asked about undefined where there
 * is no endpoint to look at
 */
export function proofOf(
  notSeenSince: string | undefined,
  endpoints: readonly Endpoint[] | undefined,
  isAbsentAt: (endpoint: Endpoint | undefined) => boolean,
  facts: Facts,
): Proof {
  const { desired, now } = facts;
  const isProbed = desired.probe === 'Enabled';
  if (isProbed && endpoints === undefined) return { notSeenSince, isGone: false };
  const answers = isProbed ? (endpoints ?? []) : [];
  const places = answers.length === 0 ? [undefined] : answers;
  if (isProbed && !places.every(isAbsentAt)) return { notSeenSince: undefined, isGone: false };
  const since = notSeenSince ?? rightTime(facts);
  if (since === undefined) return { notSeenSince: undefined, isGone: false };
  const waited = now.getTime() >= Date.parse(since) + desired.retireAfterMs;
  // At a host whose addresses are not found nobody can look.
  const looked = answers.every(
    ({ address, looks }) =>
      address === '' || looks.filter((at) => at.getTime() >= Date.parse(since)).length >= ENOUGH_LOOKS,
  );
  return { notSeenSince: since, isGone: isClockRight(facts) && waited && looked };
}

/** How long a probe's answer may be used: `atRestMs` normally, much less while something is to be proven. */
export function probeEveryMs(
  { certificates, recordSets }: Pick<State, 'certificates' | 'recordSets'>,
  retireAfterMs: number,
  atRestMs: number,
): number {
  const isProving =
    certificates.some(({ chains }) => chains.some(({ state }) => state === 'Former')) ||
    recordSets.some(({ records }) => records.some(({ notNeededSince }) => notNeededSince !== undefined));
  return isProving ? Math.min(PROVING_PROBE_MS, retireAfterMs / LOOKS_IN_A_ROW, atRestMs) : atRestMs;
}

/** Those that count: of several in quick succession one, none from before a pause, and no more than are needed. */
export function withLook(before: readonly Date[], at: Date, everyMs: number): readonly Date[] {
  const last = before.at(-1);
  const gapMs = last === undefined ? Infinity : Math.abs(at.getTime() - last.getTime());
  if (gapMs < everyMs / 2) return before;
  return gapMs > LOOKS_IN_A_ROW * everyMs ? [at] : [...before, at].slice(-ENOUGH_LOOKS);
}
