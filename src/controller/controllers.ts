/** The controllers, MailServer and DNS providers and what Gate adds, wired to their queues. */
import { RequestRates } from '../dns/providers/request-rates.ts';
import type { Resolver } from '../dns/resolver.ts';
import { pausing, type Clock } from '../kube/clock.ts';
import type { Cluster } from '../kube/cluster.ts';
import { EventRecorder } from '../kube/events.ts';
import { lean } from '../kube/lean.ts';
import {
  createObject,
  getSecret,
  patchMetadata,
  replaceObject,
  replaceStatus,
  type WriteResult,
} from '../kube/objects.ts';
import { WorkQueue } from '../kube/queue.ts';
import { CLUSTER_DNS_PROVIDERS, DNS_PROVIDERS, MAIL_SERVERS, SECRETS, type KubeObject } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { transient } from '../core/errors.ts';
import { ActiveProviders, providerNotFound } from './active-providers.ts';
import type { ProbeEndpoint } from './endpoint-probes.ts';
import type { ObjectEvent } from './object-event.ts';
import { createGate, type Gate, type GateOptions } from './gate/controller.ts';
import { providerKeyOf, type ProviderKey } from './objects.ts';
import { reconcileMailServer, type MailServerReconciler } from './reconcile-mail-server.ts';
import { reconcileProvider, type Instances, type ProviderReconciler } from './reconcile-provider.ts';
import type { Outcome } from './outcome.ts';
import { Releases } from './releases.ts';
import type { ReadSecret } from './secret-chains.ts';
import { createSources } from './sources.ts';
import { UnderWork } from './under-work.ts';
import { type WatchNamespaces } from './watches.ts';
import { findProvider, type Stores } from './stores.ts';
import { wakeOnChange } from './wake.ts';
import type { AttemptMemory } from './write-attempt.ts';
import { ZonesInUse } from './zones-in-use.ts';

export interface ControllerOptions {
  readonly cluster: Cluster;
  readonly resolver: Resolver;
  readonly probe: ProbeEndpoint;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Do we lead at this very moment? Asked right before anything is written: a process may have been paused at any point. */
  readonly leads: () => boolean;
  readonly watchNamespaces: WatchNamespaces;
  /** Of the lease, and of the Secrets that ClusterDNSProviders name. */
  readonly operatorNamespace: string;
  /** Undefined: Gate is off. */
  readonly gate: Pick<GateOptions, 'backOff'> | undefined;
}

export interface Controllers {
  readonly start: () => void;
  /** Takes no more work; resolves when what was under way is done. */
  readonly drain: () => Promise<void>;
}

/** Passes mostly wait: for the API server, for name servers, for mail servers. */
const MAIL_SERVER_WORKERS = 64;
const PROVIDER_WORKERS = 4;

export function createControllers(options: ControllerOptions, stores: Stores): Controllers {
  const { cluster, clock, random, log, resolver, leads } = options;
  const events = new EventRecorder({ cluster, clock, random, log });
  // A namespace that is being deleted takes in nothing new, events neither.
  const tell = (object: KubeObject, { type, reason, message }: ObjectEvent): void => {
    const namespace = stores.namespaces.get(object.metadata.namespace ?? '');
    if (namespace?.metadata.deletionTimestamp === undefined) events.record(object, type, reason, message);
  };
  const readSecret: ReadSecret = (namespace, name) => getSecret(cluster, namespace, name);
  const providers = new ActiveProviders(clock.now);
  const leading = <T>(write: () => Promise<T>): Promise<T> => {
    if (!leads())
      throw transient('NotLeading', 'nothing is written: the lease is lost, or not renewed yet after a pause');
    return write();
  };
  const written: typeof keeping = (store, write) => leading(() => keeping(store, write));
  const releases = new Releases(
    {
      read: readSecret,
      create: (secret) => leading(() => createObject(cluster, SECRETS, secret)),
      replace: (secret) => leading(() => replaceObject(cluster, SECRETS, secret)),
    },
    (mailServer, effect) => gate?.complete(mailServer, effect) ?? Promise.resolve('Changed'),
    stores.mailServers,
    log,
  );
  const sources = createSources(options, stores, providers, (serving) => releases.lastError(serving));

  const underWork = new UnderWork(stores.mailServers, (key) => {
    mailServers.add(key);
  });
  const mailServerReconciler: MailServerReconciler = {
    log,
    sources,
    writer: {
      replaceStatus: (mailServer) => written(underWork, () => replaceStatus(cluster, MAIL_SERVERS, mailServer)),
      setFinalizers: (mailServer, finalizers) =>
        written(underWork, () => patchMetadata(cluster, MAIL_SERVERS, mailServer, { finalizers })),
      holdBack: (mailServer, until) => gate?.holdBack(mailServer, until) ?? Promise.resolve('Held'),
      release: (mailServer, effects) => releases.release(mailServer, effects),
      nameSharers: (mailServer, names) => releases.nameSharers(mailServer, names),
      event: tell,
    },
  };
  const attempts = new Map<string, AttemptMemory>();
  const mailServers = queue(options, 'mailserver', MAIL_SERVER_WORKERS, async (key) => {
    const mailServer = stores.mailServers.get(key);
    // Nothing can be said of it yet. That look wakes it.
    if (mailServer !== undefined && !providers.isLookedAt(providerKeyOf(mailServer))) return NOTHING;
    if (mailServer === undefined) {
      attempts.delete(key);
      sources.probes.forget(key);
      sources.serverAnswers.keepOnly(key, []);
      return NOTHING;
    }
    const memory: AttemptMemory = attempts.get(key) ?? (new Map() as AttemptMemory);
    attempts.set(key, memory);
    const outcome = await underWork.pass(mailServer, () =>
      reconcileMailServer(mailServer, memory, mailServerReconciler),
    );
    if (memory.size === 0) attempts.delete(key);
    return outcome;
  });

  const zonesInUse = new ZonesInUse(stores.mailServers, (key) => {
    dnsProviders.add(key);
  });
  const sleep = pausing(clock);
  const rates = new RequestRates(clock.monotonic, sleep);
  const providerReconciler: ProviderReconciler = {
    now: clock.now,
    random,
    sleep,
    rates,
    leads,
    providers,
    resolver,
    metrics: options.metrics,
    readSecret,
    operatorNamespace: options.operatorNamespace,
    zonesInUse: (key) => zonesInUse.of(key),
    writer: {
      replaceStatus: (object) =>
        object.kind === 'DNSProvider'
          ? written(stores.dnsProviders, () => replaceStatus(cluster, DNS_PROVIDERS, object))
          : written(stores.clusterDnsProviders, () => replaceStatus(cluster, CLUSTER_DNS_PROVIDERS, object)),
      event: tell,
    },
  };
  const instances: Instances = new Map();
  const dnsProviders = queue(options, 'dnsprovider', PROVIDER_WORKERS, async (key: ProviderKey) => {
    const object = findProvider(stores, key);
    if (object !== undefined) return reconcileProvider(key, object, instances, providerReconciler);
    instances.delete(key);
    rates.leave(key);
    if (stores.mailServers.byIndex('provider', key).length === 0) {
      providers.forget(key);
      return NOTHING;
    }
    providers.notReady(key, providerNotFound(key, options.watchNamespaces));
    return { kind: 'Done', wakeAt: clock.now() + FORGET_AFTER_MS };
  });

  options.metrics.conditions(() =>
    leads() ? stores.mailServers.list().flatMap(({ status }) => status.conditions ?? []) : undefined,
  );
  providers.subscribe((key) => {
    for (const { metadata } of stores.mailServers.byIndex('provider', key))
      mailServers.add(`${metadata.namespace}/${metadata.name}`);
  });
  const gate: Gate | undefined =
    options.gate &&
    createGate(
      {
        ...options.gate,
        cluster,
        log,
        leading,
        now: clock.now,
        event: tell,
        queue: (name, workers, pass) => queue(options, name, workers, pass),
        wakeMailServer: (key) => {
          mailServers.add(key);
        },
      },
      stores,
    );
  wakeOnChange(stores, {
    changed: (key) => {
      underWork.changed(key);
    },
    mailServer: (key) => {
      mailServers.add(key);
    },
    provider: (key) => {
      dnsProviders.add(key);
    },
  });
  return {
    start: () => {
      dnsProviders.start();
      mailServers.start();
      gate?.start();
    },
    drain: async () => {
      await Promise.all([mailServers.drain(), dnsProviders.drain(), gate?.drain()]);
      await events.flush();
    },
  };
}

/** A provider that is gone is kept for withdrawals while a MailServer names it. */
const FORGET_AFTER_MS = 5 * 60_000;
const NOTHING: Outcome = { kind: 'Done', wakeAt: undefined };

/** A queue whose passes say what is to follow. */
function queue(
  { clock, random, log, metrics }: ControllerOptions,
  name: string,
  workers: number,
  pass: (key: string) => Promise<Outcome>,
): WorkQueue {
  const keys: WorkQueue = new WorkQueue({
    workers,
    clock,
    random,
    metrics: (state) => metrics.queue(name, state),
    work: async (key) => {
      const begun = clock.monotonic();
      const seconds = (): number => (clock.monotonic() - begun) / 1000;
      let outcome: Outcome;
      try {
        outcome = await pass(key);
      } catch (error) {
        metrics.reconciled(name, 'error', seconds());
        throw error;
      }
      follow(keys, key, outcome, clock.now());
      metrics.reconciled(name, RESULTS[outcome.kind], seconds());
    },
    onError: (key, err) => {
      log.error({ err, controller: name, key }, 'the pass failed; it is tried again');
    },
  });
  return keys;
}

const RESULTS = { Again: 'requeue', Retry: 'requeue', Done: 'success' } as const;

function follow(keys: WorkQueue, key: string, outcome: Outcome, now: number): void {
  if (outcome.kind === 'Again') keys.add(key);
  else if (outcome.kind === 'Retry') keys.retry(key);
  else keys.forget(key);
  if (outcome.kind !== 'Again' && outcome.wakeAt !== undefined) keys.addAfter(key, outcome.wakeAt - now);
}

/** Read your writes: the next pass starts from what the API server answered to this one. */
async function keeping<T extends KubeObject>(
  store: Pick<Store<T>, 'put'>,
  write: () => Promise<WriteResult<T>>,
): Promise<WriteResult<T>> {
  const result = await write();
  if (result.outcome === 'Conflict') return result;
  const object = lean(result.object);
  store.put(object);
  return { ...result, object };
}
