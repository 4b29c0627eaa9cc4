/** Everything that a pass over one MailServer looks at, read at once: Kubernetes, DNS, the mail servers. Judges nothing. */
import type { MailServer } from '../api/mail-server.ts';
import { isClockRight } from '../core/clock.ts';
import { known, type Desired, type Facts, type OwnerFacts } from '../core/facts.ts';
import { isWatched } from '../core/history.ts';
import { hasHistory, inherit } from '../core/inherit.ts';
import { isPublished as wasPublished } from '../core/ours.ts';
import { placeOf, type Place as PlaceKey } from '../core/place.ts';
import { somebodyAnswers } from '../core/sightings.ts';
import { isBlank, type State } from '../core/state.ts';
import type { RememberedLookups } from '../dns/remembered-lookups.ts';
import { keyOf } from '../kube/resource.ts';
import type { ActiveProviders } from './active-providers.ts';
import { desiredOf } from './desired.ts';
import type { Claim, Claims } from './claims.ts';
import type { EndpointProbes } from './endpoint-probes.ts';
import { agreements, requestsOf, type GateSources } from './gate/mail-servers.ts';
import { lookAtEndpoints } from './look-at-endpoints.ts';
import { lookAtServers, type AskedServers } from './look-at-servers.ts';
import { mayAbandon } from './may-abandon.ts';
import { lookUpHost, lookUpOwner, lookUpRecords, type HostFacts, type OwnerLookup } from './look-up.ts';
import { requestedAt } from './requested-at.ts';
import { ownersOf, providerKeyOf, providerNameOf, secretNamesOf, type OwnerIdentity } from './objects.ts';
import { NOT_LOOKED_UP, placesOf, type Place } from './places.ts';
import { promotionsOf, type PromotionSources } from './promotions.ts';
import { readOwner } from './read-owner.ts';
import { releaseNowOf } from './release-now.ts';
import { renewalsOf, type RenewalSources } from './renewals.ts';
import type { SecretChains } from './secret-chains.ts';
import type { ServerAnswers } from './server-answers.ts';
import type { ReadService } from './service-endpoints.ts';
import type { SettledChanges } from './settled-changes.ts';
import { watchOwner, type WatchSources } from './watch-owner.ts';
import type { Stores } from './stores.ts';
import type { AttemptMemory } from './write-attempt.ts';

export const FINALIZER = 'tlsa-operator.io/withdraw';

export interface Sources extends WatchSources {
  readonly now: () => number;
  /** When this process started, milliseconds since 1970. */
  readonly startedAt: number;
  /** Our clock minus the API server's; undefined while not known. */
  readonly clockSkewMs: () => number | undefined;
  readonly secrets: SecretChains;
  readonly promotions: PromotionSources;
  /** Undefined where Gate is off. */
  readonly gate: GateSources | undefined;
  readonly renewals: RenewalSources;
  readonly providers: ActiveProviders;
  readonly claims: Claims;
  readonly mailServers: Pick<Stores['mailServers'], 'byIndex'>;
  readonly resolver: RememberedLookups;
  readonly serverAnswers: ServerAnswers;
  readonly settledChanges: SettledChanges;
  readonly probes: EndpointProbes;
  readonly readService: ReadService;
}

export interface Gathered {
  readonly facts: Facts;
  /** Where each owner is to be written. */
  readonly claims: ReadonlyMap<PlaceKey, Claim>;
  /** When the endpoints are to be looked at again, milliseconds since 1970. */
  readonly probeAgainAt: number | undefined;
}

export async function gather(mailServer: MailServer, attempts: AttemptMemory, sources: Sources): Promise<Gathered> {
  const { metadata, status } = mailServer;
  const key = keyOf(mailServer);
  const { desired, problems: specProblems } = desiredOf(mailServer);
  const stored = inherited(mailServer, desired, sources.mailServers);
  const identities = ownersOf(mailServer);
  // Asked for by a person: what was seen before does not count.
  if (requestedAt(mailServer) !== status.lastHandledReconcileAt) {
    sources.probes.forget(key);
    for (const { owner, hostname } of identities) [owner, hostname].forEach(sources.resolver.forget);
    for (const { owner } of identities) sources.emptyNonTerminals.forget(owner);
    for (const { zone } of stored.recordSets) sources.zoneWatch.forget(zone);
  }
  const now = sources.now();
  const deleting = metadata.deletionTimestamp !== undefined;
  const clockSkewMs = sources.clockSkewMs();
  const abandon = mayAbandon(mailServer, { now, startedAt: sources.startedAt, clockSkewMs });
  // Nothing is asked that makes no difference: an outage must not hold up those who let go.
  const isLeft = deleting && (abandon || desired.suspend || desired.deletion === 'Retain');
  const isPublished = desired.publish && !deleting;
  const intention = abandon && deleting ? 'Abandon' : isLeft ? 'LettingGo' : isPublished ? 'Publish' : 'Withdraw';

  // Times of a clock that is wrong are of no use once it is right.
  const isRemembered = isClockRight({ clockSkewMs });
  sources.serverAnswers.keepOnly(
    key,
    stored.recordSets.filter((recordSet) => isRemembered && isWatched(recordSet)).map(placeOf),
  );

  // Who may not publish for a host makes us ask nothing about it either.
  const places = await placesOf(mailServer, stored.recordSets, intention, sources);
  const isPermitted = ({ owner }: OwnerIdentity): boolean =>
    isPublished && places.some((place) => place.owner === owner && place.desired && place.claim.known);
  const permitted = identities.filter(isPermitted);
  // The first write at an owner asks what its host is; afterwards addresses and DNSSEC are wanted only where they are looked at.
  const isLookedUp = ({ owner }: OwnerIdentity): boolean =>
    desired.probe !== 'Disabled' ||
    desired.dnssec !== 'Ignore' ||
    !stored.recordSets.some((recordSet) => recordSet.owner === owner && wasPublished(recordSet));
  const hosts = await inParallel(
    [...new Set(permitted.filter(isLookedUp).map(({ hostname }) => hostname))],
    (hostname) => hostname,
    (hostname) => lookUpHost(hostname, sources.resolver),
  );

  const ownerFacts = async ({ claim, stored: history, ...identity }: Place): Promise<OwnerFacts> => {
    const { owner, hostname, left } = identity;
    const host = left === undefined ? hosts.get(hostname) : undefined;
    const last = claim.known ? attempts.get(placeOf({ owner, zone: claim.value.zone.name })) : undefined;
    const [{ current, serials, changeID, samples }, settled, lookup] = await Promise.all([
      readOwner(claim, owner, history, last, sources.serverAnswers),
      claim.known ? sources.settledChanges.of(claim.value, owner, history) : undefined,
      host === undefined || desired.dnssec === 'Ignore'
        ? withoutLookup(host)
        : lookUpOwner(owner, host, sources.resolver),
    ]);
    const asked = claim.known
      ? await lookAtServers(
          key,
          {
            owner,
            zone: claim.value.zone.name,
            left,
            current,
            samples,
            stored: history,
            writtenAt: last?.sentAt,
            isRemembered,
          },
          sources.serverAnswers,
        )
      : NOT_ASKED;
    // Withdrawn, and no name server can be asked: then the resolver must tell when senders may have forgotten.
    const isToBeResolved =
      host === undefined && left === undefined && desired.dnssec !== 'Ignore' && isUnanswered(asked);
    const resolved = isToBeResolved ? await lookUpRecords(owner, sources.resolver) : lookup.records;
    const isToBeWatched = isPublished && identity.desired && wasPublished(history);
    return {
      ...identity,
      lastZone: history?.zone,
      provider: claim.known ? claim.value.providerName : (history?.provider ?? providerNameOf(mailServer)),
      zone: claim.known ? known(claim.value.zone.name) : claim,
      current,
      serials,
      changeID,
      settled,
      lastAttempt: last?.outcome,
      security: lookup.security,
      resolved,
      lagging: asked.lagging,
      servers: asked.servers,
      watch: claim.known && isToBeWatched ? await watchOwner(owner, claim.value, asked.samples, sources) : undefined,
    };
  };

  const [secrets, owners, look] = await Promise.all([
    inParallel(
      secretNamesOf(mailServer),
      (name) => name,
      (name) => sources.secrets.chainOf(metadata.namespace, name),
    ),
    Promise.all(places.map(ownerFacts)),
    lookAtEndpoints(mailServer, permitted, hosts, sources),
  ]);
  const requests: Facts['requests'] = sources.gate === undefined ? new Map() : requestsOf(mailServer, sources.gate);
  const provider = isLeft ? NOT_LOOKED_UP : sources.providers.get(providerKeyOf(mailServer));
  const claims = places.flatMap(({ owner, claim }) =>
    claim.known ? ([[placeOf({ owner, zone: claim.value.zone.name }), claim.value]] as const) : [],
  );
  const finalizer = metadata.finalizers?.includes(FINALIZER) === true;
  return {
    claims: new Map(claims),
    probeAgainAt: look?.known === true ? look.value.againAt : undefined,
    facts: {
      now: new Date(now),
      desired,
      deleting,
      abandon,
      finalizer,
      stored,
      statusLost: finalizer && isBlank(stored),
      secrets,
      requests,
      promotions: new Map([
        ...promotionsOf(mailServer, secrets, sources.promotions),
        ...agreements(mailServer, requests, sources.promotions),
      ]),
      renewals: renewalsOf(mailServer, sources.renewals),
      releaseNow: releaseNowOf(mailServer),
      specProblems,
      provider: provider.known ? known(true) : provider,
      owners,
      endpoints: look?.known === true ? known(look.value.endpoints) : look,
      clockSkewMs,
    },
  };
}

function isUnanswered({ servers }: AskedServers): boolean {
  return servers?.known === true && !somebodyAnswers(servers.value);
}

/** What status holds of earlier passes. */
export function storedState({ status }: MailServer): State {
  const { certificates = [], recordSets = [], safeToStopAt } = status;
  return { certificates, recordSets, safeToStopAt };
}

/** With what others hand to it, which is not in its own status yet. */
function inherited(mailServer: MailServer, desired: Desired, mailServers: Sources['mailServers']): State {
  const own = storedState(mailServer);
  const key = keyOf(mailServer);
  const owners = new Set(ownersOf(mailServer).map(({ owner }) => owner));
  const heritage = mailServers.byIndex('heir', key).flatMap(({ status }) =>
    (status.recordSets ?? [])
      .filter((recordSet) => recordSet.handedTo === key && !hasHistory(own.recordSets, recordSet))
      .map((recordSet) => ({
        recordSet,
        certificates: owners.has(recordSet.owner) ? (status.certificates ?? []) : [],
      })),
  );
  return inherit(own, heritage, desired);
}

const NOT_ASKED: AskedServers = { lagging: known(undefined), samples: [] };

function withoutLookup(host: HostFacts | undefined): OwnerLookup {
  return { security: host?.security ?? NOT_LOOKED_UP };
}

async function inParallel<T, V>(
  items: readonly T[],
  keyOfItem: (item: T) => string,
  call: (item: T) => Promise<V>,
): Promise<ReadonlyMap<string, V>> {
  return new Map(await Promise.all(items.map(async (item) => [keyOfItem(item), await call(item)] as const)));
}
