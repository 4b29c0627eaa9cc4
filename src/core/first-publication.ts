/**
 * The checks before our first write at an owner: afterwards senders demand what we published, so it must be true and usable at that
 * moment. A literal list; the first violation wins. An owner that is published already is maintained whatever they say.
 */
import { OperatorError, stalled, transient } from './errors.ts';
import { compromised, isCompromised } from './compromised.ts';
import type { ChainSummary } from './chain-summary.ts';
import type { Endpoint, Facts, OwnerFacts } from './facts.ts';
import { insecurity } from './insecurity.ts';
import { judge } from './match.ts';
import type { TlsaRecord } from './tlsa.ts';
import { isUnreached, probeUnavailable } from './unreached.ts';
import { wayOf } from './way.ts';

export interface FirstPublication {
  readonly facts: Facts;
  readonly owner: OwnerFacts;
  /** The RRset as it would be. */
  readonly wanted: readonly TlsaRecord[];
}

const DANE_EE = 3;

type Check = (input: FirstPublication) => OperatorError | undefined;

const CHECKS: readonly Check[] = [
  certificatesAreKnown,
  securityIsKnown,
  ownerIsNoAlias,
  hostIsNoWildcard,
  zoneIsSecure,
  everyEndpointMatches,
];

export function firstPublicationBlockedBy(input: FirstPublication): OperatorError | undefined {
  for (const check of CHECKS) {
    const violation = check(input);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

/** A record for some of the certificates only would make senders refuse the others. */
function certificatesAreKnown({ facts }: FirstPublication): OperatorError | undefined {
  for (const certificate of facts.desired.certificates) {
    const { secretName } = certificate;
    const { source, servingName } = wayOf(certificate, facts);
    const chains = [source, facts.secrets.get(servingName)].flatMap((chain) => chain ?? []);
    const problems = chains.flatMap((chain) => (chain.known ? [] : chain.error));
    const isOneKnown = problems.length < chains.length;
    // Promote, Gate: one of the two may be missing.
    const problem = problems.find(({ code }) => !isOneKnown || code !== 'SecretNotFound');
    if (problem !== undefined) return problem;
    const secret = facts.secrets.get(secretName);
    if (secret?.known === true && isCompromised(secret.value, facts)) return compromised(secretName);
  }
  return undefined;
}

function securityIsKnown({ facts, owner }: FirstPublication): OperatorError | undefined {
  return facts.desired.dnssec === 'Ignore' || owner.security.known ? undefined : owner.security.error;
}

/** Servers answer an UPDATE beside a CNAME with NOERROR and drop it (RFC 2136 §3.4.2.2). */
function ownerIsNoAlias({ owner }: FirstPublication): OperatorError | undefined {
  if (!owner.security.known || owner.security.value.alias === undefined) return undefined;
  const { alias } = owner.security.value;
  return alias === owner.owner
    ? stalled('OwnerIsAlias', `a CNAME stands at ${alias}; remove it, or publish the records where it leads`)
    : stalled(
        'HostIsAlias',
        `${alias} is a CNAME; an MX host must have addresses of its own (RFC 5321 §5.1): name the host that it leads to`,
      );
}

/** `_25._tcp.mx1` turns a wildcard's mx1 into an empty non-terminal: its address would be gone (RFC 4592 §2.2.2). */
function hostIsNoWildcard({ owner }: FirstPublication): OperatorError | undefined {
  if (!owner.security.known || owner.security.value.wildcard === undefined) return undefined;
  const { wildcard } = owner.security.value;
  return wildcard === owner.owner
    ? stalled(
        'OwnerIsWildcard',
        `the TLSA answer at ${wildcard} comes from a wildcard; remove the wildcard's TLSA records first`,
      )
    : stalled(
        'HostIsWildcard',
        `the addresses of ${wildcard} come from a wildcard and would vanish with a record below that name; give ${wildcard} address records of its own`,
      );
}

function zoneIsSecure({ facts, owner }: FirstPublication): OperatorError | undefined {
  if (facts.desired.dnssec !== 'Require' || !owner.security.known || owner.security.value.secure) return undefined;
  if (owner.security.value.notValidated !== undefined) return owner.security.value.notValidated;
  return insecurity(owner, owner.security.value);
}

/** What the RRset would say must match what is served now: at each address, for each kind of key, by the key itself. */
export function everyEndpointMatches(input: FirstPublication): OperatorError | undefined {
  const { facts, owner, wanted } = input;
  if (facts.desired.probe === 'Disabled') return undefined;
  if (facts.endpoints === undefined) {
    return transient('NotProbedYet', `${owner.hostname} port ${owner.port} has not been looked at yet`);
  }
  if (!facts.endpoints.known) return facts.endpoints.error;
  const endpoints = facts.endpoints.value.filter(
    ({ hostname, port }) => hostname === owner.hostname && port === owner.port,
  );
  const isSkipped = endpoints.every(({ presented }) => presented.kind === 'Skipped');
  if (isSkipped || facts.endpoints.value.every(isUnreached)) {
    return probeUnavailable(`${owner.hostname} port ${owner.port}`, endpoints);
  }
  const keys = wanted.filter(({ usage }) => usage === DANE_EE);
  return endpoints.map((endpoint) => endpointProblem(endpoint, keys, facts)).find((problem) => problem !== undefined);
}

/** Why a sender that holds `records` would refuse this endpoint. */
export function endpointProblem(
  endpoint: Endpoint,
  records: readonly TlsaRecord[],
  facts: Facts,
): OperatorError | undefined {
  const { hostname, presented } = endpoint;
  const where = endpointName(endpoint);
  switch (presented.kind) {
    case 'Skipped':
      return undefined;
    case 'Failed':
      return new OperatorError('Transient', presented.error, `${where}: ${presented.message}`);
    case 'Presented':
      if (judge(records, presented.chain, hostname, facts.now).accepts) return undefined;
      return isOurs(presented.summary, facts)
        ? transient(
            'RecordsDoNotMatch',
            `${where} presents a certificate that the records in the DNS do not accept (yet): see condition RecordsPublished, and records that are not ours`,
          )
        : unknownChainServed(endpoint);
  }
}

export function unknownChainServed(endpoint: Endpoint): OperatorError {
  return transient(
    'UnknownChainServed',
    `${endpointName(endpoint)} presents a certificate that is in none of the Secrets named in spec.certificates; let the server load the right one, or name its Secret`,
  );
}

/** Senders that look at the key alone refuse it, also where records of its CA accept it. */
export function strangerAt(endpoint: Endpoint, inUse: readonly ChainSummary[]): OperatorError | undefined {
  const { presented } = endpoint;
  if (presented.kind !== 'Presented') return undefined;
  const isKnown = inUse.some(({ spkiSHA256 }) => spkiSHA256 === presented.summary.spkiSHA256);
  return isKnown ? undefined : unknownChainServed(endpoint);
}

export function endpointName({ hostname, address, port, keyAlgorithm }: Endpoint): string {
  return address === '' ? hostname : `${hostname} (${address} port ${port}, ${keyAlgorithm})`;
}

/** Is it a certificate that a Secret holds now? */
export function isOurs({ spkiSHA256 }: ChainSummary, { secrets }: Facts): boolean {
  return [...secrets.values()].some((secret) => secret.known && secret.value.spkiSHA256 === spkiSHA256);
}
