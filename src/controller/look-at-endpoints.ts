/** What the endpoints of one MailServer present: host x address x port x kind of key. */
import { parseDuration } from '../api/duration.ts';
import type { MailServer } from '../api/mail-server.ts';
import { stalled, type OperatorError } from '../core/errors.ts';
import { known, unknown, type Endpoint, type Known } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { probeEveryMs } from '../core/proof.ts';
import type { StoredChain } from '../core/state.ts';
import { keyOf } from '../kube/resource.ts';
import { attempt } from './attempt.ts';
import type { EndpointProbes, EndpointTarget, Look, ProbedEndpoint } from './endpoint-probes.ts';
import { endpointTargets } from './endpoint-targets.ts';
import { excused } from './excused.ts';
import type { HostFacts } from './look-up.ts';
import type { DesiredOwner } from './objects.ts';
import type { ReadService } from './service-endpoints.ts';

/** Undefined while there is nothing to compare with: no chain is known yet, or no owner may be written. */
export async function lookAtEndpoints(
  mailServer: MailServer,
  owners: readonly DesiredOwner[],
  hosts: ReadonlyMap<Name, HostFacts>,
  { probes, readService }: { readonly probes: EndpointProbes; readonly readService: ReadService },
): Promise<Known<Look> | undefined> {
  const { spec, status, metadata } = mailServer;
  const chains = (status.certificates ?? []).flatMap((certificate) => certificate.chains);
  const keyAlgorithms = [...new Set(chains.map((chain) => chain.keyAlgorithm))].filter(isProbed);
  const isOff = spec.verification.probe === 'Disabled' || metadata.deletionTimestamp !== undefined;
  if (isOff || chains.length === 0 || owners.length === 0) return undefined;
  if (keyAlgorithms.length === 0) return unknown(keyAlgorithmNotProbed(chains));

  const { targets, unresolved } = await endpointTargets(mailServer, owners, keyAlgorithms, hosts, readService);
  const serving = chains.filter((chain) => chain.state === 'Serving');
  const atRestMs = probeEveryMs(
    { certificates: status.certificates ?? [], recordSets: status.recordSets ?? [] },
    parseDuration(spec.rollover.retireAfter),
    parseDuration(spec.verification.interval),
  );
  const isGood = (endpoints: readonly ProbedEndpoint[]): boolean =>
    unresolved.length === 0 && excused(endpoints, serving).every((endpoint) => presentsOneOf(serving, endpoint));
  const look = await attempt(() => probes.look(keyOf(mailServer), targets, { atRestMs, isGood }));
  if (!look.known) return look;
  return known({ ...look.value, endpoints: [...unresolved, ...excused(look.value.endpoints, serving)] });
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

function presentsOneOf(serving: readonly StoredChain[], { presented }: Endpoint): boolean {
  if (presented.kind !== 'Presented') return presented.kind === 'Skipped';
  return serving.some(({ spkiSHA256 }) => spkiSHA256 === presented.summary.spkiSHA256);
}
