/** Promote and Gate: the chain that waits, in the source Secret or in the answer of the issuer, and those that it has replaced (docs/rollover.md, "Two sets decide everything"). */
import { sameLeaf, type ChainSummary } from './chain-summary.ts';
import { isClockRight, rightTime } from './clock.ts';
import { isCompromised } from './compromised.ts';
import type { Facts, Known } from './facts.ts';
import type { StoredChain } from './state.ts';
import { formatTime } from './time.ts';

/**
 * | the source                                  | its chain is                                     |
 * |---------------------------------------------|--------------------------------------------------|
 * | holds what the serving Secret holds         | no candidate: it is released, or nothing changed |
 * | holds another chain                         | the candidate; an earlier candidate is dropped   |
 * | is gone, or the spec names it no more       | dropped                                          |
 * | cannot be read, or holds no chain           | what it was                                      |
 *
 * One with a stolen key is no candidate. A dropped one keeps its records for `retireAfter`: its release may have been under way. One that is
 * presented was released: it is a former one from then on. An expired one is dropped.
 * @param source undefined when nothing is to be released any more
 * @param serving what the serving Secret holds; undefined when it holds nothing, or is gone
 */
export function nextCandidates(
  before: readonly StoredChain[],
  source: Known<ChainSummary> | undefined,
  serving: ChainSummary | undefined,
  facts: Facts,
): StoredChain[] {
  const isReleased = (chain: ChainSummary): boolean => serving !== undefined && sameLeaf(chain, serving);
  const earlier = before.filter(({ state }) => state === 'Candidate' || state === 'Dropped');
  const waiting = earlier.filter((chain) => !isReleased(chain));
  if (source?.known === false && source.error.code !== 'SecretNotFound')
    return waiting.flatMap((chain) => asBefore(chain, facts));
  const isWaiting =
    source?.known === true &&
    !isReleased(source.value) &&
    !isExpired(source.value, facts) &&
    !isCompromised(source.value, facts);
  if (!isWaiting) return waiting.flatMap((chain) => dropped(chain, facts));
  const { value } = source;
  const same = waiting.find((chain) => sameLeaf(chain, value));
  const since = same?.state === 'Candidate' ? same.since : formatTime(facts.now);
  const others = waiting.filter((chain) => chain !== same);
  return [{ ...value, state: 'Candidate', since }, ...others.flatMap((chain) => dropped(chain, facts))];
}

function asBefore(chain: StoredChain, facts: Facts): StoredChain[] {
  return chain.state === 'Candidate' && !isExpired(chain, facts) ? [chain] : dropped(chain, facts);
}

function dropped(chain: StoredChain, facts: Facts): StoredChain[] {
  const { now, desired } = facts;
  if (isPresented(chain, facts))
    return [{ ...chain, state: 'Former', since: formatTime(now), notSeenSince: undefined }];
  const since = chain.state === 'Dropped' ? chain.since : formatTime(now);
  const notSeenSince = chain.notSeenSince ?? rightTime(facts);
  const isOver = notSeenSince !== undefined && now.getTime() >= Date.parse(notSeenSince) + desired.retireAfterMs;
  return isOver && isClockRight(facts) ? [] : [{ ...chain, state: 'Dropped', since, notSeenSince }];
}

function isPresented(chain: ChainSummary, { endpoints }: Facts): boolean {
  if (endpoints?.known !== true) return false;
  return endpoints.value.some(({ presented }) => presented.kind === 'Presented' && sameLeaf(presented.summary, chain));
}

function isExpired({ notAfter }: ChainSummary, { now }: Facts): boolean {
  return now.getTime() > Date.parse(notAfter);
}
