/** C, the chains that may be met at an endpoint: how it changes from one pass to the next (docs/rollover.md). */
import { asSent } from './as-sent.ts';
import { sameLeaf, withFewNames, type ChainSummary } from './chain-summary.ts';
import { nextCandidates } from './candidates.ts';
import { rightTime } from './clock.ts';
import { endpointMatches, recordsAt } from './endpoint-matches.ts';
import { withoutCompromised } from './compromised.ts';
import type { DesiredCertificate, Endpoint, Facts, Known } from './facts.ts';
import { endpointsInSight } from './looked-at.ts';
import { proofOf } from './proof.ts';
import { isEmpty } from './serving-secret.ts';
import { wasServed, type StoredCertificate, type StoredChain } from './state.ts';
import { formatTime } from './time.ts';
import { wayOf } from './way.ts';

/** What status has room for. Only somebody who issues without end gets there; then the oldest go, those that are still presented last. */
const MAX_CHAINS = 16;
const MAX_CERTIFICATES = 32;

/**
 * - The chain in the serving Secret is `Serving`. A Secret that cannot be read, is gone, or holds no chain changes nothing: pods may
 *   still present what it held.
 * - A chain that the serving Secret no longer holds, or whose Secret the spec no longer names, is `Former` until no endpoint has
 *   presented it for `retireAfter`; one that never answers is waited for until it has expired. That it has expired proves nothing by
 *   itself: by its `3 1 1` it is accepted still.
 * - Promote, Gate: what is to be served next and the serving Secret does not hold is the `Candidate` (candidates.ts).
 * - Only Secrets put a chain into C, never a probe: else whoever sits between us and the server would have his key published.
 */
export function nextCertificates(facts: Facts): StoredCertificate[] {
  const desired = new Map(facts.desired.certificates.map((certificate) => [certificate.secretName, certificate]));
  const stored = new Map(facts.stored.certificates.map((certificate) => [certificate.secretName, certificate]));
  const next = [...new Set([...desired.keys(), ...stored.keys()])].map((secretName) =>
    nextCertificate(secretName, desired.get(secretName), stored.get(secretName), facts),
  );
  const served = next.flatMap(({ chains }) => chains).filter(({ state }) => state === 'Serving');
  const hostnames = [...new Set(facts.owners.map(({ hostname }) => hostname))];
  return withoutCompromised(next, facts)
    .map((certificate) => ({
      ...certificate,
      chains: withinRoom(certificate.chains.filter((chain) => !isElsewhere(chain, served))).map((chain) =>
        withFewNames(chain, hostnames),
      ),
    }))
    .filter(({ secretName, chains }) => chains.length > 0 || desired.has(secretName))
    .slice(0, MAX_CERTIFICATES);
}

function withinRoom(chains: readonly StoredChain[]): readonly StoredChain[] {
  const isUnseen = ({ state, notSeenSince }: StoredChain): boolean => state === 'Former' && notSeenSince !== undefined;
  const kept = new Set(
    [...chains.filter((chain) => !isUnseen(chain)), ...chains.filter(isUnseen)].slice(0, MAX_CHAINS),
  );
  return chains.filter((chain) => kept.has(chain));
}

/** @param desired undefined when the spec no longer names it: nothing of it will be released */
function nextCertificate(
  secretName: string,
  desired: DesiredCertificate | undefined,
  stored: StoredCertificate | undefined,
  facts: Facts,
): StoredCertificate {
  const { chains = [] } = stored ?? {};
  const way = desired && wayOf(desired, facts);
  const mode = way?.mode ?? 'Observe';
  const serving = way && facts.secrets.get(way.servingName);
  const next = nextServed(chains.filter(wasServed), serving, facts);
  const candidates = nextCandidates(
    chains,
    way?.source,
    // What it held is remembered, as pods may still present it; what it does not hold is to be released.
    isEmpty(serving) ? undefined : next.find(({ state }) => state === 'Serving'),
    facts,
  );
  const isRenewing = candidates.some(({ state }) => state === 'Candidate');
  return {
    secretName,
    mode,
    // The candidate before the former ones: where there is no room for all, the oldest go.
    chains: [
      ...next.filter(({ state }) => state === 'Serving'),
      ...candidates,
      ...next.filter(({ state }) => state === 'Former'),
    ],
    ...nextRenewal(secretName, facts),
    ...(isRenewing ? { renewalBegan: renewalBegan(next, stored, facts) } : {}),
    ...(mode === 'Observe' ? {} : missing(serving, next, stored, facts)),
  };
}

/** Where something was released since, by a process that did not live to store it, another renewal has begun. */
function renewalBegan(
  next: readonly StoredChain[],
  stored: StoredCertificate | undefined,
  facts: Facts,
): string | undefined {
  const [serving, before] = [next, stored?.chains ?? []].map((chains) =>
    chains.find(({ state }) => state === 'Serving'),
  );
  const isReleased = serving !== undefined && (before === undefined || !sameLeaf(serving, before));
  return (isReleased ? undefined : stored?.renewalBegan) ?? rightTime(facts);
}

function nextRenewal(secretName: string, { renewals }: Facts): Pick<StoredCertificate, 'nextRenewal'> {
  const at = renewals.get(secretName)?.at;
  return at === undefined ? {} : { nextRenewal: at };
}

/** The serving one first, then former ones, the latest first. `secret` is undefined when the spec no longer names it. */
function nextServed(
  before: readonly StoredChain[],
  secret: Known<ChainSummary> | undefined,
  facts: Facts,
): StoredChain[] {
  const toFormer = (chains: readonly StoredChain[]): StoredChain[] => chains.flatMap((chain) => former(chain, facts));
  if (secret === undefined) return toFormer(before);
  if (!secret.known)
    return before.flatMap((chain) =>
      chain.state === 'Serving' ? [serving(chain, before, facts)] : former(chain, facts),
    );
  const { value } = secret;
  return [serving(value, before, facts), ...toFormer(before.filter((chain) => !sameLeaf(chain, value)))];
}

/**
 * A cluster was rebuilt, or somebody removed the Secret: told apart from a restart by how long it lasts. A certificate that is added beside
 * others was never there, and is not missed.
 */
function missing(
  serving: Known<ChainSummary> | undefined,
  served: readonly StoredChain[],
  stored: StoredCertificate | undefined,
  facts: Facts,
): Pick<StoredCertificate, 'servingMissingSince'> {
  if (!isEmpty(serving) || facts.endpoints?.known !== true) return {};
  if (facts.endpoints.value.some((endpoint) => isAccepted(endpoint, facts))) return {};
  const isLost = served.length > 0 || facts.desired.certificates.every((one) => isEmpty(servedBy(one, facts)));
  const servingMissingSince = stored?.servingMissingSince ?? (isLost ? rightTime(facts) : undefined);
  return servingMissingSince === undefined ? {} : { servingMissingSince };
}

/** No RRset at all accepts everything. */
function isAccepted(endpoint: Endpoint, facts: Facts): boolean {
  if (endpoint.presented.kind !== 'Presented') return false;
  return recordsAt(facts.owners, endpoint).length === 0 || endpointMatches(facts, endpoint);
}

function servedBy(certificate: DesiredCertificate, facts: Facts): Known<ChainSummary> | undefined {
  return facts.secrets.get(wayOf(certificate, facts).servingName);
}

/** A former chain that another Secret holds now is no former one: it would be met for ever. */
function isElsewhere(chain: StoredChain, served: readonly StoredChain[]): boolean {
  return chain.state === 'Former' && served.some((other) => sameLeaf(other, chain));
}

function serving(inSecret: ChainSummary, before: readonly StoredChain[], facts: Facts): StoredChain {
  const stored = before.find((chain) => sameLeaf(chain, inSecret));
  const since = stored?.state === 'Serving' ? stored.since : formatTime(facts.now);
  return { ...asSent(inSecret, before.at(0), facts), state: 'Serving', since };
}

/**
 * Once it has expired, an endpoint that does not answer, or cannot be looked at, is not waited for: nothing stays for ever. Without probes,
 * having left the Secret is all that can be known.
 */
function former(chain: StoredChain, facts: Facts): StoredChain[] {
  const since = chain.state === 'Former' ? chain.since : formatTime(facts.now);
  const isExpired = facts.now.getTime() > Date.parse(chain.notAfter);
  const isAbsentAt = (endpoint: Endpoint | undefined): boolean =>
    endpoint?.presented.kind === 'Presented' && isInUse(endpoint.presented.summary, facts)
      ? !sameLeaf(endpoint.presented.summary, chain)
      : isExpired;
  const { notSeenSince, isGone } = proofOf(chain.notSeenSince, endpointsInSight(facts), isAbsentAt, facts);
  return isGone ? [] : [{ ...chain, state: 'Former', since, notSeenSince }];
}

/** Whoever presents another one, which no Secret ever held, may stand between us and the server. */
function isInUse(presented: ChainSummary, { secrets, stored }: Facts): boolean {
  const held = [...secrets.values()].flatMap((secret) => (secret.known ? [secret.value] : []));
  const chains = [...held, ...stored.certificates.flatMap((certificate) => certificate.chains)];
  return chains.some((chain) => sameLeaf(chain, presented));
}
