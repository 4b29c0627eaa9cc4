import type { Known } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { nameServers, type NameServer } from '../dns/name-servers.ts';
import type { Resolver } from '../dns/resolver.ts';
import { attempt } from './attempt.ts';

const MEMORY_MS = 5 * 60_000;

/** The authoritative servers of zones, remembered for a while, also that they could not be found: thousands of owners share a zone. */
export class ZoneNameServers {
  readonly #resolver: Resolver;
  readonly #now: () => number;
  readonly #memory = new Map<Name, { readonly at: number; readonly servers: Promise<Known<readonly NameServer[]>> }>();

  constructor(resolver: Resolver, now: () => number) {
    this.#resolver = resolver;
    this.#now = now;
  }

  /** @throws OperatorError as `nameServers` */
  async of(zone: Name): Promise<readonly NameServer[]> {
    const remembered = this.#memory.get(zone);
    const isFresh = remembered !== undefined && this.#now() - remembered.at < MEMORY_MS;
    const servers = isFresh ? remembered.servers : attempt(() => nameServers(zone, this.#resolver));
    if (!isFresh) this.#memory.set(zone, { at: this.#now(), servers });
    const found = await servers;
    if (found.known) return found.value;
    throw found.error;
  }
}
