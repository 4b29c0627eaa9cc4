/** What this room watches, and the keys of its queues that each change wakes. */
import { readCertificate, type Certificate } from '../api/certificate.ts';
import type { ClusterDnsProvider, DnsProvider } from '../api/dns-provider.ts';
import type { MailServer } from '../api/mail-server.ts';
import {
  CERTIFICATES,
  CLUSTER_DNS_PROVIDERS,
  DNS_PROVIDERS,
  keyOf,
  MAIL_SERVERS,
  NAMESPACES,
  objectKey,
  SECRETS,
  type KubeObject,
  type ObjectKey,
  type PartialObject,
} from '../kube/resource.ts';
import type { Caller } from '../kube/cluster.ts';
import { list, listIfInstalled, type ListOptions } from '../kube/list.ts';
import { reflect, type ReflectorOptions } from '../kube/reflector.ts';
import { Store } from '../kube/store.ts';
import type { Logger } from '../observe/log.ts';
import { createGateStores, listGate, nothingOfGate, watchGate, type GateStores } from './gate/stores.ts';
import { ownersOf, providerKeyOf, secretKeysOf, type ProviderKey } from './objects.ts';
import { readinessOf } from './promotions.ts';
import type { ProviderObject } from './make-provider.ts';
import { tellsOtherwise } from './renewals.ts';
import { pairsOf } from './secret-pairs.ts';

/**
 * `secret`: those that use a Secret in any way; `withheld`: those for which it is, or its content, withheld; `heir`: those that hand something
 * over to it.
 */
type MailServerIndex = 'namespace' | 'secret' | 'withheld' | 'provider' | 'owner' | 'heir';

export interface Stores extends GateStores {
  readonly mailServers: Store<MailServer, MailServerIndex>;
  /** TLS Secrets, metadata only. */
  readonly secrets: Store<PartialObject>;
  /** cert-manager's: by the Secret that they fill. Empty where that is not installed. */
  readonly certificates: Store<Certificate, 'secret'>;
  readonly namespaces: Store<PartialObject>;
  readonly dnsProviders: Store<DnsProvider>;
  readonly clusterDnsProviders: Store<ClusterDnsProvider>;
}

export function createStores(log: Logger): Stores {
  return {
    mailServers: new Store<MailServer, MailServerIndex>(log, {
      namespace: ({ metadata }) => [metadata.namespace],
      secret: secretKeysOf,
      withheld: withheldKeysOf,
      provider: (mailServer) => [
        providerKeyOf(mailServer),
        ...(mailServer.status.recordSets ?? []).map(({ provider }) => providerKeyOf(mailServer, provider)),
      ],
      owner: ownersInUse,
      heir: heirsOf,
    }),
    secrets: new Store(log),
    certificates: new Store<Certificate, 'secret'>(log, {
      secret: ({ metadata, spec }) => [objectKey(metadata.namespace, spec.secretName)],
    }),
    namespaces: new Store(log),
    dnsProviders: new Store(log),
    clusterDnsProviders: new Store(log),
    ...createGateStores(log),
  };
}

function withheldKeysOf(mailServer: MailServer): ObjectKey[] {
  const promoted = pairsOf(mailServer).flatMap(({ secretName, servingSecretName }) => [secretName, servingSecretName]);
  const gated = (mailServer.status.certificates ?? []).filter(({ mode }) => mode === 'Gate');
  const names = [...promoted, ...gated.map(({ secretName }) => secretName)];
  return names.map((name) => objectKey(mailServer.metadata.namespace, name));
}

/** Those that it asks for, and those that it still has records at. */
function ownersInUse(mailServer: MailServer): string[] {
  return [...ownersOf(mailServer), ...(mailServer.status.recordSets ?? [])].map(({ owner }) => owner);
}

function heirsOf({ status }: MailServer): ObjectKey[] {
  return (status.recordSets ?? []).flatMap(({ handedTo }) => handedTo ?? []);
}

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

export function findProvider(stores: Stores, key: ProviderKey): ProviderObject | undefined {
  const [kind, ...name] = key.split('/');
  return kind === 'DNSProvider'
    ? stores.dnsProviders.get(name.join('/'))
    : stores.clusterDnsProviders.get(name.join('/'));
}

export function providerKey(
  kind: ProviderObject['kind'],
  object: { readonly metadata: { readonly namespace?: string; readonly name: string } },
): ProviderKey {
  return `${kind}/${objectKey(object.metadata.namespace, object.metadata.name)}`;
}

export interface Wake {
  /** Itself changed. */
  readonly changed: (key: ObjectKey) => void;
  readonly mailServer: (key: ObjectKey) => void;
  readonly provider: (key: ProviderKey) => void;
}

/** No change is looked at by all: each wakes those that an index finds. */
export function wakeOnChange(stores: Stores, wake: Wake): void {
  const wakeAll = (mailServers: readonly MailServer[]): void => {
    for (const mailServer of mailServers) wake.mailServer(keyOf(mailServer));
  };
  stores.mailServers.subscribe(({ old, object }) => {
    // Itself, and whoever else claims one of its owners: he may win or lose it now.
    const owners = [old, object].flatMap((changed) => (changed === undefined ? [] : ownersInUse(changed)));
    const rivals = [...new Set(owners)].flatMap((owner) => stores.mailServers.byIndex('owner', owner));
    const changed = object ?? old;
    wakeAll(rivals.filter((rival) => rival !== object));
    for (const heir of object === undefined ? [] : heirsOf(object)) wake.mailServer(heir);
    // What is withheld waits for all that share it.
    if (readinessOf(old) !== readinessOf(object)) {
      const secrets = [old, object].flatMap((mailServer) => (mailServer === undefined ? [] : secretKeysOf(mailServer)));
      for (const secret of new Set(secrets)) wakeAll(stores.mailServers.byIndex('withheld', secret));
    }
    if (changed !== undefined) wake.changed(keyOf(changed));
    if (object === undefined) return;
    // One that does not exist is woken to be told missing.
    const provider = providerKeyOf(object);
    if (findProvider(stores, provider) === undefined) wake.provider(provider);
  });
  stores.secrets.subscribe(({ old, object }) => {
    const changed = object ?? old;
    if (changed !== undefined) wakeAll(stores.mailServers.byIndex('secret', keyOf(changed)));
  });
  stores.certificates.subscribe(({ old, object }) => {
    if (!tellsOtherwise(old, object)) return;
    const secrets = [old, object].flatMap((one) =>
      one === undefined ? [] : objectKey(one.metadata.namespace, one.spec.secretName),
    );
    for (const secret of new Set(secrets)) wakeAll(stores.mailServers.byIndex('secret', secret));
  });
  stores.namespaces.subscribe(({ old, object }) => {
    if (object === undefined || JSON.stringify(old?.metadata.labels) === JSON.stringify(object.metadata.labels)) return;
    wakeAll(stores.mailServers.byIndex('namespace', object.metadata.name));
  });
  const onProvider =
    (kind: ProviderObject['kind']) =>
    ({
      old,
      object,
    }: {
      readonly old: ProviderObject | undefined;
      readonly object: ProviderObject | undefined;
    }): void => {
      const changed = object ?? old;
      if (changed !== undefined) wake.provider(providerKey(kind, changed));
    };
  stores.dnsProviders.subscribe(onProvider('DNSProvider'));
  stores.clusterDnsProviders.subscribe(onProvider('ClusterDNSProvider'));
}
