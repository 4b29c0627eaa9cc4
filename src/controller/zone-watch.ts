/** What the servers of a zone show of their copies of it, and the zone above of its DS: for all owners of the zone together. */
import type { WatchFacts } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { behindSince, withoutReached, withSerial, type SerialSeen, type ServedCopy } from '../core/zone-copies.ts';
import { hasDsAtParent } from '../dns/delegation.ts';
import type { Resolver } from '../dns/resolver.ts';
import { lookAtZone } from '../dns/zone-look.ts';
import { attempt } from './attempt.ts';
import type { Claim } from './claims.ts';
import { serialAtPrimary } from './write-attempt.ts';
import type { ZoneNameServers } from './zone-name-servers.ts';

export type ZoneFacts = Pick<WatchFacts, 'signatures' | 'copies' | 'hasDS'>;

/** Thousands of owners share a zone: they are told the same. */
const MEMORY_MS = 5 * 60_000;
/** Servers count whole seconds, and answers take time: a moment that moves by less has not moved. */
const SAME_MOMENT_MS = 3_000;

interface Look {
  readonly at: number;
  readonly found: Promise<ZoneFacts>;
}

/** What lasts from one look to the next. */
interface Memory {
  readonly serials: readonly SerialSeen[];
  /** By address. */
  readonly expiries: ReadonlyMap<string, Date>;
}

export class ZoneWatch {
  readonly #nameServers: ZoneNameServers;
  readonly #resolver: Resolver;
  readonly #now: () => number;
  readonly #looks = new Map<Name, Look>();
  readonly #memories = new Map<Name, Memory>();

  constructor(nameServers: ZoneNameServers, resolver: Resolver, now: () => number) {
    this.#nameServers = nameServers;
    this.#resolver = resolver;
    this.#now = now;
  }

  /** Never rejects with an OperatorError: what could not be found out is not among the facts. */
  of(claim: Claim): Promise<ZoneFacts> {
    const zone = claim.zone.name;
    const last = this.#looks.get(zone);
    if (last !== undefined && this.#now() - last.at < MEMORY_MS) return last.found;
    const found = this.#look(claim);
    this.#looks.set(zone, { at: this.#now(), found });
    return found;
  }

  /** The next one to ask gets a new look. */
  forget(zone: Name): void {
    this.#looks.delete(zone);
  }

  async #look(claim: Claim): Promise<ZoneFacts> {
    const zone = claim.zone.name;
    // The primary's serial first: what servers answer later is not older.
    const serial = await serialAtPrimary(claim);
    const [look, hasDS] = await Promise.all([
      attempt(async () => lookAtZone(zone, await this.#servers(zone), this.#now)),
      attempt(() => hasDsAtParent(zone, this.#resolver)),
    ]);
    const { copies, signatures } = look.known ? look.value : { copies: [], signatures: [] };
    return {
      signatures,
      copies: this.#withMemory(zone, serial, copies),
      hasDS: hasDS.known ? hasDS.value : undefined,
    };
  }

  /** Those that the zone has now. */
  async #servers(zone: Name) {
    return (await this.#nameServers.of(zone)).filter(({ goneUntil }) => goneUntil === undefined);
  }

  #withMemory(zone: Name, serial: number | undefined, served: readonly ServedCopy[]): ZoneFacts['copies'] {
    const before = this.#memories.get(zone);
    const known = before?.serials ?? [];
    const serials = serial === undefined ? known : withSerial(known, serial, new Date(this.#now()));
    const copies = served.map((copy) => ({
      ...copy,
      expiresAt: settled(before?.expiries.get(copy.address), copy.expiresAt),
      behindSince: behindSince(copy, serials),
    }));
    this.#memories.set(zone, {
      serials: withoutReached(serials, copies),
      expiries: new Map(copies.flatMap(({ address, expiresAt }) => (expiresAt ? [[address, expiresAt]] : []))),
    });
    return copies;
  }
}

function settled(before: Date | undefined, now: Date | undefined): Date | undefined {
  if (before === undefined || now === undefined) return now;
  return Math.abs(before.getTime() - now.getTime()) < SAME_MOMENT_MS ? before : now;
}
