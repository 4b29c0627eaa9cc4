/** What waits for the MailServers: the request of each Certificate that names an issuer of ours, and who else must agree. */
import type { MailServer } from '../../api/mail-server.ts';
import { GROUP } from '../../api/object.ts';
import { sameLeaf } from '../../core/chain-summary.ts';
import type { CompleteRequest } from '../../core/effect.ts';
import { type GateRequest, type Promotion, known } from '../../core/facts.ts';
import { candidateOf, type Candidate } from '../../core/issuance.ts';
import type { StoredCertificate } from '../../core/state.ts';
import { objectKey } from '../../kube/resource.ts';
import { isReady, type PromotionSources } from '../promotions.ts';
import { fillerOf, type RenewalSources } from '../renewals.ts';
import { attemptsAt, notBeforeOf, withholds } from './requests.ts';
import type { SeenRequest } from './seen-request.ts';
import { requestsFor, type GateView } from './stores.ts';

export interface GateSources extends RenewalSources {
  readonly gate: GateView;
}

/** By `secretName`; empty where there is no Gate. */
export function requestsOf({ metadata, spec }: MailServer, sources: GateSources): ReadonlyMap<string, GateRequest> {
  const { gate } = sources;
  return new Map(
    spec.certificates.flatMap(({ secretName, servingSecretName }): [string, GateRequest][] => {
      const certificate = fillerOf(objectKey(metadata.namespace, secretName), sources);
      if (certificate?.spec.issuerRef.group !== GROUP || servingSecretName !== undefined) return [];
      const request = newest(requestsFor(certificate, gate));
      return [[secretName, gateRequest(request, gate)]];
    }),
  );
}

function gateRequest(request: SeenRequest | undefined, gate: GateView): GateRequest {
  if (request === undefined) return { name: undefined, chain: undefined, isCompleted: false };
  const { metadata, outcome } = request;
  const candidate = outcome.kind === 'Pending' ? candidateOf(attemptsAt(request, gate)) : undefined;
  const chain = candidate === undefined ? undefined : known(candidate.chain);
  return {
    name: metadata.name,
    chain: outcome.kind === 'Issued' ? outcome.chain : chain,
    isCompleted: outcome.kind === 'Issued',
    notBefore: notBeforeOf(request),
  };
}

/** The last one counts. */
function newest(requests: readonly SeenRequest[]): SeenRequest | undefined {
  return requests.toSorted((a, b) => a.revision - b.revision).at(-1);
}

/** Who else must agree, by the Secret. It is not ours to write: nothing forbids what cert-manager does. */
export function agreements(
  { metadata }: MailServer,
  requests: ReadonlyMap<string, GateRequest>,
  { mailServers, lastError }: Pick<PromotionSources, 'mailServers' | 'lastError'>,
): ReadonlyMap<string, Promotion> {
  return new Map(
    [...requests].map(([secretName, { chain }]): [string, Promotion] => {
      const key = objectKey(metadata.namespace, secretName);
      const others = mailServers
        .byIndex('secret', key)
        .filter((user) => user.metadata.uid !== metadata.uid && withholds(user, secretName));
      const withheldBy = others
        .filter((user) => !isReady(user, { secretName }, chain))
        .map((user) => user.metadata.name);
      return [secretName, { permitted: known(true), withheldBy, lastAttempt: lastError(key) }];
    }),
  );
}

/** What the issuer answered, if it still is what the MailServer's status has as its candidate. */
export function candidateToComplete(
  request: SeenRequest,
  { secretName, spkiSHA256 }: CompleteRequest,
  certificates: readonly Pick<StoredCertificate, 'secretName' | 'chains'>[],
  gate: GateView,
): Candidate | undefined {
  const candidate = candidateOf(attemptsAt(request, gate));
  const planned = certificates
    .find((certificate) => certificate.secretName === secretName)
    ?.chains.find((chain) => chain.state === 'Candidate' && chain.spkiSHA256 === spkiSHA256);
  return candidate !== undefined && planned !== undefined && sameLeaf(candidate.chain, planned) ? candidate : undefined;
}
