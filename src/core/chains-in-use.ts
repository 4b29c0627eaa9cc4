/** C, the chains that may be met at an endpoint: how it changes from one pass to the next (docs/rollover.md). */
import type { ChainSummary } from './chain-summary.ts';
import type { Facts } from './facts.ts';
import type { StoredCertificate, StoredChain } from './state.ts';
import { formatTime } from './time.ts';

/** How often endpoints are looked at while a former chain is to be proven gone. */
const PROVING_PROBE_MS = 60_000;

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
  return [...new Set([...named, ...stored.keys()])].flatMap((secretName): StoredCertificate[] => {
    const before = stored.get(secretName) ?? [];
    const secret = named.includes(secretName) ? facts.secrets.get(secretName) : undefined;
    const chains =
      secret === undefined
        ? before.flatMap((chain) => former(chain, facts))
        : secret.known
          ? [
              serving(secret.value, before, facts),
              ...before.filter((chain) => !sameLeaf(chain, secret.value)).flatMap((chain) => former(chain, facts)),
            ]
          : before.flatMap((chain) => (chain.state === 'Serving' ? [chain] : former(chain, facts)));
    return chains.length > 0 || named.includes(secretName) ? [{ secretName, mode: 'Observe', chains }] : [];
  });
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
  const presented = presentedSummaries(facts).filter((summary) => sameLeaf(summary, inSecret));
  const caSPKISHA256s =
    presented.length > 0
      ? sentByAll(presented.map((summary) => summary.caSPKISHA256s))
      : (stored?.caSPKISHA256s ?? inSecret.caSPKISHA256s);
  return { ...inSecret, caSPKISHA256s, state: 'Serving', since };
}

function former(chain: StoredChain, facts: Facts): StoredChain[] {
  const since = chain.state === 'Former' ? chain.since : formatTime(facts.now);
  const seen = presentedSummaries(facts).some((summary) => sameLeaf(summary, chain));
  const expired = facts.now.getTime() > Date.parse(chain.notAfter);
  if (expired && !seen) return [];
  if (!provenAbsentNow(chain, facts)) return [{ ...chain, state: 'Former', since, notSeenSince: undefined }];
  const notSeenSince = chain.notSeenSince ?? formatTime(facts.now);
  if (facts.now.getTime() >= Date.parse(notSeenSince) + facts.desired.retireAfterMs) return [];
  return [{ ...chain, state: 'Former', since, notSeenSince }];
}

/** Every endpoint answers and none presents it. Without probes, leaving the Secret is all that can be known. After a restart the clock goes on. */
function provenAbsentNow(chain: StoredChain, facts: Facts): boolean {
  if (facts.desired.probe === 'Disabled') return true;
  if (facts.endpoints === undefined) return chain.notSeenSince !== undefined;
  if (!facts.endpoints.known) return false;
  const answers = facts.endpoints.value
    .map((endpoint) => endpoint.presented)
    .filter((answer) => answer.kind !== 'Skipped');
  return (
    answers.length > 0 && answers.every((answer) => answer.kind === 'Presented' && !sameLeaf(answer.summary, chain))
  );
}

function presentedSummaries(facts: Facts): ChainSummary[] {
  if (facts.endpoints?.known !== true) return [];
  return facts.endpoints.value.flatMap((endpoint) =>
    endpoint.presented.kind === 'Presented' ? [endpoint.presented.summary] : [],
  );
}

/** The CA keys that every presentation of a leaf had in common. */
function sentByAll(sent: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = sent;
  return first.filter((spki) => others.every((list) => list.includes(spki)));
}
