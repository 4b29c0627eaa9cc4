/** What this room watches, or lists once. */
import { readCertificate, type Certificate } from '../api/certificate.ts';
import type { Caller } from '../kube/cluster.ts';
import { list, listIfInstalled, type ListOptions } from '../kube/list.ts';
import { reflect, type ReflectorOptions } from '../kube/reflector.ts';
import {
  CERTIFICATES,
  CLUSTER_DNS_PROVIDERS,
  DNS_PROVIDERS,
  MAIL_SERVERS,
  NAMESPACES,
  SECRETS,
  type KubeObject,
  type PartialObject,
} from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import { listGate, nothingOfGate, watchGate } from './gate/stores.ts';
import type { Stores } from './stores.ts';

const TLS_SECRETS = { resource: SECRETS, metadataOnly: true, fieldSelector: 'type=kubernetes.io/tls' } as const;

const ISSUED = { resource: CERTIFICATES, keep: readCertificate } as const;

/** Some namespaces, and nothing that is in none; undefined: the whole cluster. */
export type WatchNamespaces = readonly string[] | undefined;

export interface Scope {
  readonly watchNamespaces: WatchNamespaces;
  /** Undefined: Gate is off, and nothing of it is looked at. */
  readonly gate: object | undefined;
}

export async function watchAll(
  stores: Stores,
  { watchNamespaces, gate }: Scope,
  common: Pick<ReflectorOptions<PartialObject>, 'cluster' | 'clock' | 'random' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const namespaced = { ...common, namespaces: watchNamespaces };
  if (watchNamespaces !== undefined) {
    // Who has Roles only may not look at them: there are none for him.
    stores.clusterDnsProviders.markSynced();
    stores.namespaces.markSynced();
  }
  if (gate === undefined) nothingOfGate(stores);
  await Promise.all([
    reflect({ ...namespaced, resource: MAIL_SERVERS, store: stores.mailServers }, signal),
    reflect({ ...namespaced, resource: DNS_PROVIDERS, store: stores.dnsProviders }, signal),
    reflect({ ...namespaced, ...TLS_SECRETS, store: stores.secrets }, signal),
    reflect({ ...namespaced, ...ISSUED, optional: true, store: stores.certificates }, signal),
    ...(watchNamespaces === undefined
      ? [
          reflect({ ...common, resource: CLUSTER_DNS_PROVIDERS, store: stores.clusterDnsProviders }, signal),
          reflect({ ...common, resource: NAMESPACES, store: stores.namespaces, metadataOnly: true }, signal),
        ]
      : []),
    ...(gate === undefined ? [] : [watchGate(stores, watchNamespaces, common, signal)]),
  ]);
}

/** Once, and no more: what there is now. */
export async function listAll(
  stores: Stores,
  { watchNamespaces, gate }: Scope,
  cluster: Caller,
  signal: AbortSignal,
): Promise<void> {
  const fill = async <T extends KubeObject>(store: Pick<Store<T>, 'replace'>, what: ListOptions): Promise<void> => {
    const { objects } = await list<T>(cluster, what, signal);
    store.replace(objects, what.namespace);
  };
  const scopes: readonly (string | undefined)[] = watchNamespaces ?? [undefined];
  await Promise.all([
    ...scopes.flatMap((namespace) => [
      fill(stores.mailServers, { resource: MAIL_SERVERS, namespace }),
      fill(stores.dnsProviders, { resource: DNS_PROVIDERS, namespace }),
      fill(stores.secrets, { ...TLS_SECRETS, namespace }),
      listIfInstalled<Certificate>(cluster, { ...ISSUED, namespace }, signal).then((objects) => {
        stores.certificates.replace(objects, namespace);
      }),
    ]),
    ...(watchNamespaces === undefined
      ? [
          fill(stores.clusterDnsProviders, { resource: CLUSTER_DNS_PROVIDERS }),
          fill(stores.namespaces, { resource: NAMESPACES, metadataOnly: true }),
        ]
      : []),
    ...(gate === undefined ? [] : [listGate(stores, watchNamespaces, cluster, signal)]),
  ]);
}

/** Resolves when all of it was listed once. */
export async function synced(stores: Stores): Promise<void> {
  await Promise.all(Object.values(stores).map((store: { synced: Promise<void> }) => store.synced));
}
