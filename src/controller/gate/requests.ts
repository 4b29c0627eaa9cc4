/** What is known of the CertificateRequests that name issuers of ours: the facts for each, and for the MailServers that wait for them. */
import type { MailServer } from '../../api/mail-server.ts';
import { transient } from '../../core/errors.ts';
import { known, unknown, type Known } from '../../core/facts.ts';
import type { Attempt, BackOff, IssuanceFacts, Withholder } from '../../core/issuance-facts.ts';
import { objectKey } from '../../kube/resource.ts';
import { counts } from '../promotions.ts';
import type { Stores } from '../stores.ts';
import { attemptOf, isChildOf } from './child-requests.ts';
import { certificateOf, type IssuerRef, type SeenRequest } from './seen-request.ts';
import { issuerKey, type GateView } from './stores.ts';

/** On a request: it is not completed before this time (RFC 3339). */
export const NOT_BEFORE = 'tlsa-operator.io/not-before';

export interface RequestSources {
  readonly now: () => number;
  readonly backOff: BackOff;
  /** Our clock minus the API server's; undefined while not known. */
  readonly clockSkewMs: () => number | undefined;
  readonly gate: GateView;
  readonly mailServers: Pick<Stores['mailServers'], 'byIndex'>;
  readonly certificates: Pick<Stores['certificates'], 'get'>;
}

export function issuanceFactsOf(request: SeenRequest, sources: RequestSources): IssuanceFacts {
  const { approval, spkiSHA256, outcome } = request;
  const issuer = wrappedBy(request, sources.gate);
  return {
    now: new Date(sources.now()),
    approval,
    isOver: outcome.kind !== 'Pending',
    isReadable: spkiSHA256 !== undefined,
    issuer: issuer.known ? known(`${issuer.value.kind} ${issuer.value.name}`) : issuer,
    attempts: attemptsAt(request, sources.gate),
    withholders: withholdersOf(request, sources),
    notBefore: notBeforeOf(request),
    backOff: sources.backOff,
    clockSkewMs: sources.clockSkewMs(),
  };
}

/** Undefined where it holds nothing back, or no time. */
export function notBeforeOf({ metadata }: SeenRequest): Date | undefined {
  const notBefore = Date.parse(metadata.annotations?.[NOT_BEFORE] ?? '');
  return Number.isNaN(notBefore) ? undefined : new Date(notBefore);
}

export function attemptsAt(request: SeenRequest, gate: GateView): readonly Attempt[] {
  const issuer = wrappedBy(request, gate);
  return childrenOf(request, gate).map((child) => attemptOf(child, issuer.known ? issuer.value : undefined));
}

export function childrenOf(request: SeenRequest, { children }: GateView): readonly SeenRequest[] {
  return children.byIndex('parent', request.metadata.uid).filter((child) => isChildOf(child, request));
}

/** The issuer that signs. */
export function wrappedBy({ issuerRef, metadata }: SeenRequest, gate: GateView): Known<IssuerRef> {
  const key = issuerKey(issuerRef, metadata.namespace);
  const issuer =
    issuerRef.kind === 'ClusterDaneIssuer'
      ? gate.clusterDaneIssuers.get(issuerRef.name)
      : gate.daneIssuers.get(objectKey(metadata.namespace, issuerRef.name));
  return issuer === undefined
    ? unknown(transient('IssuerNotFound', `there is no ${key} (yet)`))
    : known(issuer.spec.issuerRef);
}

/** The MailServers that say when it goes. Where it is not for a Certificate, or none of them uses the Secret, there is nobody to wait for. */
function withholdersOf(request: SeenRequest, sources: RequestSources): Known<readonly Withholder[]> {
  const owner = certificateOf(request);
  if (owner === undefined) return known([]);
  const { namespace } = request.metadata;
  const certificate = sources.certificates.get(objectKey(namespace, owner.name));
  if (certificate?.metadata.uid !== owner.uid) {
    return unknown(
      transient('CertificateUnknown', `Certificate ${owner.name} was not seen yet; so nobody knows who uses it`),
    );
  }
  const { secretName } = certificate.spec;
  const users = sources.mailServers.byIndex('secret', objectKey(namespace, secretName));
  const withholders = users
    .filter((user) => withholds(user, secretName))
    .map((user) => withholder(user, secretName, request));
  // In one order: what is said must not change when nothing does.
  return known(withholders.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
}

/** In Promote it is the serving Secret that is withheld. Who is going has a say until its records are withdrawn. */
export function withholds(mailServer: MailServer, secretName: string): boolean {
  const certificate = mailServer.spec.certificates.find((one) => one.secretName === secretName);
  return certificate !== undefined && certificate.servingSecretName === undefined && counts(mailServer);
}

function withholder(
  { metadata, spec, status }: MailServer,
  secretName: string,
  { spkiSHA256 = '' }: SeenRequest,
): Withholder {
  const { candidate } = status.certificates?.find((one) => one.secretName === secretName) ?? {};
  return {
    name: metadata.name,
    until: candidate?.gateOpensAt,
    refusesKey: spec.compromisedKeys.includes(spkiSHA256),
  };
}
