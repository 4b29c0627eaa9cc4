/** What the groups of the suite share. */
import { expect } from '@jest/globals';
import type { RecordSet } from '../../../src/core/record-set.ts';
import { daneEE, daneTA, formatTlsa, type TlsaRecord } from '../../../src/core/tlsa.ts';
import type { Change, ChangeResult, Zone } from '../../../src/dns/providers/provider.ts';
import { HOSTS, ZONE, type Harness } from './harness.ts';

const digest = (octet: number): string => octet.toString(16).padStart(2, '0').repeat(32);
export const [a, b, c, foreign] = [daneEE(digest(1)), daneEE(digest(2)), daneTA(digest(3)), daneEE(digest(0xff))];
export const NOTHING: RecordSet = { records: [], ttlSeconds: undefined };
export const APPLIED: ChangeResult = { outcome: 'Applied' };
export const CONFLICT: ChangeResult = { outcome: 'Conflict' };

export const set = (ttlSeconds: number, ...records: readonly TlsaRecord[]): RecordSet => ({ records, ttlSeconds });

/** A change that makes an RRset of `add`, unless `parts` say otherwise. */
export const at = (owner: string, add: readonly TlsaRecord[], parts: Partial<Change> = {}): Change => ({
  owner,
  add,
  remove: [],
  ttlSeconds: 60,
  expected: NOTHING,
  ...parts,
});

/** Equal values are equal whatever their order. */
export function value({ records, ttlSeconds }: RecordSet): unknown {
  return { records: records.map(formatTlsa).sort(), ttlSeconds };
}

export function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the provider gave nothing');
  return value;
}

/** The harness and the zone are there once the tests run. */
export class Suite {
  #started: { readonly harness: Harness; readonly zone: Zone } | undefined;
  #next = 0;

  async start(start: () => Promise<Harness>): Promise<void> {
    const harness = await start();
    this.#started = { harness, zone: defined(await harness.provider.findZone(ZONE)) };
  }

  get harness(): Harness {
    return defined(this.#started).harness;
  }

  get zone(): Zone {
    return defined(this.#started).zone;
  }

  /** Each test has an owner of its own. */
  readonly newOwner = (): string => `_25._tcp.mx${this.#next++}.${HOSTS}`;

  async change(owner: string, expected: RecordSet, parts: Partial<Change>): Promise<ChangeResult> {
    const [result] = await this.harness.provider.change(this.zone, [at(owner, [], { expected, ...parts })]);
    return defined(result);
  }

  /** To the world, and to the provider. */
  async expectServed(owner: string, expected: RecordSet): Promise<void> {
    expect(value(await this.harness.served(owner))).toEqual(value(expected));
    expect(value(await this.harness.provider.read(this.zone, owner))).toEqual(value(expected));
  }

  async created(...records: readonly TlsaRecord[]): Promise<string> {
    const owner = this.newOwner();
    expect(await this.change(owner, NOTHING, { add: records })).toMatchObject(APPLIED);
    return owner;
  }
}
