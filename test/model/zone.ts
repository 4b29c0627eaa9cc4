/**
 * The zones, as one: their primary, and the servers that hand it out, each behind its own lag. A value is one write of an owner's RRset.
 * One that moves to another zone has a value in each, and a sender may be led to either.
 * Every cache that could be is in here, too: one that fetched at the last moment, from whichever server, and keeps to the last second.
 */
import { placeOf, type Place } from '../../src/core/place.ts';
import type { Clockwork } from './clockwork.ts';
import { HOME } from './cluster.ts';
import type { Setup } from './scenario.ts';

export interface Value {
  readonly id: number;
  readonly owner: string;
  readonly zone: string;
  /** Presentation form, sorted; empty: there is no RRset. */
  readonly records: readonly string[];
  readonly ttl: number;
  readonly by: 'Operator' | 'Others';
  readonly writtenAt: number;
  /** When another was written in its place. */
  endedAt: number | undefined;
  /** So many nodes hand it out now. */
  holders: number;
  /** When the last of them stopped. */
  handedOutUntil: number;
  /** The operator's status knows of it. */
  noticed: boolean;
}

interface Snapshot {
  readonly serial: number;
  readonly values: ReadonlyMap<Place, Value>;
}

export interface Node {
  readonly server: number;
  lag: number;
  /** Of the snapshot that it hands out. */
  index: number;
  /** It shows this older one. */
  regressed: number | undefined;
  stuck: boolean;
}

export interface Server {
  readonly name: string;
  readonly nodes: readonly Node[];
  /** Of these owners; where undefined, of all. */
  readonly owners: ReadonlySet<string> | undefined;
  state: 'Answers' | 'Silent' | 'Lame';
  isDead: boolean;
}

/** Resolvers keep an RRset a second longer. */
const CACHE_EXTRA = 1;

export class Zone {
  readonly servers: readonly Server[];
  readonly signatureValidity: number;
  /** Told of every value that some node begins to hand out. */
  onHandedOut: (value: Value) => void = () => undefined;
  readonly #clock: Clockwork;
  readonly #maxTTL: number;
  readonly #snapshots: Snapshot[] = [{ serial: 1, values: new Map() }];
  readonly #values: Value[] = [];
  readonly #homes = new Map<string, string>();
  #ids = 0;

  constructor(clock: Clockwork, { mailServers, servers, signatureValidity, maxTTL }: Setup) {
    const hosts = mailServers.map((mailServer) => mailServer.hosts.length);
    const ownersOf = (index: number): Set<string> => {
      const first = hosts.slice(0, index).reduce((sum, count) => sum + count, 1);
      return new Set(Array.from({ length: hosts[index] ?? 0 }, (_, host) => `_25._tcp.mx${first + host}.example.nl`));
    };
    this.#clock = clock;
    this.#maxTTL = maxTTL;
    this.signatureValidity = signatureValidity;
    this.servers = servers.map(({ nodes, serves }, server) => ({
      name: `ns${server + 1}.example.nl`,
      nodes: nodes.map(({ lag }) => ({ server, lag, index: 0, regressed: undefined, stuck: false })),
      owners: serves === undefined ? undefined : ownersOf(serves),
      state: 'Answers',
      isDead: false,
    }));
  }

  serversOf(owner: string): readonly Server[] {
    return this.servers.filter((server) => isServedBy(server, owner));
  }

  get serial(): number {
    return this.#last.serial;
  }

  /** The zone in which whoever asks for this owner wants it. */
  homeOf(owner: string): string {
    return this.#homes.get(owner) ?? HOME;
  }

  move(owner: string, zone: string): void {
    this.#homes.set(owner, zone);
  }

  current(owner: string, zone = this.homeOf(owner)): Value | undefined {
    return this.#last.values.get(placeOf({ owner, zone }));
  }

  /** What stands in the zones that this owner has left. */
  elsewhere(owner: string): readonly Value[] {
    const home = this.homeOf(owner);
    return [...this.#last.values.values()].filter((value) => value.owner === owner && value.zone !== home);
  }

  /** The values that were ever written at this owner, in their order. */
  history(owner: string): readonly Value[] {
    return this.#values.filter((value) => value.owner === owner);
  }

  write(
    owner: string,
    records: readonly string[],
    ttl: number,
    by: Value['by'],
    zone = this.homeOf(owner),
  ): Value | undefined {
    const before = this.current(owner, zone);
    const sorted = [...new Set(records)].sort();
    const effectiveTtl = sorted.length === 0 ? 0 : Math.min(ttl, this.#maxTTL);
    if (sameRecords(before?.records ?? [], sorted) && (before?.ttl ?? 0) === effectiveTtl) return before;
    if (before !== undefined) before.endedAt = this.#clock.now;
    const value: Value = {
      id: this.#ids++,
      owner,
      zone,
      records: sorted,
      ttl: effectiveTtl,
      by,
      writtenAt: this.#clock.now,
      endedAt: undefined,
      holders: 0,
      handedOutUntil: -Infinity,
      noticed: false,
    };
    this.#values.push(value);
    this.#push(new Map(this.#last.values).set(placeOf(value), value));
    return value;
  }

  /** Something else in the zone changes. */
  touch(): void {
    this.#push(this.#last.values);
  }

  #push(values: Snapshot['values']): void {
    this.#snapshots.push({ serial: this.#last.serial + 1, values });
    const index = this.#snapshots.length - 1;
    for (const node of this.#nodes) {
      if (node.lag === 0) this.#transfer(node, index);
      else {
        this.#clock.after(node.lag, () => {
          this.#transfer(node, index);
        });
      }
    }
  }

  #transfer(node: Node, index: number): void {
    if (node.stuck || index <= node.index) return;
    this.#change([node], () => {
      node.index = index;
    });
  }

  /** @returns whether there is something older that it could show */
  regress(node: Node, isHarmless: (value: Value) => boolean): boolean {
    if (node.regressed !== undefined || node.stuck) return false;
    const now = this.#snapshots[node.index]?.values;
    for (let index = node.index - 1; index >= 0; index--) {
      const older = this.#snapshots[index];
      if (older === undefined || older.values === now) continue;
      if (![...older.values.values()].every(isHarmless)) return false;
      this.#change([node], () => {
        node.regressed = index;
      });
      return true;
    }
    return false;
  }

  recover(node: Node): void {
    this.#change([node], () => {
      node.regressed = undefined;
    });
  }

  setState(server: Server, state: Server['state']): void {
    this.#change(server.nodes, () => {
      // Who had lost the zone transfers it anew.
      const isBack = server.state === 'Lame' && state !== 'Lame';
      if (isBack)
        for (const node of server.nodes)
          Object.assign(node, { index: this.#snapshots.length - 1, regressed: undefined });
      server.state = state;
    });
  }

  /** What the operator is told the so-manieth time: the pool takes turns. */
  ask(server: Server, place: Place, turn: number): { readonly value: Value | undefined; readonly serial: number } {
    const node = server.nodes[turn % server.nodes.length];
    if (node === undefined) throw new Error('a server without nodes');
    const snapshot = this.#shownBy(node);
    return { value: snapshot.values.get(place), serial: snapshot.serial };
  }

  /** What this node would answer. */
  shown(node: Node, owner: string, zone = this.homeOf(owner)): Value | undefined {
    return this.#shownBy(node).values.get(placeOf({ owner, zone }));
  }

  /** Could a sender have it now? */
  isHeld(value: Value): boolean {
    const { now } = this.#clock;
    if (value.records.length === 0) return false;
    if (value.endedAt !== undefined && now > value.endedAt + this.signatureValidity) return false;
    return value.holders > 0 || now <= value.handedOutUntil + value.ttl + CACHE_EXTRA;
  }

  held(owner: string): readonly Value[] {
    return this.#values.filter((value) => value.owner === owner && this.isHeld(value));
  }

  /** Does some server hand out, or will it yet, what stands there no more? */
  isBehind(owner: string): boolean {
    const nodes = this.serversOf(owner).flatMap((server) => server.nodes);
    const oldest = Math.min(...nodes.map(({ index, regressed }) => regressed ?? index));
    const gone = this.#snapshots.slice(oldest, -1).flatMap(({ values }) => [...values.values()]);
    return gone.some((value) => value.owner === owner && value.records.length > 0 && value.endedAt !== undefined);
  }

  /** What a sender could have now, or will be given by a server that lags. */
  heldOrComing(owner: string): readonly Value[] {
    const nodes = this.serversOf(owner).flatMap((server) => server.nodes);
    const oldest = Math.min(...nodes.filter(({ stuck }) => !stuck).map(({ index }) => index));
    const snapshots = [...this.#snapshots.slice(oldest + 1), this.#last];
    const coming = snapshots.flatMap(({ values }) => [...values.values()].filter((value) => value.owner === owner));
    return [...new Set([...this.held(owner), ...coming.filter(({ records }) => records.length > 0)])];
  }

  get #last(): Snapshot {
    const last = this.#snapshots.at(-1);
    if (last === undefined) throw new Error('a zone without a first snapshot');
    return last;
  }

  get #nodes(): readonly Node[] {
    return this.servers.flatMap(({ nodes }) => nodes);
  }

  #shownBy(node: Node): Snapshot {
    const snapshot = this.#snapshots[node.regressed ?? node.index];
    if (snapshot === undefined) throw new Error('a node without a snapshot');
    return snapshot;
  }

  #handedOut(node: Node): ReadonlyMap<string, Value> {
    // Without authority nothing is handed out; who is silent to us may answer others.
    return this.servers[node.server]?.state === 'Lame' ? new Map() : this.#shownBy(node).values;
  }

  #change(nodes: readonly Node[], change: () => void): void {
    const handedOut = nodes.map((node) => this.#handedOut(node));
    change();
    nodes.forEach((node, index) => {
      this.#account(this.servers[node.server], handedOut[index] ?? new Map(), this.#handedOut(node));
    });
  }

  #account(server: Server | undefined, before: Snapshot['values'], after: Snapshot['values']): void {
    if (before === after || server === undefined) return;
    for (const [place, value] of before) {
      if (after.get(place) === value || !isServedBy(server, value.owner)) continue;
      value.holders -= 1;
      value.handedOutUntil = this.#clock.now;
    }
    for (const [place, value] of after) {
      if (before.get(place) === value || !isServedBy(server, value.owner)) continue;
      value.holders += 1;
      if (value.records.length > 0) this.onHandedOut(value);
    }
  }
}

function isServedBy({ owners }: Server, owner: string): boolean {
  return owners === undefined || owners.has(owner);
}

export function sameRecords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((record, index) => record === b[index]);
}
