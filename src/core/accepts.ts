/**
 * Would a sender accept a chain of which only the summary is known (RFC 7671 §5, §8, §9)? The gate judges chains that no server presents
 * yet, and those that status remembers. Only selector 1 with matching type 1 can match such a chain, and dates play no part: a candidate
 * that is not valid yet is not released for that reason, and not refused by the RRset either. match.ts judges chains as presented.
 */
import { coversHostname } from './certificate.ts';
import type { ChainSummary } from './chain-summary.ts';
import { hides } from './match.ts';
import type { Name } from './name.ts';
import { combinationOf, type TlsaRecord } from './tlsa.ts';
import { whyUnusable } from './usable.ts';

export interface Acceptance {
  readonly accepts: boolean;
  readonly strictlyAccepts: boolean;
}

/** A key that is not known yet is empty. */
export type Judged = Pick<ChainSummary, 'spkiSHA256' | 'caSPKISHA256s' | 'names'>;

const EVERYTHING: Acceptance = { accepts: true, strictlyAccepts: true };

/** No records at all is a secure denial: senders fall back to opportunistic TLS and accept everything. */
export function acceptance(records: readonly TlsaRecord[], chain: Judged, hostname: Name): Acceptance {
  if (records.length === 0) return EVERYTHING;
  const usable = records.filter((record) => whyUnusable(record) === undefined);
  const matching = usable.filter((record) => matches(record, chain, hostname));
  const matched = new Set(matching.map(combinationOf));
  return {
    accepts: matching.some((record) => !usable.some((other) => hides(other, record))),
    strictlyAccepts: usable.length > 0 && usable.every((record) => matched.has(combinationOf(record))),
  };
}

function matches({ usage, selector, matchingType, data }: TlsaRecord, chain: Judged, hostname: Name): boolean {
  if (selector !== 1 || matchingType !== 1) return false;
  if (usage === 3) return data === chain.spkiSHA256;
  return usage === 2 && chain.caSPKISHA256s.includes(data) && coversHostname(chain.names, hostname);
}
