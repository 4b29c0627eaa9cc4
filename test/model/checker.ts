/**
 * What must never happen. It knows what the world knows, and nothing of what the planner thinks; with it, it shares no code.
 *
 * Both sides of a pair change at moments only: a server begins to hand out a value, a pod begins to present a chain. So it is enough to
 * look then, at all that any cache may hold and all that is presented; what holds then holds at every second until the next such moment.
 *
 * Exceptions, each bounded:
 * - An Observe renewal that not every value accepted at its moment; what was released by hand, after the deadline, or into a rebuilt
 *   cluster: not guarded, until for the first time everything that a sender may hold accepts it. From then on it is, like any other.
 * - A foreign edit: what was served before is not guarded against the values that it made; what is released later is, by one match (W),
 *   once the operator's status could know of it. Records that a lost status left behind: W.
 * - Former chains that only a lost status knew of; what is left of others' records, and of ours of before, when ours are withdrawn.
 * - What our own change takes from a chain that a foreign digest (`3 1 2`) has left with nothing but its `2 1 1`.
 * - An expired certificate at a host that was out of sight meanwhile.
 * - Dates: whether a chain is in date is looked at when it is released. A leaf that expires while it is served is no fault of records.
 */
import { caKeyOf, type ModelChain } from './chains.ts';
import type { Clockwork } from './clockwork.ts';
import type { Address, Certificate, Cluster, MailServer } from './cluster.ts';
import { judgeChain } from './judge.ts';
import type { Value, Zone } from './zone.ts';

export type ViolationKind =
  'W' | 'S' | 'Stranger' | 'Emptied' | 'Covered' | 'Dates' | 'Blind' | 'KeyLost' | 'Storm' | 'Busy' | 'Rest' | 'Writes';

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
  readonly #clock: Clockwork;
  readonly #zone: Zone;
  readonly #cluster: Cluster;
  readonly #standings = new Map<string, Standing>();
  readonly #everKnown = new Set<string>();
  /** How many pairs were judged. */
  judged = 0;

  constructor(clock: Clockwork, zone: Zone, cluster: Cluster) {
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

  /** A serving Secret gets this chain. */
  served({ mode }: Certificate, chain: ModelChain, exception: Exception | undefined): void {
    const { now } = this.#clock;
    if (mode !== 'Observe' && now + CLOCK_TOLERANCE < chain.notBefore) {
      throw new Violation('Dates', `${chain.name} is released before it is valid`);
    }
    if (mode !== 'Observe' && now - CLOCK_TOLERANCE > chain.notAfter) {
      throw new Violation('Dates', `${chain.name} is released after it has expired`);
    }
    for (const hostname of this.#cluster.hostnames) {
      const demanded = mode === 'Observe' ? 'W' : 'S';
      const guard =
        mode === 'Observe' ? 'None' : exception === undefined ? 'S' : exception === 'Deadline' ? 'W' : 'None';
      const standing: Standing = { chain, since: now, demanded, guard, isForgotten: false };
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

  written({ owner, records }: Value): void {
    const foreign = this.foreign.get(owner);
    const stranger = records.find((record) => !this.#everKnown.has(record) && foreign?.has(record) !== true);
    if (stranger !== undefined) throw new Violation('Stranger', `${stranger} is published, and no Secret ever held it`);
    if (records.length === 0 && this.#clock.now > this.unpublishedUntil + JUST_NOW) {
      throw new Violation('Emptied', `nothing is left at ${owner}`);
    }
  }

  /** Status says `Covered=True`: then any renewal by the same CA must be accepted now. */
  covered(
    mailServer: MailServer,
    secrets: ReadonlyMap<string, ModelChain>,
    sends: (chain: ModelChain) => ModelChain,
  ): void {
    for (const { owner, hostname } of mailServer.owners) {
      const current = this.#zone.current(owner);
      // Where nothing is ours, nothing is promised.
      if (current === undefined || current.records.every((record) => this.#isNotOurs(record, current))) continue;
      const held = this.#zone.held(owner).filter((value) => value.by === 'Operator' || value.noticed);
      for (const { secretName } of mailServer.desired.certificates) {
        const isObserved = this.#cluster.certificates.some(
          (one) => one.secretName === secretName && one.mode === 'Observe',
        );
        const chain = isObserved ? secrets.get(secretName) : undefined;
        if (chain === undefined) continue;
        const renewed = { ...sends(chain), leaf: 'another key' };
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
        const standing = this.#standingOf(chain, hostname);
        this.#guard(standing, this.#zone.heldOrComing(ownerOf(hostname)));
        return standing.guard === standing.demanded ? [] : [`${chain.name} at ${hostname} is not accepted everywhere`];
      });
    });
  }

  /** Former chains leave C with the status that knew of them. */
  statusLost({ owners }: MailServer): void {
    const served = new Set([...this.#cluster.secrets.values()].map(({ name }) => name));
    for (const { hostname } of owners) {
      for (const [key, standing] of this.#standings) {
        if (key.endsWith(`@${hostname}`) && !served.has(standing.chain.name)) standing.isForgotten = true;
      }
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
    const level = this.#isOutOfSight(standing, hostname) ? 'None' : this.#levelOf(value, standing, standing.guard);
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

  #levelOf(value: Value, { since, isForgotten }: Standing, level: Level): Level {
    if (isForgotten) return 'None';
    const foreign = this.foreign.get(value.owner);
    const strange = value.records.flatMap((record) => foreign?.get(record) ?? []);
    const editedAt = Math.max(value.by === 'Others' ? value.writtenAt : -Infinity, ...strange);
    if (editedAt > -Infinity && (since <= editedAt || (value.by === 'Others' && !value.noticed))) return 'None';
    // A foreign digest hides our keys; only the 2 1 1 stood against it, and a chain that has none took that away.
    if (value.writtenAt >= since && strange.length > 0 && value.records.some((record) => record.startsWith('3 1 2')))
      return 'None';
    // Withdrawn: what is not ours stays, and comes, whatever it does.
    const isLeft = value.by === 'Operator' || value.writtenAt < this.unpublishedUntil;
    if (isLeft && value.records.every((record) => this.#isNotOurs(record, value))) return 'None';
    return this.#looseLevelOf(value, level);
  }

  /** With a record among it that is not ours, S may be impossible. */
  #looseLevelOf(value: Value, level: Level): Level {
    return level === 'S' && value.records.some((record) => this.#isNotOurs(record, value)) ? 'W' : level;
  }

  #isNotOurs(record: string, { owner }: Value): boolean {
    return this.foreign.get(owner)?.has(record) === true || this.leftOver.get(owner)?.has(record) === true;
  }
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
