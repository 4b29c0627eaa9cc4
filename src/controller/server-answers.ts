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

/** One look, good for a few seconds. */
interface Look {
  /** Milliseconds since 1970. */
  readonly begunAt: number;
  readonly withSerial: boolean;
  readonly samples: readonly (ServerSample & { readonly goneUntil?: Date | undefined })[];
}

/** Of one address of a server, for one owner. There are many thousands: it holds as little as can be. */
interface Answers {
  readonly place: Place;
  readonly server: Name;
  readonly address: string;
  readonly answers: readonly ServerAnswer[];
}

export class ServerAnswers {
  readonly #nameServers: ZoneNameServers;
  readonly #now: () => number;
  readonly #watched = new Map<ObjectKey, readonly Answers[]>();
  /** By MailServer and place; oldest first. */
  readonly #looks = new Map<string, Look>();
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
    const place = placeOf(watched);
    const key = lookKey(mailServer, place);
    const last = this.#looks.get(key);
    const look = last !== undefined && this.#isFresh(last, watched) ? last : await this.#look(watched);
    if (look !== last) this.#remember(mailServer, place, look);
    const answers = (this.#watched.get(mailServer) ?? []).filter((one) => one.place === place);
    return { samples: look.samples, servers: look.samples.map((sample) => factsOf(sample, answers)) };
  }

  /** Forgets what was answered for all other owners of this MailServer. */
  keepOnly(mailServer: ObjectKey, places: readonly Place[]): void {
    const before = this.#watched.get(mailServer) ?? [];
    const kept = before.filter(({ place }) => places.includes(place));
    if (kept.length === before.length) return;
    for (const { place } of before) if (!places.includes(place)) this.#looks.delete(lookKey(mailServer, place));
    if (kept.length > 0) this.#watched.set(mailServer, kept);
    else this.#watched.delete(mailServer);
  }

  #isFresh({ begunAt, withSerial }: Look, watched: WatchedOwner): boolean {
    if (watched.withSerial && !withSerial) return false;
    return this.#now() - begunAt < FRESH_MS && begunAt > (watched.writtenAt ?? 0);
  }

  async #look({ zone, owner, gone, withSerial, isLeft = false }: WatchedOwner): Promise<Look> {
    const begunAt = this.#now();
    const servers = await this.#nameServers.of(zone, gone);
    const samples = await this.#ask(servers, { zone, owner, withSerial, isLeft });
    const goneUntil = new Map(servers.map((server) => [server.name, server.goneUntil]));
    return {
      begunAt,
      withSerial,
      samples: samples.map((sample) => ({ ...sample, goneUntil: goneUntil.get(sample.name) })),
    };
  }

  /** The look for a few seconds, what was answered for as long as the owner is watched. */
  #remember(mailServer: ObjectKey, place: Place, look: Look): void {
    const now = this.#now();
    for (const [key, { begunAt }] of this.#looks) {
      if (now - begunAt < FRESH_MS) break;
      this.#looks.delete(key);
    }
    const lookedAt = lookKey(mailServer, place);
    // A key that is there would keep its place in the order.
    this.#looks.delete(lookedAt);
    this.#looks.set(lookedAt, look);
    // One time for all answers of a look: none was given later.
    const at = new Date(now);
    const answers = [...(this.#watched.get(mailServer) ?? [])];
    for (const { name: server, outcomes } of look.samples) {
      for (const [address, outcome] of outcomes) {
        if (typeof outcome === 'string') continue;
        const isSame = (one: Answers): boolean =>
          one.place === place && one.server === server && one.address === address;
        const index = answers.findIndex(isSame);
        const all = appended(answers[index]?.answers ?? [], { ...outcome, at });
        answers[index === -1 ? answers.length : index] = { place, server, address, answers: all };
      }
    }
    if (answers.length > 0) this.#watched.set(mailServer, answers);
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

function factsOf({ name, state, goneUntil }: Look['samples'][number], known: readonly Answers[]): NameServerFacts {
  const answers = known.filter(({ server }) => server === name).flatMap((one) => one.answers);
  return { name, state, answers: answers.sort((a, b) => a.at.getTime() - b.at.getTime()), goneUntil };
}

function lookKey(mailServer: ObjectKey, place: Place): string {
  return `${mailServer} ${place}`;
}
