/** What a status remembers, in a line. */
import type { State, StoredCertificate, StoredRecordSet } from '../../src/core/state.ts';

export function describe({ certificates, recordSets }: State): string {
  return [...certificates.flatMap(chainsTold), ...recordSets.map(historyTold)].join('; ');
}

function chainsTold({ chains, candidate }: StoredCertificate): string[] {
  const told = chains.map((chain) => `${chain.state} ${chain.spkiSHA256.slice(0, 6)}`);
  if (candidate === undefined) return told;
  return [...told, `gate ${candidate.stage} (${candidate.reason}) ${candidate.gateOpensAt ?? ''}`];
}

function historyTold({ owner, intent, versions }: StoredRecordSet): string {
  const told = versions.map(
    ({ n, kind, records, supersededAt }) =>
      `v${n}${kind === 'Written' ? '' : ` ${kind}`}{${records.map((record) => `${record.slice(0, 1)}:${record.slice(6, 12)}`).join(' ')}}${supersededAt === undefined ? '' : ' superseded'}`,
  );
  const change =
    intent === undefined
      ? ''
      : ` intent +[${intent.add.map((record) => record.slice(0, 12)).join()}] -[${intent.remove.map((record) => record.slice(0, 12)).join()}]`;
  return `${owner.slice(9, 12)} ${told.join(' ')}${change}`;
}
