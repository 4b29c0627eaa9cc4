/** What this room knows of the cluster, as last seen, and by what it is found. */
import type { Certificate } from '../api/certificate.ts';
import type { ClusterDnsProvider, DnsProvider } from '../api/dns-provider.ts';
import type { MailServer } from '../api/mail-server.ts';
import { objectKey, type ObjectKey, type PartialObject } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import type { Logger } from '../observe/log.ts';
import { createGateStores, type GateStores } from './gate/stores.ts';
import { ownersOf, pairsOf, providerKeyOf, secretKeysOf, type ProviderKey, type ProviderObject } from './objects.ts';

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

/** Those that a MailServer asks for, and those that it still has records at. */
export function ownersInUse(mailServer: MailServer): string[] {
  return [...ownersOf(mailServer), ...(mailServer.status.recordSets ?? [])].map(({ owner }) => owner);
}

export function heirsOf({ status }: MailServer): ObjectKey[] {
  return (status.recordSets ?? []).flatMap(({ handedTo }) => handedTo ?? []);
}

export function findProvider(stores: Stores, key: ProviderKey): ProviderObject | undefined {
  const [kind, ...name] = key.split('/');
  return kind === 'DNSProvider'
    ? stores.dnsProviders.get(name.join('/'))
    : stores.clusterDnsProviders.get(name.join('/'));
}
