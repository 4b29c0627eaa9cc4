import { sameLeaf } from './chain-summary.ts';
import type { State, StoredChain } from './state.ts';

/** On their way out: former and dropped chains. One that a Secret has for pods to mount is not, whatever it was before. */
export function leavingChains({
  certificates,
}: Pick<State, 'certificates'>): { readonly secretName: string; readonly chain: StoredChain }[] {
  const all = certificates.flatMap(({ secretName, chains }) => chains.map((chain) => ({ secretName, chain })));
  const served = all.filter(({ chain }) => chain.state === 'Serving');
  return all
    .filter(({ chain: { state } }) => state === 'Former' || state === 'Dropped')
    .filter(({ chain }) => !served.some((other) => sameLeaf(other.chain, chain)));
}
