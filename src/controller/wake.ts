/** Which changes make whom look again. */
import type { MailServer } from '../api/mail-server.ts';
import { keyOf, objectKey, type ObjectKey } from '../kube/resource.ts';
import { providerKey, providerKeyOf, secretKeysOf, type ProviderKey, type ProviderObject } from './objects.ts';
import { readinessOf } from './promotions.ts';
import { tellsOtherwise } from './renewals.ts';
import { findProvider, heirsOf, ownersInUse, type Stores } from './stores.ts';

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
