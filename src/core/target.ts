/** T, the target: the RRset that strictly accepts every chain in C (docs/rollover.md, "Two sets decide everything"). */
import { coversHostname } from './certificate.ts';
import { allCAs, type ChainSummary } from './chain-summary.ts';
import type { AnnouncedCA } from './facts.ts';
import type { Name } from './name.ts';
import type { Role } from './state.ts';
import { daneEE, daneTA, formatTlsa, type PublishedCombination, type TlsaRecord } from './tlsa.ts';

/** A chain in C, one that may be met at an endpoint; or, `Compromised`, one that must not be trusted any more. */
export interface KnownChain {
  readonly chain: ChainSummary;
  readonly state: 'Serving' | 'Candidate' | 'Former' | 'Dropped' | 'Compromised';
}

export interface TargetRecord {
  readonly record: TlsaRecord;
  readonly role: Role;
}

/**
 * `3 1 1` of every leaf; and `2 1 1` of every CA, if each chain can be matched by one: a sender that looks at usage 2 alone would
 * refuse the chain that cannot (RFC 7671 §8). Dates play no part: a leaf that expires must not make records come and go.
 *
 * | chain in C                | its leaf's 3 1 1 | each 2 1 1   |
 * |---------------------------|------------------|--------------|
 * | the Secret holds it       | Serving          | TrustAnchor  |
 * | known, not yet released   | Next             | TrustAnchor  |
 * | a Secret held it          | Former           | TrustAnchor  |
 * | replaced before release   | Former           | TrustAnchor  |
 * | its key is stolen         | none             | none         |
 *
 * A CA that vouches for a stolen key has no `2 1 1` for any chain. A key of several chains has the first role of that list. With the `2 1 1`s come those of the announced CAs.
 */
export function target(
  chains: readonly KnownChain[],
  hostname: Name,
  combinations: readonly PublishedCombination[],
  announcedCAs: readonly AnnouncedCA[] = [],
): readonly TargetRecord[] {
  const records: TargetRecord[] = [];
  if (combinations.includes('3 1 1')) {
    for (const [state, role] of LEAF_ROLES) {
      const keys = chains.filter((used) => used.state === state).map((used) => used.chain.spkiSHA256);
      records.push(...keys.map((key) => ({ record: daneEE(key), role })));
    }
  }
  if (combinations.includes('2 1 1')) records.push(...trustAnchors(chains, hostname, announcedCAs));
  return firstOfEach(records);
}

/** None at all where one chain could have none. */
function trustAnchors(
  chains: readonly KnownChain[],
  hostname: Name,
  announcedCAs: readonly AnnouncedCA[],
): readonly TargetRecord[] {
  const stolen = chains.filter(({ state }) => state === 'Compromised').flatMap(({ chain }) => allCAs(chain));
  const isTrusted = (spkiSHA256: string): boolean => !stolen.includes(spkiSHA256);
  const inUse = chains.filter(({ state }) => state !== 'Compromised').map(({ chain }) => chain);
  if (inUse.length === 0 || !inUse.every((chain) => canMatchTrustAnchor(chain, hostname, isTrusted))) return [];
  const keys = inUse.flatMap(({ caSPKISHA256s }) => caSPKISHA256s).filter(isTrusted);
  const announced = announcedCAs.map(({ spkiSHA256 }) => spkiSHA256).filter(isTrusted);
  return [
    ...keys.map((key) => ({ record: daneTA(key), role: 'TrustAnchor' as const })),
    ...announced.map((key) => ({ record: daneTA(key), role: 'Announced' as const })),
  ];
}

const LEAF_ROLES = [
  ['Serving', 'Serving'],
  ['Candidate', 'Next'],
  ['Former', 'Former'],
  ['Dropped', 'Former'],
] as const;

/** It sends a CA that may be trusted, and its names are those that senders look for (RFC 7672 §3.2). */
function canMatchTrustAnchor(
  { caSPKISHA256s, names }: ChainSummary,
  hostname: Name,
  isTrusted: (spkiSHA256: string) => boolean,
): boolean {
  return caSPKISHA256s.some(isTrusted) && coversHostname(names, hostname);
}

function firstOfEach(records: readonly TargetRecord[]): TargetRecord[] {
  const byText = new Map<string, TargetRecord>();
  for (const entry of records) {
    const text = formatTlsa(entry.record);
    if (!byText.has(text)) byText.set(text, entry);
  }
  return [...byText.values()];
}
