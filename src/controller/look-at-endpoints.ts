/** What the endpoints of one MailServer present: host x address x port x kind of key. */
import { parseDuration } from '../api/duration.ts';
import type { MailServer } from '../api/mail-server.ts';
import { probeEveryMs } from '../core/chains-in-use.ts';
import { stalled, type OperatorError } from '../core/errors.ts';
import { known, unknown, type Endpoint, type Known } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import type { StoredChain } from '../core/state.ts';
import { keyOf } from '../kube/resource.ts';
import { attempt } from './attempt.ts';
import type { EndpointProbes, EndpointTarget, Look } from './endpoint-probes.ts';
import type { HostFacts } from './look-up.ts';
import type { DesiredOwner } from './objects.ts';

/** Undefined while there is nothing to compare with: no chain is known yet, or no owner may be written. */
export async function lookAtEndpoints(
  mailServer: MailServer,
  identities: readonly DesiredOwner[],
  hosts: ReadonlyMap<Name, HostFacts>,
  probes: EndpointProbes,
): Promise<Known<Look> | undefined> {
  const { spec, status, metadata } = mailServer;
  const chains = (status.certificates ?? []).flatMap((certificate) => certificate.chains);
  const keyAlgorithms = [...new Set(chains.map((chain) => chain.keyAlgorithm))].filter(isProbed);
  const isOff = spec.verification.probe === 'Disabled' || metadata.deletionTimestamp !== undefined;
  if (isOff || chains.length === 0 || identities.length === 0) return undefined;
  if (keyAlgorithms.length === 0) return unknown(keyAlgorithmNotProbed(chains));

  const targets: EndpointTarget[] = [];
  const unresolved: Endpoint[] = [];
  for (const { hostname, port } of identities) {
    const addresses = hosts.get(hostname)?.addresses ?? known([]);
    if (!addresses.known) unresolved.push(unresolvedHost(hostname, port, addresses.error));
    for (const address of addresses.known ? addresses.value : []) {
      targets.push(...keyAlgorithms.map((keyAlgorithm) => ({ hostname, address, port, keyAlgorithm })));
    }
  }
  const serving = chains.filter((chain) => chain.state === 'Serving');
  const atRestMs = probeEveryMs(
    status.certificates ?? [],
    parseDuration(spec.rollover.retireAfter),
    parseDuration(spec.verification.interval),
  );
  const isGood = (endpoint: Endpoint): boolean => presentsOneOf(serving, endpoint);
  const look = await attempt(() => probes.look(keyOf(mailServer), targets, { atRestMs, isGood }));
  if (!look.known) return look;
  return known({
    ...look.value,
    endpoints: [...unresolved, ...look.value.endpoints.map((endpoint) => withoutFormerKey(endpoint, serving))],
  });
}

/** One host whose addresses cannot be found out says nothing about the others. */
function unresolvedHost(hostname: Name, port: number, { code, message }: OperatorError): Endpoint {
  return { hostname, address: '', port, keyAlgorithm: '', presented: { kind: 'Failed', error: code, message } };
}

function keyAlgorithmNotProbed(chains: readonly StoredChain[]): OperatorError {
  const algorithms = [...new Set(chains.map(({ keyAlgorithm }) => keyAlgorithm))].join(', ');
  return stalled(
    'KeyAlgorithmNotProbed',
    `a server's ${algorithms} certificate cannot be looked at by this version; use RSA or ECDSA, or set spec.verification.probe to Disabled`,
  );
}

function isProbed(keyAlgorithm: string): keyAlgorithm is EndpointTarget['keyAlgorithm'] {
  return keyAlgorithm === 'RSA' || keyAlgorithm === 'ECDSA';
}

function presentsOneOf(serving: readonly StoredChain[], endpoint: Endpoint): boolean {
  const { presented } = withoutFormerKey(endpoint, serving);
  if (presented.kind !== 'Presented') return presented.kind === 'Skipped';
  return serving.some(({ spkiSHA256 }) => spkiSHA256 === presented.summary.spkiSHA256);
}

/** A kind of key that only former certificates have is rightly not presented any more. */
function withoutFormerKey(endpoint: Endpoint, serving: readonly StoredChain[]): Endpoint {
  const { presented, keyAlgorithm } = endpoint;
  const isGone = presented.kind === 'Failed' && presented.error === 'KeyAlgorithmNotPresented';
  return isGone && !serving.some((chain) => chain.keyAlgorithm === keyAlgorithm)
    ? { ...endpoint, presented: { kind: 'Skipped', error: presented.error } }
    : endpoint;
}
