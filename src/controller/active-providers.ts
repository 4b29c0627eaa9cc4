/** The DNS providers that are ready for use, by key. The provider controller fills it; MailServer passes look here. */
import type { ClusterDnsProviderSpec } from '../api/dns-provider.ts';
import { transient, type OperatorError } from '../core/errors.ts';
import { known, unknown, type Known } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import type { Zone, DnsProvider } from '../dns/providers/provider.ts';
import type { ZoneWriter } from '../dns/providers/zone-writer.ts';
import type { ProviderKey } from './objects.ts';
import type { WatchNamespaces } from './watches.ts';

export interface ActiveProvider {
  readonly dns: DnsProvider;
  /** Changes of one zone share requests. */
  readonly writer: ZoneWriter;
  /** Undefined for a DNSProvider: whoever may use MailServers of its namespace may use it. */
  readonly allow: ClusterDnsProviderSpec['allow'] | undefined;
}

/** Zones move seldom; asking for each owner again on each pass would double the queries. */
const ZONE_MEMORY_MS = 5 * 60_000;

export class ActiveProviders {
  readonly #now: () => number;
  readonly #entries = new Map<ProviderKey, Known<ActiveProvider>>();
  readonly #last = new Map<ProviderKey, ActiveProvider>();
  readonly #zones = new WeakMap<ActiveProvider, Map<Name, { readonly zone: Zone; readonly at: number }>>();
  readonly #subscribers: ((key: ProviderKey) => void)[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Called when a provider became ready, changed, or stopped being so. */
  subscribe(subscriber: (key: ProviderKey) => void): void {
    this.#subscribers.push(subscriber);
  }

  /** Is it known whether it is ready? */
  isLookedAt(key: ProviderKey): boolean {
    return this.#entries.has(key);
  }

  get(key: ProviderKey): Known<ActiveProvider> {
    return this.#entries.get(key) ?? unknown(transient('ProviderNotReady', `${key} has not been looked at yet`));
  }

  /**
   * The same; where it is not ready, as it was when it last was. For withdrawal only: when a namespace is deleted, provider and credential
   * may be gone before the records are.
   */
  lastKnown(key: ProviderKey): Known<ActiveProvider> {
    const last = this.#last.get(key);
    return last === undefined ? this.get(key) : known(last);
  }

  ready(key: ProviderKey, provider: ActiveProvider): void {
    this.#last.set(key, provider);
    this.#set(key, known(provider));
  }

  notReady(key: ProviderKey, error: OperatorError): void {
    const before = this.#entries.get(key);
    if (before?.known === false && before.error.message === error.message) return;
    this.#set(key, unknown(error));
  }

  /** Nobody needs it any more. */
  forget(key: ProviderKey): void {
    this.#entries.delete(key);
    this.#last.delete(key);
  }

  /** The zone that holds this name at the provider. */
  async findZone(provider: ActiveProvider, name: Name): Promise<Zone | undefined> {
    const memory = this.#zones.get(provider) ?? new Map<Name, { zone: Zone; at: number }>();
    this.#zones.set(provider, memory);
    const remembered = memory.get(name);
    if (remembered !== undefined && this.#now() - remembered.at < ZONE_MEMORY_MS) return remembered.zone;
    const zone = await provider.dns.findZone(name);
    if (zone !== undefined) memory.set(name, { zone, at: this.#now() });
    return zone;
  }

  #set(key: ProviderKey, entry: Known<ActiveProvider>): void {
    this.#entries.set(key, entry);
    for (const subscriber of this.#subscribers) subscriber(key);
  }
}

export function providerNotFound(key: ProviderKey, watchNamespaces: WatchNamespaces): OperatorError {
  if (watchNamespaces !== undefined && key.startsWith('ClusterDNSProvider/')) {
    return transient(
      'ProviderNotFound',
      `${key} is not looked for: this operator works in some namespaces only (--watch-namespaces); name a DNSProvider in spec.providerRef`,
    );
  }
  return transient('ProviderNotFound', `there is no ${key} (yet); spec.providerRef names it`);
}
