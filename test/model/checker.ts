/**
 * What must never happen. It knows what the world knows, and nothing of what the planner thinks; with it, it shares no code.
 *
 * Both sides of a pair change at moments only: a server begins to hand out a value, a pod begins to present a chain. So it is enough to
 * look then, at all that any cache may hold and all that is presented; what holds then holds at every second until the next such moment.
 *
 * Exceptions, each bounded:
 * - An Observe renewal that not every value accepted at its moment; what was released by hand, after the deadline, or into a rebuilt
 *   cluster: not guarded, until for the first time everything that a sender may hold accepts it. From then on it is, like any other.
 *   An Observe renewal is never guarded against a change that was on its way when it came.
 * - A foreign edit: what was served before, or was being released, is not guarded against the values that it made; what is released
 *   later is, by one match (W), once the operator's status could know of it. Records that a lost status left behind: W.
 * - Former chains that only a lost status knew of, or one of a MailServer that went before another one claimed its host; what is left of others' records, and of ours of before, when ours are withdrawn.
 * - What our own change takes from a chain that a foreign digest (`3 1 2`) has left with nothing but its `2 1 1`.
 * - An expired certificate at a host that was out of sight meanwhile. An update that arrives when its records were withdrawn.
 * - A host of a MailServer that is gone, and left its records on purpose, or while some server was behind; in Gate, one that nobody
 *   remembers, but for the requests that waited when it was deleted.
 * - Dates: whether a chain is in date is looked at when it is released. A leaf that expires while it is served is no fault of records.
 */
import { caKeyOf, type ModelChain } from './chains.ts';
import type { Clockwork } from './clockwork.ts';
import type { Address, Certificate, Cluster, MailServer } from './cluster.ts';
import { judgeChain } from './judge.ts';
import type { Value, Zone } from './zone.ts';

export type ViolationKind =
  | 'W'
  | 'S'
  | 'Stranger'
  | 'Emptied'
  | 'Touched'
  | 'Covered'
  | 'Dates'
  | 'Blind'
  | 'KeyLost'
  | 'Storm'
  | 'Busy'
  | 'Rest'
  | 'Writes';

export class Violation extends Error {
  readonly kind: ViolationKind;

  constructor(kind: ViolationKind, message: string) {
    super(`${kind}: ${message}`);
    this.kind = kind;
  }
}

type Level = 'None' | 'W' | 'S';
const ORDER: readonly Level[] = ['None', 'W', 'S'];

/** How a chain stands at a host since its Secret got it. */
interface Standing {
  readonly chain: ModelChain;
  readonly since: number;
  readonly demanded: Level;
  guard: Level;
  /** Only a status that was lost knew that it is still presented. */
  isForgotten: boolean;
}

/** Why a candidate may be released before every value accepts it. */
export type Exception = 'ByHand' | 'Deadline' | 'LateDeadline' | 'Rebuilt';

/** Our clock and the API server's may differ by so much. */
const CLOCK_TOLERANCE = 30;
const JUST_NOW = 300;

export class Checker {
  /** Foreign records, by owner: when they came. */
  readonly foreign = new Map<string, Map<string, number>>();
  /** Records that stood at an owner when the status that knew them was lost. */
  readonly leftOver = new Map<string, Set<string>>();
  /** Until when a spec last said that nothing is to be published. */
  unpublishedUntil = -Infinity;
  readonly #latency: number;
  readonly #clock: Clockwork;
  readonly #zone: Zone;
  readonly #cluster: Cluster;
  readonly #standings = new Map<string, Standing>();
  readonly #everKnown = new Set<string>();
  /** Hosts of which nobody remembers anything, though senders do. */
  readonly #abandoned = new Set<string>();
  readonly #abandonedPlaces = new Set<string>();
  /** Hosts of a status that was lost. */
  readonly #lost = new Set<string>();
  /** By host of a MailServer that was deleted: the requests that waited then. */
  readonly #waited = new Map<string, ReadonlySet<string>>();
  /** By the Secret that pods mount: what it got last. */
  readonly #last = new Map<string, ModelChain>();
  /** How many pairs were judged. */
  judged = 0;

  /** @param latency seconds between a look and what follows from it */
  constructor(clock: Clockwork, zone: Zone, cluster: Cluster, latency: number) {
    this.#latency = latency;
    this.#clock = clock;
    this.#zone = zone;
    this.#cluster = cluster;
  }

  /** Some Secret holds it. */
  known(chain: ModelChain): void {
    this.#everKnown.add(`3 1 1 ${chain.leaf}`);
    for (const ca of chain.cas) this.#everKnown.add(`2 1 1 ${ca}`);
  }

  announced(ca: 'A' | 'B' | 'C'): void {
    this.#everKnown.add(`2 1 1 ${caKeyOf(ca)}`);
  }

  /**
   * A serving Secret gets this chain.
   * @param request Gate: its UID
   */
  served(
    { mode, servingSecretName }: Certificate,
    chain: ModelChain,
    exception: Exception | undefined,
    request?: string,
  ): void {
    const { now } = this.#clock;
    this.#forgetUnseen(this.#last.get(servingSecretName));
    this.#last.set(servingSecretName, chain);
    // Where no MailServer uses the Secret, what the issuer answers passes straight through.
    const isUsed = mode !== 'Observe' && this.#cluster.mailServers.some(({ deletedAt }) => deletedAt === undefined);
    if (isUsed && now + CLOCK_TOLERANCE < chain.notBefore) {
      throw new Violation('Dates', `${chain.name} is released before it is valid`);
    }
    if (isUsed && now - CLOCK_TOLERANCE > chain.notAfter) {
      throw new Violation('Dates', `${chain.name} is released after it has expired`);
    }
    for (const hostname of this.#cluster.hostnames) {
      const demanded = mode === 'Observe' ? 'W' : 'S';
      const isLoose = mode === 'Observe' || (request !== undefined && !this.#isWaitedFor(hostname, request));
      const guard = isLoose ? 'None' : exception === undefined ? 'S' : exception === 'Deadline' ? 'W' : 'None';
      // What nobody withheld is guarded once all accept it as it is sent; what was released, from the beginning as it is known.
      const met = mode === 'Observe' ? this.#cluster.sent(chain) : chain;
      const standing: Standing = { chain: met, since: now, demanded, guard, isForgotten: false };
      this.#standings.set(`${chain.name}@${hostname}`, standing);
      this.#guard(standing, this.#zone.heldOrComing(ownerOf(hostname)));
    }
  }

  presented({ hostname }: Address, chain: ModelChain): void {
    const standing = this.#standingOf(chain, hostname);
    const owner = ownerOf(hostname);
    this.#guard(standing, this.#zone.heldOrComing(owner));
    for (const value of this.#zone.held(owner)) this.#judge(value, { ...standing, chain }, hostname);
  }

  handedOut(value: Value): void {
    const hostname = hostOf(value.owner);
    const isNew = value.writtenAt === this.#clock.now;
    const others = this.#zone.heldOrComing(value.owner).filter((other) => other !== value || !isNew);
    for (const chain of this.#cluster.presented(hostname)) {
      const standing = this.#standingOf(chain, hostname);
      this.#guard(standing, others);
      this.#judge(value, { ...standing, chain }, hostname);
    }
  }

  /** @param before what stood there until now */
  written({ owner, zone, records }: Value, before: readonly string[]): void {
    const foreign = this.foreign.get(owner);
    const stranger = records.find((record) => !this.#everKnown.has(record) && foreign?.has(record) !== true);
    if (stranger !== undefined) throw new Violation('Stranger', `${stranger} is published, and no Secret ever held it`);
    const touched = before.find((record) => foreign?.has(record) === true && !records.includes(record));
    if (touched !== undefined && this.#cluster.mailServers.every(({ desired }) => desired.adoption === 'Keep'))
      throw new Violation('Touched', `${touched} at ${owner} is not ours, and is removed`);
    const unwantedUntil = Math.max(this.unpublishedUntil, this.#cluster.unwantedUntil(owner));
    if (records.length === 0 && this.#clock.now > unwantedUntil + JUST_NOW && this.#isNeeded(owner, zone)) {
      throw new Violation('Emptied', `nothing is left at ${owner} in ${zone}`);
    }
  }

  /** In a zone that it leaves, until something stands in the next one. */
  #isNeeded(owner: string, zone: string): boolean {
    if (zone === this.#zone.homeOf(owner)) return true;
    const isMoving = this.#cluster
      .claimants(owner)
      .some(({ stored }) => stored.recordSets.some((one) => one.owner === owner && one.zone === zone));
    return isMoving && (this.#zone.current(owner)?.records ?? []).length === 0;
  }

  /** Somebody deletes it. */
  deleted({ owners }: MailServer, requests: readonly string[]): void {
    for (const { hostname } of owners) this.#waited.set(hostname, new Set(requests));
  }

  /** It is gone. What it left on purpose, and what it could not see the end of, nobody waits for. */
  letGo({ owners, stored }: MailServer, isOnPurpose: boolean): void {
    for (const owner of new Set([...owners, ...stored.recordSets].map((one) => one.owner))) {
      if (this.#zone.isBehind(owner)) this.#abandonPlaces(owner);
      // Who asks for it since just now came too late to get it.
      const isTaken = this.#isRemembered(owner) && this.#clock.now > this.#cluster.unwantedUntil(owner) + this.#latency;
      if (isOnPurpose && !isTaken) this.leave(owner, []);
      // What was released while it went.
      if (this.#cluster.claimants(owner).length === 0) this.unclaimed(hostOf(owner));
      if (this.#isRemembered(owner)) continue;
      if (isOnPurpose || this.#zone.isBehind(owner)) this.#abandoned.add(hostOf(owner));
    }
    // It may have looked after what senders remember of a host of another one that went before.
    for (const hostname of this.#cluster.hostnames) {
      const owner = ownerOf(hostname);
      if (!this.#isRemembered(owner) && this.#zone.isBehind(owner)) this.#abandoned.add(hostname);
    }
  }

  /** Who has it now has it in another zone, and looks at that alone. */
  #abandonPlaces(owner: string): void {
    const sets = this.#cluster.mailServers.flatMap(({ stored }) => stored.recordSets).map(placeOf);
    for (const place of this.#zone.history(owner).map(placeOf))
      if (!sets.includes(place)) this.#abandonedPlaces.add(place);
  }

  /** Nobody knows any more that these records, and what stands there, are ours. */
  leave(owner: string, records: readonly string[]): void {
    const left = this.leftOver.get(owner) ?? new Set<string>();
    const current = [this.#zone.current(owner), ...this.#zone.elsewhere(owner)].flatMap(
      (value) => value?.records ?? [],
    );
    for (const record of [...current, ...records]) left.add(record);
    this.leftOver.set(owner, left);
    if (!this.#isRemembered(owner)) this.#abandoned.add(hostOf(owner));
  }

  /** An update was sent again, seen, and withdrawn within the minute in which it may be carried out a second time: nobody remembers it. */
  arrivedLate({ owner, zone }: { readonly owner: string; readonly zone: string }): void {
    const isWanted = this.#cluster.desired.publish && this.#cluster.claimants(owner).length > 0;
    const isWithdrawn = zone !== this.#zone.homeOf(owner) || !isWanted;
    const sets = this.#cluster.mailServers.flatMap(({ stored }) => stored.recordSets);
    const isOurs = sets.some((one) => one.owner === owner && one.zone === zone && one.records.length > 0);
    if (isWithdrawn && !isOurs) this.leave(owner, this.#zone.current(owner, zone)?.records ?? []);
  }

  /** By some MailServer: it publishes there, or looks after what senders remember. */
  #isRemembered(owner: string): boolean {
    const remembers = ({ stored }: MailServer): boolean => stored.recordSets.some((one) => one.owner === owner);
    return this.#cluster.claimants(owner).length > 0 || this.#cluster.mailServers.some(remembers);
  }

  #isWaitedFor(hostname: string, request: string): boolean {
    return this.#isRemembered(ownerOf(hostname)) || this.#waited.get(hostname)?.has(request) === true;
  }

  /** Status says `Covered=True`: then any renewal by the same CA must be accepted now, with another key where it may change. */
  covered(mailServer: MailServer, secrets: ReadonlyMap<string, ModelChain>): void {
    // Who goes promises nothing any more.
    if (mailServer.deletedAt !== undefined) return;
    for (const { owner, hostname } of mailServer.owners) {
      const has = ({ stored }: MailServer): boolean => stored.recordSets.some((one) => one.owner === owner);
      // It is another one's.
      if (!has(mailServer) && this.#cluster.mailServers.some(has)) continue;
      const current = this.#zone.current(owner);
      // Where nothing is ours, nothing is promised.
      if (current === undefined || current.records.every((record) => this.#isNotOurs(record, current))) continue;
      const held = this.#zone
        .held(owner)
        .filter((value) => (value.by === 'Operator' || value.noticed) && !this.#isLeftBehind(value));
      for (const { secretName } of mailServer.desired.certificates) {
        const certificate = this.#cluster.certificates.find(
          (one) => one.secretName === secretName && one.mode === 'Observe',
        );
        const chain = certificate && (secrets.get(secretName) ?? this.#last.get(secretName));
        // Put there and removed before any pass: the last look at the server is from before.
        if (chain === undefined || (!secrets.has(secretName) && !isRemembered(mailServer, chain))) continue;
        const staysKey = certificate?.keepsKey === true && secrets.has(secretName);
        const sent = this.#cluster.sent(chain);
        const renewed = staysKey ? sent : { ...sent, leaf: 'another key' };
        const refusing = held.find(({ records }) => !judgeChain(records, renewed).accepts);
        if (refusing === undefined) continue;
        throw new Violation(
          'Covered',
          `${mailServer.name} says that a renewal of ${chain.name} is covered at ${hostname}, and ${told(refusing)} would refuse it`,
        );
      }
    }
  }

  /** Of what is served, what is not guarded as it should be. */
  unguarded(): readonly string[] {
    return [...this.#cluster.certificates].flatMap(({ servingSecretName }) => {
      const chain = this.#cluster.secrets.get(servingSecretName);
      if (chain === undefined) return [];
      return this.#cluster.hostnames.flatMap((hostname) => {
        if (this.#cluster.claimants(ownerOf(hostname)).length === 0 || this.#abandoned.has(hostname)) return [];
        const standing = this.#standingOf(chain, hostname);
        this.#guard(standing, this.#zone.heldOrComing(ownerOf(hostname)));
        return standing.guard === standing.demanded ? [] : [`${chain.name} at ${hostname} is not accepted everywhere`];
      });
    });
  }

  /** Former chains leave C with the status that knew of them. */
  statusLost({ owners }: MailServer): void {
    for (const { hostname } of owners) {
      this.#lost.add(hostname);
      this.unclaimed(hostname);
    }
  }

  /** So does one that is replaced before the next status knew of it, or while nobody asks for the host. */
  #forgetUnseen(chain: ModelChain | undefined): void {
    if (chain === undefined) return;
    for (const hostname of this.#cluster.hostnames) {
      const standing = this.#standings.get(`${chain.name}@${hostname}`);
      const claimants = this.#cluster.claimants(ownerOf(hostname));
      const isUnwatched = this.#lost.has(hostname) || claimants.length === 0;
      const isKnown = claimants.some((claimant) => isRemembered(claimant, chain));
      if (standing !== undefined && isUnwatched && !isKnown) standing.isForgotten = true;
    }
  }

  /** Nobody asks for this host: whoever does later knows nothing but what Secrets hold. */
  unclaimed(hostname: string): void {
    const served = new Set([...this.#cluster.secrets.values()].map(({ name }) => name));
    for (const [key, standing] of this.#standings) {
      if (key.endsWith(`@${hostname}`) && !served.has(standing.chain.name)) standing.isForgotten = true;
    }
  }

  #standingOf(chain: ModelChain, hostname: string): Standing {
    const standing = this.#standings.get(`${chain.name}@${hostname}`);
    if (standing === undefined) throw new Error(`${chain.name} was never served`);
    return standing;
  }

  /** It becomes guarded at the first moment at which all these values are good. */
  #guard(standing: Standing, held: readonly Value[]): void {
    for (const level of ['W', 'S'] as const) {
      if (
        ORDER.indexOf(standing.guard) >= ORDER.indexOf(level) ||
        ORDER.indexOf(standing.demanded) < ORDER.indexOf(level)
      )
        continue;
      if (held.every((value) => isGood(value, standing.chain, this.#looseLevelOf(value, level))))
        standing.guard = level;
    }
  }

  #judge(value: Value, standing: Standing, hostname: string): void {
    this.judged += 1;
    const isUnknown = this.#isOutOfSight(standing, hostname) || this.#abandoned.has(hostname);
    const level = isUnknown ? 'None' : this.#levelOf(value, standing, standing.guard);
    if (isGood(value, standing.chain, level)) return;
    throw new Violation(
      level === 'S' ? 'S' : 'W',
      `${standing.chain.name} (key ${standing.chain.leaf.slice(0, 6)}) is presented at ${hostname}, and ${told(value)} ${level === 'S' ? 'does not strictly accept' : 'refuses'} it`,
    );
  }

  /** Who does not answer is waited for until his certificate has expired. */
  #isOutOfSight({ chain }: Standing, hostname: string): boolean {
    const addresses = this.#cluster.addresses.filter((address) => address.hostname === hostname);
    return addresses.some(({ unreachableUntil }) => unreachableUntil > chain.notAfter);
  }

  #levelOf(value: Value, { since, demanded, isForgotten }: Standing, level: Level): Level {
    if (isForgotten || (demanded === 'W' && this.#wasOnItsWay(value, since))) return 'None';
    const foreign = this.foreign.get(value.owner);
    const strange = value.records.flatMap((record) => foreign?.get(record) ?? []);
    const editedAt = Math.max(value.by === 'Others' ? value.writtenAt : -Infinity, ...strange);
    if (editedAt > -Infinity && (since <= editedAt + this.#latency || (value.by === 'Others' && !value.noticed)))
      return 'None';
    // A foreign digest hides our keys; only the 2 1 1 stood against it, and a chain that has none took that away.
    if (value.writtenAt >= since && strange.length > 0 && value.records.some((record) => record.startsWith('3 1 2')))
      return 'None';
    // Withdrawn: what is not ours stays, and comes, whatever it does.
    const unwantedUntil = Math.max(this.unpublishedUntil, this.#cluster.unwantedUntil(value.owner));
    const isLeft = value.by === 'Operator' || value.writtenAt < unwantedUntil;
    if (isLeft && value.records.every((record) => this.#isNotOurs(record, value))) return 'None';
    return this.#looseLevelOf(value, level);
  }

  /** At the moment at which a Secret got something that nobody could know of. */
  #wasOnItsWay({ by, writtenAt }: Value, since: number): boolean {
    return by === 'Operator' && this.#latency > 0 && writtenAt >= since && writtenAt <= since + this.#latency;
  }

  /** With a record among it that is not ours, S may be impossible; what others keep in a zone that was left is theirs. */
  #looseLevelOf(value: Value, level: Level): Level {
    if (this.#isLeftBehind(value)) return 'None';
    return level === 'S' && value.records.some((record) => this.#isNotOurs(record, value)) ? 'W' : level;
  }

  #isLeftBehind(value: Value): boolean {
    const isElsewhere = value.zone !== this.#zone.homeOf(value.owner);
    if (!isElsewhere) return false;
    return this.#abandonedPlaces.has(placeOf(value)) || value.records.every((one) => this.#isNotOurs(one, value));
  }

  #isNotOurs(record: string, { owner }: Value): boolean {
    return this.foreign.get(owner)?.has(record) === true || this.leftOver.get(owner)?.has(record) === true;
  }
}

function placeOf({ owner, zone }: { readonly owner: string; readonly zone: string }): string {
  return `${owner} in ${zone}`;
}

function isRemembered({ stored }: MailServer, { leaf }: ModelChain): boolean {
  return stored.certificates.some(({ chains }) => chains.some(({ spkiSHA256 }) => spkiSHA256 === leaf));
}

function isGood({ records }: Value, chain: ModelChain, level: Level): boolean {
  if (level === 'None') return true;
  const { accepts, strictlyAccepts } = judgeChain(records, chain);
  return level === 'S' ? strictlyAccepts && accepts : accepts;
}

export function told({ records, ttl, writtenAt }: Value): string {
  const short = records.map((record) => `${record.slice(0, 5)} ${record.slice(6, 12)}`).join(', ');
  return `{${short}} (TTL ${ttl}, written at ${writtenAt})`;
}

export function ownerOf(hostname: string): string {
  return `_25._tcp.${hostname}`;
}

function hostOf(owner: string): string {
  return owner.slice('_25._tcp.'.length);
}
