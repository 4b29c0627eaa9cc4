/** While nobody can say what a serving Secret holds, what it holds may be accepted by any record of ours: none is taken away. */
import { allCAs } from './chain-summary.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import { ours } from './ours.ts';
import { isEmpty } from './serving-secret.ts';
import type { StoredChain, StoredRecordSet } from './state.ts';
import type { TargetRecord } from './target.ts';
import { daneEE, daneTA, intersection, without } from './tlsa.ts';
import { wayOf } from './way.ts';

/** Those that stand there, but for the records of stolen keys: these go as soon as every endpoint is seen to present another. */
export function keptUnread(
  { current }: OwnerFacts,
  stored: StoredRecordSet | undefined,
  chains: readonly StoredChain[],
  facts: Facts,
): readonly TargetRecord[] {
  if (!current.known || !isUnread(facts)) return [];
  const stolen = chains
    .filter(({ state }) => state === 'Compromised')
    .flatMap((chain) => [daneEE(chain.spkiSHA256), ...allCAs(chain).map(daneTA)]);
  const standing = intersection(ours(stored), current.value.records);
  return without(standing, stolen).map((record) => ({ record, role: 'Former' }));
}

function isUnread(facts: Facts): boolean {
  return facts.desired.certificates.some((certificate) => {
    const serving = facts.secrets.get(wayOf(certificate, facts).servingName);
    return serving?.known === false && !isEmpty(serving);
  });
}
