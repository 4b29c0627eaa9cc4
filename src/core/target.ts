/** T, the target: the RRset that strictly accepts every chain in C (docs/rollover.md, "Two sets decide everything"). */
import { coversHostname } from './certificate.ts';
import type { ChainSummary } from './chain-summary.ts';
import type { AnnouncedCA } from './facts.ts';
import type { Name } from './name.ts';
import { daneEE, daneTA, formatTlsa, type PublishedCombination, type TlsaRecord } from './tlsa.ts';

/** Why a record stands in an RRset. */
export type Role = 'Serving' | 'Next' | 'Former' | 'TrustAnchor' | 'Announced' | 'Foreign';

/** A chain in C: one that may be met at an endpoint. */
export interface ChainInUse {
  readonly chain: ChainSummary;
  readonly state: 'Serving' | 'Candidate' | 'Former' | 'Dropped';
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
 *
 * A key of several chains has the first role of that list. With the `2 1 1`s come those of the announced CAs.
 */
export function target(
  chains: readonly ChainInUse[],
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
  if (combinations.includes('2 1 1') && chains.every(({ chain }) => canMatchTrustAnchor(chain, hostname))) {
    const keys = chains.flatMap(({ chain }) => chain.caSPKISHA256s);
    records.push(...keys.map((key) => ({ record: daneTA(key), role: 'TrustAnchor' as const })));
    records.push(...announcedCAs.map(({ spkiSHA256 }) => ({ record: daneTA(spkiSHA256), role: 'Announced' as const })));
  }
  return firstOfEach(records);
}

const LEAF_ROLES = [
  ['Serving', 'Serving'],
  ['Candidate', 'Next'],
  ['Former', 'Former'],
  ['Dropped', 'Former'],
] as const;

/** It sends a CA, and its names are those that senders look for (RFC 7672 §3.2). */
function canMatchTrustAnchor(chain: ChainSummary, hostname: Name): boolean {
  return chain.caSPKISHA256s.length > 0 && coversHostname(chain.names, hostname);
}

function firstOfEach(records: readonly TargetRecord[]): TargetRecord[] {
  const byText = new Map<string, TargetRecord>();
  for (const entry of records) {
    const text = formatTlsa(entry.record);
    if (!byText.has(text)) byText.set(text, entry);
  }
  return [...byText.values()];
}
