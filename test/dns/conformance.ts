/** What every DNS provider must do, whatever its protocol: one suite, run over each (provider.ts is the contract). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { daneEE, daneTA, formatTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import type { Change, ChangeResult, DnsProvider, RecordSet, Zone } from '../../src/dns/providers/provider.ts';

export interface Harness {
  readonly provider: DnsProvider;
  /** A zone that the provider holds and signs, without TLSA records. */
  readonly zone: string;
  /** A zone that it holds and does not sign. */
  readonly unsignedZone: string;
  /** The same server with a credential that it does not accept. */
  readonly withWrongCredential: DnsProvider;
  /** The same provider where nothing answers. */
  readonly withoutServer: DnsProvider;
  /** What the world is answered, by another program than ours. */
  readonly served: (owner: string) => Promise<RecordSet>;
  /** Adds a record as somebody else would. */
  readonly addForeign: (owner: string, record: TlsaRecord, ttlSeconds: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const digest = (octet: number): string => octet.toString(16).padStart(2, '0').repeat(32);
const [a, b, c, foreign] = [daneEE(digest(1)), daneEE(digest(2)), daneTA(digest(3)), daneEE(digest(0xff))] as const;
const NOTHING: RecordSet = { records: [], ttlSeconds: undefined };

/** Equal values are equal whatever their order. */
function value({ records, ttlSeconds }: RecordSet): unknown {
  return { records: records.map(formatTlsa).sort(), ttlSeconds };
}

const set = (ttlSeconds: number, ...records: readonly TlsaRecord[]): RecordSet => ({ records, ttlSeconds });

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the provider gave nothing');
  return value;
}

export function describeProvider(name: string, start: () => Promise<Harness>): void {
  describe(`${name} as a provider`, () => {
    let harness: Harness;
    let zone: Zone;
    let next = 0;
    beforeAll(async () => {
      harness = await start();
      zone = defined(await harness.provider.findZone(harness.zone));
    });
    afterAll(() => harness.stop());

    /** Each test has an owner of its own. */
    const newOwner = (): string => `_25._tcp.mx${next++}.${harness.zone}`;
    const change = (owner: string, expected: RecordSet, parts: Partial<Change>): Promise<ChangeResult> =>
      harness.provider
        .change(zone, [{ owner, add: [], remove: [], ttlSeconds: 60, expected, ...parts }])
        .then(([result]) => defined(result));
    const expectServed = async (owner: string, expected: RecordSet): Promise<void> => {
      expect(value(await harness.served(owner))).toEqual(value(expected));
      expect(value(await harness.provider.read(zone, owner))).toEqual(value(expected));
    };
    const created = async (...records: readonly TlsaRecord[]): Promise<string> => {
      const owner = newOwner();
      expect(await change(owner, NOTHING, { add: records })).toEqual({ outcome: 'Applied' });
      return owner;
    };

    test('its credential is accepted', async () => {
      await harness.provider.authenticate();
    });

    describe('zones', () => {
      test('the zone of a name is found, and whether it is signed', async () => {
        for (const below of [harness.zone, `mx1.${harness.zone}`, `_25._tcp.mx1.${harness.zone}`]) {
          expect(await harness.provider.findZone(below)).toMatchObject({ name: harness.zone, signing: 'Signing' });
        }
        const unsigned = await harness.provider.findZone(`mx1.${harness.unsignedZone}`);
        expect(unsigned).toMatchObject({ name: harness.unsignedZone, signing: 'NotSigning' });
      });

      test('a name that only looks like one of the zone has none', async () => {
        expect(await harness.provider.findZone(`mx1.not-${harness.zone}`)).toBeUndefined();
        expect(await harness.provider.findZone('mx1.no-such-zone.test')).toBeUndefined();
      });
    });

    describe('a change', () => {
      test('creates', async () => {
        const owner = newOwner();
        await expectServed(owner, NOTHING);
        expect(await change(owner, NOTHING, { add: [a, c], ttlSeconds: 300 })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, set(300, a, c));
      });

      test('adds', async () => {
        const owner = await created(a);
        expect(await change(owner, set(60, a), { add: [b] })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, set(60, a, b));
      });

      test('replaces', async () => {
        const owner = await created(a, c);
        expect(await change(owner, set(60, c, a), { add: [b], remove: [a] })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, set(60, b, c));
      });

      test('removes one, and the last', async () => {
        const owner = await created(a, b);
        expect(await change(owner, set(60, a, b), { remove: [a] })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, set(60, b));
        expect(await change(owner, set(60, b), { remove: [b] })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, NOTHING);
      });

      test('gives every record its TTL, foreign ones too', async () => {
        const owner = await created(a);
        await harness.addForeign(owner, foreign, 60);
        expect(await change(owner, set(60, a, foreign), { add: [b], ttlSeconds: 120 })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, set(120, a, b, foreign));
        expect(await change(owner, set(120, a, b, foreign), { ttlSeconds: 90 })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, set(90, a, b, foreign));
      });

      test('leaves foreign records when it takes the last of ours', async () => {
        const owner = await created(a);
        await harness.addForeign(owner, foreign, 60);
        expect(await change(owner, set(60, a, foreign), { remove: [a] })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, set(60, foreign));
      });

      test('that is there already changes nothing', async () => {
        const owner = await created(a, b);
        expect(await change(owner, set(60, a, b), { add: [b] })).toEqual({ outcome: 'Applied' });
        await expectServed(owner, set(60, a, b));
      });

      test('keeps long records, and records of every kind, as they are', async () => {
        const full = { usage: 2, selector: 0, matchingType: 0, data: 'c0de'.repeat(600) };
        const odd = { usage: 255, selector: 9, matchingType: 7, data: '00' };
        const owner = await created(full, odd, a);
        await expectServed(owner, set(60, full, odd, a));
      });
    });

    describe('what somebody else did meanwhile wins', () => {
      test.each<[string, readonly TlsaRecord[], RecordSet]>([
        ['there was nothing, now there is', [foreign], NOTHING],
        ['a record was added', [a, foreign], set(60, a)],
        ['a record is gone', [a], set(60, a, b)],
        ['all are gone', [], set(60, a)],
        ['it is another', [foreign], set(60, a)],
      ])('%s', async (_what, there, expected) => {
        const owner = there.length === 0 ? newOwner() : await created(...there);
        expect(await change(owner, expected, { add: [c] })).toEqual({ outcome: 'Conflict' });
        await expectServed(owner, there.length === 0 ? NOTHING : set(60, ...there));
      });

      test('the same change a second time', async () => {
        const owner = newOwner();
        expect(await change(owner, NOTHING, { add: [a] })).toEqual({ outcome: 'Applied' });
        expect(await change(owner, NOTHING, { add: [a] })).toEqual({ outcome: 'Conflict' });
        await expectServed(owner, set(60, a));
      });

      test('of two at the same time, one', async () => {
        const owner = await created(a);
        const outcomes = await Promise.all([b, c].map((record) => change(owner, set(60, a), { add: [record] })));
        expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['Applied', 'Conflict']);
      });
    });

    describe('several owners at once', () => {
      const at = (owner: string, expected = NOTHING): Change => ({
        owner,
        add: [a],
        remove: [],
        ttlSeconds: 60,
        expected,
      });

      test('none', async () => {
        expect(await harness.provider.change(zone, [])).toEqual([]);
      });

      test('more than one request can hold', async () => {
        const owners = Array.from({ length: 250 }, newOwner);
        const results = await harness.provider.change(
          zone,
          owners.map((owner) => at(owner)),
        );
        expect(results).toEqual(owners.map(() => ({ outcome: 'Applied' })));
        await expectServed(defined(owners[0]), set(60, a));
        await expectServed(defined(owners.at(-1)), set(60, a));
      });

      test('a bad one harms no other, and the results are in order', async () => {
        const owners = Array.from({ length: 9 }, newOwner);
        const bad = new Set([2, 3, 8]);
        const results = await harness.provider.change(
          zone,
          owners.map((owner, index) => at(owner, bad.has(index) ? set(60, foreign) : NOTHING)),
        );
        expect(results.map(({ outcome }) => outcome)).toEqual(
          owners.map((_, index) => (bad.has(index) ? 'Conflict' : 'Applied')),
        );
        for (const [index, owner] of owners.entries()) await expectServed(owner, bad.has(index) ? NOTHING : set(60, a));
      });

      test('a name that cannot be written harms no other', async () => {
        const [owner, long] = [newOwner(), `${'a.'.repeat(126)}${harness.zone}`];
        expect(await harness.provider.change(zone, [at(long), at(owner)])).toMatchObject([
          { outcome: 'Refused', error: { name: 'OperatorError', kind: 'Stalled' } },
          { outcome: 'Applied' },
        ]);
      });
    });

    describe('what fails is never an answer', () => {
      const refusal = { outcome: 'Refused', error: { name: 'OperatorError', kind: 'Stalled' } };

      test('a wrong credential: a person must act, nothing is read and nothing written', async () => {
        const owner = await created(a);
        const { withWrongCredential: provider } = harness;
        const stalled = { name: 'OperatorError', kind: 'Stalled' };
        await expect(provider.authenticate()).rejects.toMatchObject(stalled);
        await expect(provider.findZone(owner)).rejects.toMatchObject(stalled);
        await expect(provider.read(zone, owner)).rejects.toMatchObject(stalled);
        const changes = [{ owner, add: [], remove: [a], ttlSeconds: 60, expected: set(60, a) }];
        expect(await provider.change(zone, changes)).toMatchObject([refusal]);
        await expectServed(owner, set(60, a));
      });

      test('nothing answers: tried again later', async () => {
        const { withoutServer: provider } = harness;
        const transient = { name: 'OperatorError', kind: 'Transient' };
        await expect(provider.authenticate()).rejects.toMatchObject(transient);
        await expect(provider.findZone(harness.zone)).rejects.toMatchObject(transient);
        await expect(provider.read(zone, newOwner())).rejects.toMatchObject(transient);
        const changes = [newOwner(), newOwner()].map((owner) => ({
          owner,
          add: [a],
          remove: [],
          ttlSeconds: 60,
          expected: NOTHING,
        }));
        for (const result of await provider.change(zone, changes)) {
          expect(result).toMatchObject({ error: transient });
        }
      });
    });
  });
}
