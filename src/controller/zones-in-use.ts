/** The zones in which MailServers have records, by provider: counted, so that no change is a reason to look at all of them. */
import type { MailServer } from '../api/mail-server.ts';
import type { Name } from '../core/name.ts';
import type { Store } from '../kube/store.ts';
import { providerKeyOf, type ProviderKey } from './objects.ts';

export class ZonesInUse {
  readonly #counts = new Map<ProviderKey, Map<Name, number>>();

  /** `onChange` is told which provider has a zone more or less. */
  constructor(mailServers: Pick<Store<MailServer>, 'subscribe'>, onChange: (key: ProviderKey) => void) {
    mailServers.subscribe(({ old, object }) => {
      const changed = new Set<ProviderKey>();
      // Those that come first: a zone that stays in use is at no moment out of it.
      for (const [key, zone] of usesOf(object)) if (this.#count(key, zone, 1) === 1) changed.add(key);
      for (const [key, zone] of usesOf(old)) if (this.#count(key, zone, -1) === 0) changed.add(key);
      for (const key of changed) onChange(key);
    });
  }

  of(key: ProviderKey): readonly Name[] {
    return [...(this.#counts.get(key)?.keys() ?? [])];
  }

  #count(key: ProviderKey, zone: Name, by: 1 | -1): number {
    const zones = this.#counts.get(key) ?? new Map<Name, number>();
    const count = (zones.get(zone) ?? 0) + by;
    if (count === 0) zones.delete(zone);
    else zones.set(zone, count);
    if (zones.size === 0) this.#counts.delete(key);
    else this.#counts.set(key, zones);
    return count;
  }
}

function usesOf(mailServer: MailServer | undefined): (readonly [ProviderKey, Name])[] {
  if (mailServer === undefined) return [];
  return (mailServer.status.recordSets ?? []).map(({ provider, zone }) => [providerKeyOf(mailServer, provider), zone]);
}
