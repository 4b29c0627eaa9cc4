/** What the endpoints of a MailServer present, as a process finds out and remembers it. It follows the controller's EndpointProbes. */
import { excused } from '../../src/controller/excused.ts';
import type { ProbedEndpoint } from '../../src/controller/endpoint-probes.ts';
import type { Endpoint, EndpointAnswer } from '../../src/core/facts.ts';
import { probeEveryMs, withLook } from '../../src/core/proof.ts';
import { dateOf } from './chains.ts';
import type { Address, MailServer } from './cluster.ts';
import type { Look, ProcessMemory } from './process-memory.ts';
import type { World } from './world.ts';

/** In seconds. */
const AT_REST = 3600;
const SOONEST = 5;
const SELDOM = 300;

interface Looked {
  readonly endpoints: readonly Endpoint[];
  /** Second of the world. */
  readonly againAt: number;
}

/** At these hosts. The last look, where it was at the same targets and is still good enough; else a new one. */
export function lookAtEndpoints(
  { cluster, clock }: World,
  { stored, desired, deletedAt }: MailServer,
  hostnames: readonly string[],
  memory: ProcessMemory,
  offset: number,
): Looked | undefined {
  const chains = stored.certificates.flatMap((certificate) => certificate.chains);
  const isOff = desired.probe === 'Disabled' || deletedAt !== undefined;
  if (isOff || chains.length === 0 || hostnames.length === 0) return undefined;
  const algorithms = [...new Set(chains.map(({ keyAlgorithm }) => keyAlgorithm))].filter(isProbed);
  const addresses = cluster.addresses.filter(({ hostname }) => hostnames.includes(hostname));
  const targets = `${addresses.map(({ address }) => address).join()} ${algorithms.join()}`;
  const serving = chains.filter(({ state }) => state === 'Serving');
  const isGood = ({ presented }: Endpoint): boolean =>
    presented.kind === 'Presented'
      ? serving.some(({ spkiSHA256 }) => spkiSHA256 === presented.summary.spkiSHA256)
      : presented.kind === 'Skipped';
  const every = probeEveryMs(stored, desired.retireAfterMs, 1000 * AT_REST) / 1000;
  const looked = ({ endpoints, at, badSince }: Look): Looked => {
    const seen = excused(endpoints, serving);
    const soon = Math.min(Math.max(SOONEST, (at - (badSince ?? at)) / 4), SELDOM, every);
    return { endpoints: seen, againAt: at + Math.ceil(seen.every(isGood) ? every : soon) };
  };

  const last = memory.look?.targets === targets ? memory.look : undefined;
  const before = last && looked(last);
  if (before !== undefined && clock.now < before.againAt) return before;
  const looksBefore = new Map(
    memory.look?.endpoints.map(({ address, keyAlgorithm, looks }) => [`${address} ${keyAlgorithm}`, looks]),
  );
  const looksOf = (name: string): readonly Date[] =>
    withLook(looksBefore.get(name) ?? [], dateOf(clock.now + offset), 1000 * every);
  const endpoints = addresses.flatMap((address) =>
    algorithms.map((keyAlgorithm): ProbedEndpoint => ({
      hostname: address.hostname,
      address: address.address,
      port: 25,
      listenPort: 25,
      source: 'Host',
      keyAlgorithm,
      presented: probe(address, keyAlgorithm, memory.nextTurn(`${address.address} ${keyAlgorithm}`)),
      looks: looksOf(`${address.address} ${keyAlgorithm}`),
    })),
  );
  const badSince = excused(endpoints, serving).every(isGood) ? undefined : (memory.look?.badSince ?? clock.now);
  memory.look = { targets, endpoints, at: clock.now, badSince };
  return looked(memory.look);
}

function isProbed(keyAlgorithm: string): keyAlgorithm is ProbedEndpoint['keyAlgorithm'] {
  return keyAlgorithm === 'RSA' || keyAlgorithm === 'ECDSA';
}

function probe(address: Address, algorithm: string, turn: number): EndpointAnswer {
  const { attacker } = address;
  if (attacker !== undefined) return { kind: 'Presented', chain: attacker.chain, summary: attacker.summary };
  if (!address.isReachable) return { kind: 'Failed', error: 'ConnectionTimeout', message: 'the model' };
  const pod = address.pods[turn % address.pods.length];
  const chains = [...(pod?.presents.values() ?? [])];
  if (chains.length === 0) return { kind: 'Failed', error: 'ConnectionRefused', message: 'the model' };
  const chain = chains.find((one) => one.algorithm === algorithm);
  return chain === undefined
    ? { kind: 'Failed', error: 'KeyAlgorithmNotPresented', message: 'the model' }
    : { kind: 'Presented', chain: chain.chain, summary: chain.summary };
}
