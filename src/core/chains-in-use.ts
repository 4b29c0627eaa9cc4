/** C, the chains that may be met at an endpoint: how it changes from one pass to the next (docs/rollover.md). */
import type { ChainSummary } from './chain-summary.ts';
import type { EndpointAnswer, Facts, Known } from './facts.ts';
import type { StoredCertificate, StoredChain } from './state.ts';
import { formatTime } from './time.ts';

/** How often endpoints are looked at while a former chain is to be proven gone. */
const PROVING_PROBE_MS = 60_000;
/** So often each endpoint is looked at, by this process, before a former chain counts as gone: one look after a pause proves little. */
const MIN_LOOKS = 12;
/** What status can hold. Only somebody who issues without end gets there; then the oldest go. */
const MAX_CHAINS = 64;

/**
 * - The chain in the Secret is `Serving`. A Secret that cannot be read, is gone, or holds no chain changes nothing: pods may still
 *   present what it held.
 * - A chain that the Secret no longer holds, or whose Secret the spec no longer names, is `Former` until no endpoint has presented it
 *   for `retireAfter`, or it has expired and is not presented.
 * - Only Secrets put a chain into C, never a probe: else whoever sits between us and the server would have his key published.
 */
export function nextCertificates(facts: Facts): StoredCertificate[] {
  const named = facts.desired.certificates.map((certificate) => certificate.secretName);
  const stored = new Map(facts.stored.certificates.map((certificate) => [certificate.secretName, certificate.chains]));
  const next = [...new Set([...named, ...stored.keys()])].map((secretName): StoredCertificate => {
    const secret = named.includes(secretName) ? facts.secrets.get(secretName) : undefined;
    return { secretName, mode: 'Observe', chains: nextChains(stored.get(secretName) ?? [], secret, facts) };
  });
  const served = next.flatMap(({ chains }) => chains).filter(({ state }) => state === 'Serving');
  return next
    .map((certificate) => ({
      ...certificate,
      chains: certificate.chains.filter((chain) => !isElsewhere(chain, served)).slice(0, MAX_CHAINS),
    }))
    .filter(({ secretName, chains }) => chains.length > 0 || named.includes(secretName));
}

/** The serving one first, then former ones, the latest first. `secret` is undefined when the spec no longer names it. */
function nextChains(
  before: readonly StoredChain[],
  secret: Known<ChainSummary> | undefined,
  facts: Facts,
): StoredChain[] {
  const toFormer = (chains: readonly StoredChain[]): StoredChain[] => chains.flatMap((chain) => former(chain, facts));
  if (secret === undefined) return toFormer(before);
  if (!secret.known) return before.flatMap((chain) => (chain.state === 'Serving' ? [chain] : former(chain, facts)));
  const { value } = secret;
  return [serving(value, before, facts), ...toFormer(before.filter((chain) => !sameLeaf(chain, value)))];
}

/** A former chain that another Secret holds now is no former one: it would be met for ever. */
function isElsewhere(chain: StoredChain, served: readonly StoredChain[]): boolean {
  return chain.state === 'Former' && served.some((other) => sameLeaf(other, chain));
}

/** The same leaf certificate? What is sent beside it does not matter. */
export function sameLeaf(a: ChainSummary, b: ChainSummary): boolean {
  return a.spkiSHA256 === b.spkiSHA256 && a.notBefore === b.notBefore && a.notAfter === b.notAfter;
}

/** The earliest moment at which a former chain may leave C, if there is one that can be named. */
export function nextRetirement(certificates: readonly StoredCertificate[], retireAfterMs: number): Date | undefined {
  const moments = certificates
    .flatMap((certificate) => certificate.chains)
    .flatMap((chain) => (chain.notSeenSince === undefined ? [] : [Date.parse(chain.notSeenSince) + retireAfterMs]));
  return moments.length === 0 ? undefined : new Date(Math.min(...moments));
}

/** How long a probe's answer may be used: `atRestMs` normally, much less while a former chain is to be proven gone. */
export function probeEveryMs(
  certificates: readonly StoredCertificate[],
  retireAfterMs: number,
  atRestMs: number,
): number {
  const proving = certificates.some((certificate) => certificate.chains.some((chain) => chain.state === 'Former'));
  return proving ? Math.min(PROVING_PROBE_MS, retireAfterMs / 15, atRestMs) : atRestMs;
}

/** A chain counts as the Secret has it until an endpoint has presented its leaf; from then on as presented (a server may send the leaf alone). */
function serving(inSecret: ChainSummary, before: readonly StoredChain[], facts: Facts): StoredChain {
  const stored = before.find((chain) => sameLeaf(chain, inSecret));
  const since = stored?.state === 'Serving' ? stored.since : formatTime(facts.now);
  const answers = answersOf(facts);
  const sent = presentedIn(answers)
    .filter((summary) => sameLeaf(summary, inSecret))
    .map(({ caSPKISHA256s }) => caSPKISHA256s);
  // Who does not answer now may send less than the others do: what was known of it stays.
  const known =
    sent.length > 0 && answers.every(({ kind }) => kind === 'Presented')
      ? sent
      : [...sent, (stored ?? inSecret).caSPKISHA256s];
  return { ...inSecret, caSPKISHA256s: sentByAll(known), state: 'Serving', since };
}

function former(chain: StoredChain, facts: Facts): StoredChain[] {
  const since = chain.state === 'Former' ? chain.since : formatTime(facts.now);
  // Nobody has looked (a restart, a provider that is away): nothing is proven, and nothing begins anew.
  if (facts.desired.probe === 'Enabled' && facts.endpoints?.known !== true)
    return [{ ...chain, state: 'Former', since }];
  // An endpoint that does not answer may present it all the same: the clock begins anew.
  if (!isAbsentNow(chain, facts)) return [{ ...chain, state: 'Former', since, notSeenSince: undefined }];
  const notSeenSince = chain.notSeenSince ?? formatTime(facts.now);
  const expired = facts.now.getTime() > Date.parse(chain.notAfter);
  const waited = facts.now.getTime() >= Date.parse(notSeenSince) + facts.desired.retireAfterMs;
  const looked = facts.desired.probe === 'Disabled' || facts.looks >= MIN_LOOKS;
  return expired || (waited && looked) ? [] : [{ ...chain, state: 'Former', since, notSeenSince }];
}

/** Every endpoint answers and none presents it. Without probes, having left the Secret is all that can be known. */
function isAbsentNow(chain: StoredChain, facts: Facts): boolean {
  if (facts.desired.probe === 'Disabled') return true;
  const answers = answersOf(facts);
  return (
    answers.length > 0 && answers.every((answer) => answer.kind === 'Presented' && !sameLeaf(answer.summary, chain))
  );
}

function answersOf({ endpoints }: Facts): EndpointAnswer[] {
  if (endpoints?.known !== true) return [];
  return endpoints.value.map(({ presented }) => presented).filter(({ kind }) => kind !== 'Skipped');
}

function presentedIn(answers: readonly EndpointAnswer[]): ChainSummary[] {
  return answers.flatMap((answer) => (answer.kind === 'Presented' ? [answer.summary] : []));
}

/** The CA keys that all of them have. */
function sentByAll(sent: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = sent;
  return first.filter((spki) => others.every((list) => list.includes(spki)));
}
