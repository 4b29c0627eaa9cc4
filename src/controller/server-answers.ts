/** What the authoritative servers answered for the owners that something is on its way to: many looks, kept in memory only. */
import type { NameServerFacts, ServerAnswer } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { placeOf, type Place } from '../core/place.ts';
import type { NameServer } from '../dns/name-server.ts';
import type { ServerReply } from '../dns/ask-server.ts';
import { Together } from '../dns/together.ts';
import { askServers, type Question, type ServerSample } from '../dns/servers.ts';
import type { ObjectKey } from '../kube/resource.ts';
import { appended } from './kept-answers.ts';
import type { GoneNameServer, ZoneNameServers } from './zone-name-servers.ts';

/** Passes follow each other closely: what was answered just now is not asked again. */
const FRESH_MS = 5_000;
/** So long an address that was silent is not asked for other owners either, or one dead server would hold up thousands of passes. */
const SILENT_MS = 10_000;

export interface WatchedOwner {
  readonly owner: Name;
  readonly zone: Name;
  /** Names that are known, from status, to have left the zone's NS sets. */
  readonly gone: readonly GoneNameServer[];
  /** Asks for the zone's serial too. */
  readonly withSerial: boolean;
  /** The owner is in another zone now: what is answered from that one is no answer of this zone. */
  readonly isLeft?: boolean;
  /** When a change was last sent, milliseconds since 1970: answers of before are not fresh. */
  readonly writtenAt?: number | undefined;
}

export interface Watch {
  /** This look. */
  readonly samples: readonly ServerSample[];
  /** With every look since the owner is watched. */
  readonly servers: readonly NameServerFacts[];
}

interface Memory {
  /** When the last look began, milliseconds since 1970. */
  readonly lookedAt: number;
  readonly withSerial: boolean;
  readonly samples: readonly (ServerSample & { readonly goneUntil?: Date | undefined })[];
  /** By server name, then by address. */
  readonly answers: ReadonlyMap<Name, ReadonlyMap<string, readonly ServerAnswer[]>>;
}

export class ServerAnswers {
  readonly #nameServers: ZoneNameServers;
  readonly #now: () => number;
  readonly #watched = new Map<ObjectKey, Map<Place, Memory>>();
  /** By address, when it was found silent; milliseconds since 1970. */
  readonly #silent = new Map<string, number>();

  /** Thousands of owners share a zone. */
  readonly #serials = new Together<ServerReply>();

  constructor(nameServers: ZoneNameServers, now: () => number) {
    this.#nameServers = nameServers;
    this.#now = now;
  }

  /**
   * One look, of which nothing is remembered.
   * @throws OperatorError as `ZoneNameServers.of`
   */
  async once(zone: Name, owner: Name): Promise<readonly ServerSample[]> {
    return this.#ask(await this.#nameServers.of(zone), { zone, owner, withSerial: false });
  }

  /**
   * One more look at an owner of this MailServer.
   * @throws OperatorError as `ZoneNameServers.of`
   */
  async watch(mailServer: ObjectKey, watched: WatchedOwner): Promise<Watch> {
    const owners = this.#watched.get(mailServer) ?? new Map<Place, Memory>();
    this.#watched.set(mailServer, owners);
    const before = owners.get(placeOf(watched));
    const memory = before !== undefined && this.#isFresh(before, watched) ? before : await this.#look(watched, before);
    owners.set(placeOf(watched), memory);
    return { samples: memory.samples, servers: memory.samples.map((sample) => factsOf(sample, memory)) };
  }

  /** Forgets what was answered for all other owners of this MailServer. */
  keepOnly(mailServer: ObjectKey, places: readonly Place[]): void {
    const kept = [...(this.#watched.get(mailServer) ?? [])].filter(([place]) => places.includes(place));
    if (kept.length > 0) this.#watched.set(mailServer, new Map(kept));
    else this.#watched.delete(mailServer);
  }

  #isFresh({ lookedAt, withSerial }: Memory, watched: WatchedOwner): boolean {
    if (watched.withSerial && !withSerial) return false;
    return this.#now() - lookedAt < FRESH_MS && lookedAt > (watched.writtenAt ?? 0);
  }

  async #look(
    { zone, owner, gone, withSerial, isLeft = false }: WatchedOwner,
    before: Memory | undefined,
  ): Promise<Memory> {
    const lookedAt = this.#now();
    const servers = await this.#nameServers.of(zone, gone);
    const samples = await this.#ask(servers, { zone, owner, withSerial, isLeft });
    // One time for all answers of a look: none was given later.
    const at = new Date(this.#now());
    const answers = new Map(before?.answers);
    for (const { name, outcomes } of samples) {
      const ofServer = new Map(answers.get(name));
      for (const [address, outcome] of outcomes) {
        if (typeof outcome !== 'string')
          ofServer.set(address, appended(ofServer.get(address) ?? [], { ...outcome, at }));
      }
      answers.set(name, ofServer);
    }
    const goneUntil = new Map(servers.map((server) => [server.name, server.goneUntil]));
    return {
      lookedAt,
      withSerial,
      samples: samples.map((sample) => ({ ...sample, goneUntil: goneUntil.get(sample.name) })),
      answers,
    };
  }

  async #ask(servers: readonly NameServer[], question: Question): Promise<readonly ServerSample[]> {
    const isSilent = (address: string): boolean => this.#now() - (this.#silent.get(address) ?? 0) < SILENT_MS;
    const skipped = new Set(servers.flatMap(({ addresses }) => addresses).filter(isSilent));
    const samples = await askServers(servers, question, this.#now, { skipped, serials: this.#serials });
    for (const [address, outcome] of samples.flatMap(({ outcomes }) => [...outcomes])) {
      if (outcome !== 'Silent') this.#silent.delete(address);
      else if (!skipped.has(address)) this.#silent.set(address, this.#now());
    }
    return samples;
  }
}

function factsOf({ name, state, goneUntil }: Memory['samples'][number], memory: Memory): NameServerFacts {
  const answers = [...(memory.answers.get(name)?.values() ?? [])].flat();
  return { name, state, answers: answers.sort((a, b) => a.at.getTime() - b.at.getTime()), goneUntil };
}
