import type { Known } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { withAddresses, type NameServer } from '../dns/name-server.ts';
import { nameServers, type NameServerSet } from '../dns/name-servers.ts';
import type { Resolver } from '../dns/resolver.ts';
import { attempt } from './attempt.ts';

export interface ZoneServer extends NameServer {
  /** It left the NS sets; until then resolvers may still ask it. */
  readonly goneUntil?: Date | undefined;
}

/** A name that left a zone's NS sets. */
export interface GoneNameServer {
  readonly name: Name;
  readonly until: Date;
}

const MEMORY_MS = 5 * 60_000;
/** What could not be found out may be gone in a moment; and thousands of owners must not ask all the time. */
const FAILURE_MEMORY_MS = 20_000;
/** Hardly a resolver keeps anything longer, whatever its TTL says: BIND's `max-cache-ttl` is a week, others keep a day. */
const MAX_TTL_SECONDS = 7 * 24 * 60 * 60;
/** A zone that changes its servers all the time must not make us ask ever more of them. */
const MAX_GONE = 32;

/**
 * The authoritative servers of zones, remembered for a while, also that they could not be found: thousands of owners share a zone. A name
 * that left the NS sets stays among them as long as a resolver may keep those.
 */
export class ZoneNameServers {
  readonly #resolver: Resolver;
  readonly #now: () => number;
  readonly #looks = new Map<Name, { readonly until: number; readonly found: Promise<Known<NameServerSet>> }>();
  readonly #last = new Map<Name, NameServerSet>();
  readonly #gone = new Map<Name, ReadonlyMap<Name, { readonly until: Date; readonly server: Promise<NameServer> }>>();

  constructor(resolver: Resolver, now: () => number) {
    this.#resolver = resolver;
    this.#now = now;
  }

  /**
   * `remembered`: names that are known, from status, to have left; this process may have begun later.
   * @throws OperatorError as `nameServers`
   */
  async of(zone: Name, remembered: readonly GoneNameServer[] = []): Promise<readonly ZoneServer[]> {
    const found = await this.#look(zone);
    if (!found.known) throw found.error;
    const { servers } = found.value;
    this.#left(zone, remembered);
    const gone = [...(this.#gone.get(zone) ?? [])].filter(
      ([name, { until }]) => until.getTime() > this.#now() && servers.every((server) => server.name !== name),
    );
    return [
      ...servers,
      ...(await Promise.all(gone.map(async ([, { until, server }]) => ({ ...(await server), goneUntil: until })))),
    ];
  }

  async #look(zone: Name): Promise<Known<NameServerSet>> {
    const remembered = this.#looks.get(zone);
    if (remembered !== undefined && this.#now() < remembered.until) return remembered.found;
    const found = attempt(() => this.#find(zone));
    const until = this.#now() + MEMORY_MS;
    this.#looks.set(zone, { until, found });
    const set = await found;
    if (!set.known || set.value.isHearsay) this.#looks.set(zone, { until: this.#now() + FAILURE_MEMORY_MS, found });
    return set;
  }

  async #find(zone: Name): Promise<NameServerSet> {
    const before = this.#last.get(zone);
    const { servers, ...about } = await nameServers(zone, this.#resolver);
    // Whose address is not found any more is asked where it was: caches, and glue, lead there still.
    const found = servers.map((server) =>
      server.addresses.length > 0 ? server : (before?.servers.find(({ name }) => name === server.name) ?? server),
    );
    const set = { ...about, servers: found };
    this.#last.set(zone, set);
    // Until now it may have been handed out.
    const until = new Date(this.#now() + Math.min(before?.ttlSeconds ?? 0, MAX_TTL_SECONDS) * 1000);
    const left = (before?.servers ?? []).filter(({ name }) => found.every((server) => server.name !== name));
    this.#left(
      zone,
      left.map((server) => ({ ...server, until })),
    );
    return set;
  }

  /** Of two moments the later one counts. */
  #left(zone: Name, names: readonly (GoneNameServer & Partial<NameServer>)[]): void {
    if (names.length === 0) return;
    const gone = new Map(this.#gone.get(zone));
    for (const { name, until, addresses } of names) {
      const known = gone.get(name);
      const server =
        addresses === undefined
          ? (known?.server ?? withAddresses(name, this.#resolver))
          : Promise.resolve({ name, addresses });
      gone.set(name, { until: known !== undefined && known.until > until ? known.until : until, server });
    }
    const lasting = [...gone]
      .filter(([, { until }]) => until.getTime() > this.#now())
      .sort(([, a], [, b]) => b.until.getTime() - a.until.getTime());
    this.#gone.set(zone, new Map(lasting.slice(0, MAX_GONE)));
  }
}
