/** What a pass looks at: each source remembers what it found, for as long as that may be used. */
import type { OperatorError } from '../core/errors.ts';
import { rememberedLookups } from '../dns/remembered-lookups.ts';
import type { Resolver } from '../dns/resolver.ts';
import type { Clock } from '../kube/clock.ts';
import type { Cluster } from '../kube/cluster.ts';
import { getSecret } from '../kube/objects.ts';
import type { ObjectKey } from '../kube/resource.ts';
import { readService } from '../kube/services.ts';
import type { ActiveProviders } from './active-providers.ts';
import { Claims } from './claims.ts';
import { EmptyNonTerminals } from './empty-non-terminals.ts';
import { EndpointProbes, type ProbeEndpoint } from './endpoint-probes.ts';
import type { Sources } from './gather.ts';
import { SecretChains } from './secret-chains.ts';
import { ServerAnswers } from './server-answers.ts';
import { SettledChanges } from './settled-changes.ts';
import type { Stores } from './stores.ts';
import { ZoneNameServers } from './zone-name-servers.ts';
import { ZoneWatch } from './zone-watch.ts';

export interface World {
  readonly cluster: Pick<Cluster, 'call' | 'serverClock'>;
  readonly resolver: Resolver;
  readonly probe: ProbeEndpoint;
  readonly clock: Clock;
  readonly random: () => number;
  /** Undefined: Gate is off. */
  readonly gate: object | undefined;
}

/** @param lastError why the last attempt to write a serving Secret failed */
export function createSources(
  { cluster, resolver, probe, clock, random, gate }: World,
  stores: Stores,
  providers: ActiveProviders,
  lastError: (serving: ObjectKey) => OperatorError | undefined,
): Sources {
  const nameServers = new ZoneNameServers(resolver, clock.now);
  return {
    now: clock.now,
    startedAt: clock.now(),
    clockSkewMs: () => cluster.serverClock.skewMs(),
    secrets: new SecretChains(stores.secrets, (namespace, name) => getSecret(cluster, namespace, name)),
    promotions: { ...stores, lastError },
    gate: gate && { ...stores, gate: stores },
    renewals: stores,
    providers,
    claims: new Claims({ ...stores, providers }),
    mailServers: stores.mailServers,
    resolver: rememberedLookups(resolver, clock.monotonic),
    serverAnswers: new ServerAnswers(nameServers, clock.now),
    settledChanges: new SettledChanges(clock.now),
    zoneWatch: new ZoneWatch(nameServers, resolver, clock.now),
    emptyNonTerminals: new EmptyNonTerminals(clock.now),
    probes: new EndpointProbes(probe, clock.now, random),
    readService: (namespace, name) => readService(cluster, namespace, name),
  };
}
