/** Everything that a pass over one MailServer looks at, read at once: Kubernetes, DNS, the mail servers. Judges nothing. */
import type { MailServer } from '../api/mail-server.ts';
import { parseDuration } from '../api/duration.ts';
import { probeEveryMs } from '../core/chains-in-use.ts';
import { OperatorError, transient } from '../core/errors.ts';
import {
  known,
  unknown,
  type Desired,
  type Endpoint,
  type Facts,
  type Known,
  type OwnerFacts,
  type Security,
} from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import type { State, StoredChain, StoredRecordSet } from '../core/state.ts';
import { propagation } from '../dns/name-servers.ts';
import type { Resolver } from '../dns/resolver.ts';
import { addressOf } from '../dns/resource-record.ts';
import { keyOf } from '../kube/resource.ts';
import type { Claim, Claims } from './claims.ts';
import type { EndpointProbes, EndpointTarget, Look } from './endpoint-probes.ts';
import { identityOf, ownersOf, providerKeyOf, type OwnerIdentity } from './objects.ts';
import type { ActiveProviders } from './active-providers.ts';
import type { SecretChains } from './secret-chains.ts';

export const FINALIZER = 'tlsa-operator.io/withdraw';
export const ABANDON_ANNOTATION = 'tlsa-operator.io/abandon-records';

export interface Sources {
  readonly now: () => number;
  readonly secrets: SecretChains;
  readonly providers: ActiveProviders;
  readonly claims: Claims;
  readonly resolver: Resolver;
  readonly probes: EndpointProbes;
}

/** How the last attempt to write at each owner ended. */
export type Attempts = ReadonlyMap<Name, 'Applied' | OperatorError>;

export interface Gathered {
  readonly facts: Facts;
  /** Where each owner is to be written. */
  readonly claims: ReadonlyMap<Name, Claim>;
  /** When the endpoints are to be looked at again, milliseconds since 1970. */
  readonly probeAgainAt: number | undefined;
}

export async function gather(mailServer: MailServer, attempts: Attempts, sources: Sources): Promise<Gathered> {
  const { metadata, status } = mailServer;
  const desired = desiredOf(mailServer);
  const stored: State = { certificates: status.certificates ?? [], recordSets: status.recordSets ?? [] };
  const identities = ownersOf(mailServer);
  const left = stored.recordSets
    .map(({ owner }) => owner)
    .filter((owner) => identities.every((identity) => identity.owner !== owner));
  const hosts = new Map(
    [...new Set(identities.map(({ hostname }) => hostname))].map(
      (hostname) => [hostname, hostFacts(hostname, sources.resolver)] as const,
    ),
  );
  const claims = new Map<Name, Claim>();

  const owner = async (identity: OwnerIdentity, isDesired: boolean): Promise<OwnerFacts> => {
    const claim = await sources.claims.of(mailServer, identity);
    if (claim.known) claims.set(identity.owner, claim.value);
    const history = stored.recordSets.find((recordSet) => recordSet.owner === identity.owner);
    const host = hosts.get(identity.hostname);
    const [current, security] = await Promise.all([
      readPrimary(claim, identity.owner),
      host === undefined ? unknown(NOT_LOOKED_UP) : securityOf(identity.owner, await host, desired, sources.resolver),
    ]);
    const lagging = await attempt(() => laggingServers(claim, current, history, identity.owner, sources));
    return {
      ...identity,
      desired: isDesired,
      zone: claim.known ? known(claim.value.zone.name) : claim,
      current,
      lastAttempt: attempts.get(identity.owner),
      security,
      lagging,
    };
  };

  const [secrets, owners, look] = await Promise.all([
    Promise.all(
      desired.certificates.map(
        async ({ secretName }) => [secretName, await sources.secrets.chainOf(metadata.namespace, secretName)] as const,
      ),
    ),
    Promise.all([
      ...identities.map((identity) => owner(identity, true)),
      ...left.map((name) => owner(identityOf(name), false)),
    ]),
    lookAtEndpoints(mailServer, desired, identities, hosts, stored, sources),
  ]);
  const provider = sources.providers.get(providerKeyOf(mailServer));

  return {
    claims,
    probeAgainAt: look?.known === true ? look.value.againAt : undefined,
    facts: {
      now: new Date(sources.now()),
      desired,
      deleting: metadata.deletionTimestamp !== undefined,
      abandon: metadata.annotations?.[ABANDON_ANNOTATION] !== undefined,
      finalizer: metadata.finalizers?.includes(FINALIZER) === true,
      stored,
      secrets: new Map(secrets),
      provider: provider.known ? known(true) : provider,
      owners,
      endpoints: look?.known === true ? known(look.value.endpoints) : look,
    },
  };
}

const NOT_LOOKED_UP = transient('NotLookedUp', 'a host that the spec no longer names is not looked up');

function desiredOf({ spec }: MailServer): Desired {
  return {
    certificates: spec.certificates,
    ttlSeconds: spec.ttlSeconds,
    records: spec.records,
    publish: spec.publish,
    adoption: spec.adoption,
    deletion: spec.deletion,
    suspend: spec.suspend,
    retireAfterMs: parseDuration(spec.rollover.retireAfter),
    dnssec: spec.verification.dnssec,
    probe: spec.verification.probe,
  };
}

/** Turns what a call throws into a fact; anything but an OperatorError is a bug and goes on. */
async function attempt<T>(call: () => Promise<T>): Promise<Known<T>> {
  try {
    return known(await call());
  } catch (error) {
    if (error instanceof OperatorError) return unknown(error);
    throw error;
  }
}

async function readPrimary(claim: Known<Claim>, owner: Name): Promise<OwnerFacts['current']> {
  if (!claim.known) return claim;
  const { provider, zone } = claim.value;
  return attempt(() => provider.dns.read(zone, owner));
}

/** The servers that answer something else than the primary. Nothing published, nothing to lag. */
async function laggingServers(
  claim: Known<Claim>,
  current: OwnerFacts['current'],
  history: StoredRecordSet | undefined,
  owner: Name,
  { resolver }: Sources,
): Promise<readonly Name[] | undefined> {
  const isPublished = history !== undefined && history.intent === undefined && history.versions.length > 0;
  if (!claim.known || !current.known || !isPublished) return undefined;
  const { servers } = await propagation(claim.value.zone.name, owner, current.value.records, resolver);
  const named = (state: (typeof servers)[number]['state']): Name[] =>
    servers.filter((server) => server.state === state).map(({ name }) => name);
  const unreachable = named('Unreachable');
  if (named('Differs').length > 0 || unreachable.length === 0) return named('Differs');
  throw transient(
    'ServersUnreachable',
    `these name servers of ${claim.value.zone.name} do not answer from here on port 53: ${unreachable.join(', ')}`,
  );
}

interface HostFacts {
  readonly addresses: Known<readonly string[]>;
  readonly security: Known<Security>;
}

async function hostFacts(hostname: Name, resolver: Resolver): Promise<HostFacts> {
  const lookups = await attempt(() => Promise.all([resolver.lookup(hostname, 'A'), resolver.lookup(hostname, 'AAAA')]));
  if (!lookups.known) return { addresses: lookups, security: lookups };
  const found = lookups.value;
  return {
    addresses: known(found.flatMap((lookup) => lookup.records.map(addressOf))),
    security: known({
      secure: found.every((lookup) => lookup.secure),
      alias: found.some((lookup) => lookup.aliased) ? hostname : undefined,
      wildcard: found.some((lookup) => lookup.wildcard) ? hostname : undefined,
    }),
  };
}

async function securityOf(
  owner: Name,
  host: HostFacts,
  { dnssec }: Desired,
  resolver: Resolver,
): Promise<Known<Security>> {
  if (dnssec === 'Ignore' || !host.security.known) return host.security;
  const hostSecurity = host.security.value;
  const answer = await attempt(() => resolver.lookup(owner, 'TLSA'));
  if (!answer.known) return answer;
  const { secure, aliased, wildcard } = answer.value;
  return known({
    secure: hostSecurity.secure && secure,
    alias: hostSecurity.alias ?? (aliased ? owner : undefined),
    wildcard: hostSecurity.wildcard ?? (wildcard ? owner : undefined),
  });
}

async function lookAtEndpoints(
  mailServer: MailServer,
  desired: Desired,
  identities: readonly OwnerIdentity[],
  hosts: ReadonlyMap<Name, Promise<HostFacts>>,
  stored: State,
  sources: Sources,
): Promise<Known<Look> | undefined> {
  if (desired.probe === 'Disabled' || mailServer.metadata.deletionTimestamp !== undefined) return undefined;
  const chains = stored.certificates.flatMap((certificate) => certificate.chains);
  const keyAlgorithms = [...new Set(chains.map((chain) => chain.keyAlgorithm))].filter(
    (algorithm) => algorithm === 'RSA' || algorithm === 'ECDSA',
  );
  // Until a chain is known there is nothing to compare with; the next pass knows it.
  if (keyAlgorithms.length === 0) return undefined;
  const targets: EndpointTarget[] = [];
  for (const { hostname, port } of identities) {
    const host = await hosts.get(hostname);
    if (host?.addresses.known === false) return host.addresses;
    for (const address of host?.addresses.value ?? []) {
      for (const keyAlgorithm of keyAlgorithms) targets.push({ hostname, address, port, keyAlgorithm });
    }
  }
  const serving = chains.filter((chain) => chain.state === 'Serving');
  const isGood = (endpoint: Endpoint): boolean => {
    const { presented } = withoutFormerKey(endpoint, serving);
    if (presented.kind !== 'Presented') return presented.kind === 'Skipped';
    return serving.some(({ spkiSHA256 }) => spkiSHA256 === presented.summary.spkiSHA256);
  };
  const atRestMs = probeEveryMs(
    stored.certificates,
    desired.retireAfterMs,
    parseDuration(mailServer.spec.verification.interval),
  );
  const look = await attempt(() => sources.probes.look(keyOf(mailServer), targets, { atRestMs, isGood }));
  return look.known
    ? known({ ...look.value, endpoints: look.value.endpoints.map((endpoint) => withoutFormerKey(endpoint, serving)) })
    : look;
}

/** A kind of key that only former certificates have is rightly not presented any more. */
function withoutFormerKey(endpoint: Endpoint, serving: readonly StoredChain[]): Endpoint {
  const { presented, keyAlgorithm } = endpoint;
  const isGone = presented.kind === 'Failed' && presented.error === 'KeyAlgorithmNotPresented';
  return isGone && !serving.some((chain) => chain.keyAlgorithm === keyAlgorithm)
    ? { ...endpoint, presented: { kind: 'Skipped', error: presented.error } }
    : endpoint;
}
