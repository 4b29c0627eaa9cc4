/**
 * What the operator would do now, and when next: its own passes, in memory. What a pass would write into status is taken as written, and
 * the next one starts from there, until one would do something outside of status, or nothing. That is told, and not done.
 */
import pLimit from 'p-limit';
import { RequestRates } from '../dns/providers/request-rates.ts';
import { pausing } from '../kube/clock.ts';
import type { MailServer } from '../api/mail-server.ts';
import { outlook, type Outlook } from '../core/outlook.ts';
import { plan } from '../core/plan.ts';
import { getSecret } from '../kube/objects.ts';
import type { Logger } from '../observe/log.ts';
import { ActiveProviders, providerNotFound } from './active-providers.ts';
import { differing } from './crds-match.ts';
import { fitting } from './fitting.ts';
import { FINALIZER, gather, type Sources } from './gather.ts';
import { ownersOf, providerKeyOf } from './objects.ts';
import { bringUp, type Instances, type ProviderUser } from './reconcile-provider.ts';
import { isSameStatus } from './same-status.ts';
import { createSources, type World } from './sources.ts';
import { listAll, type WatchNamespaces } from './watches.ts';
import { createStores, findProvider, type Stores } from './stores.ts';

export interface ForeseeOptions extends World {
  readonly log: Logger;
  readonly metrics: ProviderUser['metrics'];
  readonly operatorNamespace: string;
  /** As the operator has it. */
  readonly watchNamespaces: WatchNamespaces;
  /** Only MailServers of this namespace. */
  readonly namespace?: string | undefined;
  /** Only MailServers of this name. */
  readonly name?: string | undefined;
}

export interface Foreseen {
  /** The CRDs that are not those of this program: until they are, the operator writes nothing. */
  readonly otherCRDs: readonly string[];
  /** By namespace and name. */
  readonly mailServers: readonly ForeseenMailServer[];
}

export interface ForeseenMailServer extends Outlook {
  readonly namespace: string;
  readonly name: string;
}

const AT_ONCE = 8;
/** The first publication takes four. */
const MAX_PASSES = 12;

/** Reads the cluster, the DNS and the mail servers, and writes nothing. @throws ApiError */
export async function foresee(options: ForeseeOptions, signal: AbortSignal): Promise<Foreseen> {
  const { cluster, clock, log, watchNamespaces, namespace, name } = options;
  const stores = createStores(log);
  const [otherCRDs] = await Promise.all([
    differing(cluster, watchNamespaces, signal),
    listAll(stores, options, cluster, signal),
  ]);
  const wanted = stores.mailServers
    .list()
    .filter(({ metadata }) => (namespace ?? metadata.namespace) === metadata.namespace)
    .filter(({ metadata }) => (name ?? metadata.name) === metadata.name)
    .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const providers = new ActiveProviders(clock.now);
  await bringUpProviders(wanted, providers, stores, options);
  const sources = createSources(options, stores, providers, () => undefined);
  const limit = pLimit(AT_ONCE);
  const mailServers = wanted.map((mailServer) => limit(() => foreseeMailServer(mailServer, sources, signal)));
  return { otherCRDs, mailServers: await Promise.all(mailServers) };
}

async function foreseeMailServer(
  mailServer: MailServer,
  sources: Sources,
  signal: AbortSignal,
): Promise<ForeseenMailServer> {
  let current = mailServer;
  for (let passes = 1; ; passes++) {
    signal.throwIfAborted();
    const { facts } = await gather(current, new Map(), sources);
    const next = fitting(current, facts, plan(facts));
    const isRecorded = isSameStatus(current.status, next.status) && next.plan.effect?.kind !== 'SetFinalizer';
    if (isRecorded || passes === MAX_PASSES) {
      const { namespace, name } = mailServer.metadata;
      return { namespace, name, ...outlook(facts, next.plan) };
    }
    current =
      next.plan.effect?.kind === 'SetFinalizer'
        ? { ...current, metadata: { ...current.metadata, finalizers: [FINALIZER] } }
        : { ...current, status: JSON.parse(JSON.stringify(next.status)) as MailServer['status'] };
  }
}

/** Those of the MailServers, and of whoever may have a better claim. Through them nothing can be written: we do not lead. */
async function bringUpProviders(
  mailServers: readonly MailServer[],
  providers: ActiveProviders,
  stores: Stores,
  { cluster, clock, random, metrics, operatorNamespace, watchNamespaces }: ForeseeOptions,
): Promise<void> {
  const owners = new Set(mailServers.flatMap(ownersOfBoth));
  const claimants = [...owners].flatMap((owner) => stores.mailServers.byIndex('owner', owner));
  const keys = new Set([...mailServers, ...claimants].flatMap(providerKeysOf));
  const sleep = pausing(clock);
  const user: ProviderUser = {
    now: clock.now,
    random,
    sleep,
    rates: new RequestRates(clock.monotonic, sleep),
    leads: () => false,
    providers,
    metrics,
    readSecret: (namespace, name) => getSecret(cluster, namespace, name),
    operatorNamespace,
  };
  const instances: Instances = new Map();
  await Promise.all(
    [...keys].map(async (key) => {
      const object = findProvider(stores, key);
      if (object === undefined) providers.notReady(key, providerNotFound(key, watchNamespaces));
      else await bringUp(key, object, instances, user);
    }),
  );
}

/** What it asks for, and what it still has records at. */
function ownersOfBoth(mailServer: MailServer): string[] {
  return [...ownersOf(mailServer), ...(mailServer.status.recordSets ?? [])].map(({ owner }) => owner);
}

function providerKeysOf(mailServer: MailServer): string[] {
  const names = (mailServer.status.recordSets ?? []).map(({ provider }) => provider);
  return [providerKeyOf(mailServer), ...names.map((name) => providerKeyOf(mailServer, name))];
}

function sortKey({ metadata }: MailServer): string {
  return `${metadata.namespace}/${metadata.name}`;
}
