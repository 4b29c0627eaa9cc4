/** With which CAs a chain counts: those that the server sends, not those that the Secret has beside the leaf (docs/rollover.md, "Words"). */
import { allCAs, sameLeaf, withSent, type ChainSummary } from './chain-summary.ts';
import type { Facts } from './facts.ts';
import { endpointsInSight } from './looked-at.ts';
import { wasServed, type StoredChain } from './state.ts';

/** @param last what the Secret was last known to hold, this one or the one that it replaces */
export function asSent(inSecret: ChainSummary, last: StoredChain | undefined, facts: Facts): ChainSummary {
  const answers = (endpointsInSight(facts) ?? []).map(({ presented }) => presented);
  const seen = answers.flatMap((answer) =>
    answer.kind === 'Presented' && sameLeaf(answer.summary, inSecret) ? [answer.summary.caSPKISHA256s] : [],
  );
  // Who does not answer now may send less than the others do.
  const isAllSeen = seen.length > 0 && answers.every(({ kind }) => kind === 'Presented');
  return withSent(inSecret, inAll(isAllSeen ? seen : [...seen, expectedCAs(inSecret, last, facts)]));
}

/**
 * As it was seen, whichever Secret held it then; else as the Secret has it. But to send the leaf alone is the way of a server, not of a
 * certificate: what follows one that was sent so (or had no CA, as a self-signed one) is expected so. Without probes the Secret is believed.
 */
function expectedCAs(inSecret: ChainSummary, last: StoredChain | undefined, facts: Facts): readonly string[] {
  if (facts.desired.probe === 'Disabled') return allCAs(inSecret);
  if (last?.caSPKISHA256s.length === 0) return [];
  const chains = facts.stored.certificates.flatMap((certificate) => certificate.chains).filter(wasServed);
  return (chains.find((chain) => sameLeaf(chain, inSecret)) ?? inSecret).caSPKISHA256s;
}

function inAll(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists;
  return first.filter((spki) => others.every((list) => list.includes(spki)));
}
