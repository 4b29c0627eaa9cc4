/** Everything that a pass over one MailServer looks at, read at once: Kubernetes, DNS, the mail servers. Judges nothing. */
import { parseDuration } from '../api/duration.ts';
import type { MailServer } from '../api/mail-server.ts';
import { transient, type OperatorError } from '../core/errors.ts';
import { known, unknown, type Desired, type Facts, type Known, type OwnerFacts } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import type { State, StoredRecordSet } from '../core/state.ts';
import { propagation } from '../dns/name-servers.ts';
import type { Resolver } from '../dns/resolver.ts';
import { keyOf } from '../kube/resource.ts';
import type { ActiveProviders } from './active-providers.ts';
import { attempt } from './attempt.ts';
import type { Claim, Claims } from './claims.ts';
import type { EndpointProbes } from './endpoint-probes.ts';
import { lookAtEndpoints } from './look-at-endpoints.ts';
import { lookUpHost, lookUpOwner } from './look-up.ts';
import { requestedAt } from './requested-at.ts';
import { identityOf, ownersOf, providerKeyOf, providerNameOf, type OwnerIdentity } from './objects.ts';
import type { SecretChains } from './secret-chains.ts';
import type { ZoneNameServers } from './zone-name-servers.ts';

export const FINALIZER = 'tlsa-operator.io/withdraw';
const ABANDON_ANNOTATION = 'tlsa-operator.io/abandon-records';
/** A namespace must not hang for ever on a DNS server that is gone. */
const ABANDON_AFTER_MS = 60 * 60_000;

export interface Sources {
  readonly now: () => number;
  /** When this process started, milliseconds since 1970. */
  readonly startedAt: number;
  /** Our clock minus the API server's; undefined while not known. */
  readonly clockSkewMs: () => number | undefined;
  readonly secrets: SecretChains;
  readonly providers: ActiveProviders;
  readonly claims: Claims;
  readonly resolver: Resolver;
  readonly nameServers: ZoneNameServers;
  readonly probes: EndpointProbes;
}

/** How the last attempt to write at each owner ended. */
export type Attempts = ReadonlyMap<Name, 'Applied' | OperatorError>;

export interface Gathered {
  readonly facts: Facts;
  /** Where each owner is to be written. */
  readonly claims: ReadonlyMap<Name, Known<Claim>>;
  /** When the endpoints are to be looked at again, milliseconds since 1970. */
  readonly probeAgainAt: number | undefined;
}

export async function gather(mailServer: MailServer, attempts: Attempts, sources: Sources): Promise<Gathered> {
  const { metadata, status } = mailServer;
  const desired = desiredOf(mailServer);
  const stored: State = { certificates: status.certificates ?? [], recordSets: status.recordSets ?? [] };
  const identities = ownersOf(mailServer);
  // Asked for by a person: what was seen before does not count.
  if (requestedAt(mailServer) !== status.lastHandledReconcileAt) sources.probes.forget(keyOf(mailServer));
  const isDesired = (owner: Name): boolean => identities.some((identity) => identity.owner === owner);
  const left = stored.recordSets.map(({ owner }) => owner).filter((owner) => !isDesired(owner));

  // Who may not publish for a host makes us ask nothing about it either.
  const claims = await inParallel(
    [...identities, ...left.map(identityOf)],
    (identity) => identity.owner,
    (identity) => sources.claims.of(mailServer, identity),
  );
  const permitted = identities.filter(({ owner }) => claims.get(owner)?.known === true);
  const hosts = await inParallel(
    [...new Set(permitted.map(({ hostname }) => hostname))],
    (hostname) => hostname,
    (hostname) => lookUpHost(hostname, sources.resolver),
  );

  const ownerFacts = async (identity: OwnerIdentity): Promise<OwnerFacts> => {
    const { owner, hostname } = identity;
    const claim = claims.get(owner) ?? NOT_LOOKED_UP;
    const host = hosts.get(hostname);
    const [current, security] = await Promise.all([
      readPrimary(claim, owner),
      host === undefined || desired.dnssec === 'Ignore'
        ? (host?.security ?? NOT_LOOKED_UP)
        : lookUpOwner(owner, host, sources.resolver),
    ]);
    const history = stored.recordSets.find((recordSet) => recordSet.owner === owner);
    return {
      ...identity,
      desired: isDesired(owner),
      provider: claim.known ? claim.value.providerName : (history?.provider ?? providerNameOf(mailServer)),
      zone: claim.known ? known(claim.value.zone.name) : claim,
      current,
      lastAttempt: attempts.get(owner),
      security,
      lagging: await attempt(() => laggingServers(claim, current, history, owner, sources)),
    };
  };

  const [secrets, owners, look] = await Promise.all([
    inParallel(
      desired.certificates,
      ({ secretName }) => secretName,
      ({ secretName }) => sources.secrets.chainOf(metadata.namespace, secretName),
    ),
    Promise.all([...identities, ...left.map(identityOf)].map(ownerFacts)),
    lookAtEndpoints(mailServer, permitted, hosts, sources.probes),
  ]);
  const provider = sources.providers.get(providerKeyOf(mailServer));
  const now = sources.now();
  return {
    claims,
    probeAgainAt: look?.known === true ? look.value.againAt : undefined,
    facts: {
      now: new Date(now),
      desired,
      deleting: metadata.deletionTimestamp !== undefined,
      abandon: mayAbandon(mailServer, now, sources.startedAt),
      finalizer: metadata.finalizers?.includes(FINALIZER) === true,
      stored,
      secrets,
      provider: provider.known ? known(true) : provider,
      owners,
      endpoints: look?.known === true ? known(look.value.endpoints) : look,
      looks: look?.known === true ? look.value.looks : 0,
      clockSkewMs: sources.clockSkewMs(),
    },
  };
}

const NOT_LOOKED_UP = unknown(transient('NotLookedUp', 'a host that may not be published is not looked up'));

async function inParallel<T, V>(
  items: readonly T[],
  keyOfItem: (item: T) => string,
  call: (item: T) => Promise<V>,
): Promise<ReadonlyMap<string, V>> {
  return new Map(await Promise.all(items.map(async (item) => [keyOfItem(item), await call(item)] as const)));
}

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

/** An hour in which this process could have withdrawn, but could not. */
function mayAbandon({ metadata }: MailServer, now: number, startedAt: number): boolean {
  if (metadata.annotations?.[ABANDON_ANNOTATION] !== undefined) return true;
  if (metadata.deletionTimestamp === undefined) return false;
  return now > Math.max(Date.parse(metadata.deletionTimestamp), startedAt) + ABANDON_AFTER_MS;
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
  { nameServers }: Sources,
): Promise<readonly Name[] | undefined> {
  const isPublished = history !== undefined && history.intent === undefined && history.versions.length > 0;
  if (!claim.known || !current.known || !isPublished) return undefined;
  const zone = claim.value.zone.name;
  const { servers } = await propagation(await nameServers.of(zone), owner, current.value.records);
  const named = (state: (typeof servers)[number]['state']): Name[] =>
    servers.filter((server) => server.state === state).map(({ name }) => name);
  const unreachable = named('Unreachable');
  if (named('Differs').length > 0 || unreachable.length === 0) return named('Differs');
  throw transient(
    'ServersUnreachable',
    `these name servers of ${zone} do not answer from here on port 53: ${unreachable.join(', ')}`,
  );
}
