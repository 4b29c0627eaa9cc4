import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSerialAtLeast } from '../../src/core/serial.ts';
import { daneEE, encodeTlsa, formatTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import { Rcode, RRType } from '../../src/dns/constants.ts';
import type { Flag } from '../../src/dns/message.ts';
import { encodeName } from '../../src/dns/name-codec.ts';
import type { ResourceRecord } from '../../src/dns/resource-record.ts';
import { askServers, type Outcome, type ServerSample } from '../../src/dns/servers.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { startKnotSecondary, type KnotSecondary } from '../support/knot-secondary.ts';
import { startUnbound, type UnboundServer } from '../support/unbound.ts';
import { answerTo, startFakeServer, type FakeServer, type Handler } from './fake-server.ts';

const zone = 'example.nl';
const owner = `_25._tcp.mx1.${zone}`;
const WILDCARD_OWNER = `_25._tcp.mx2.wild.${zone}`;
const [a, b] = [daneEE('01'.repeat(32)), daneEE('02'.repeat(32))] as const;
const [PRIMARY, SECONDARY, PARENT] = ['10.53.0.16', '10.53.0.17', '10.53.0.18'] as const;
const [KNOT, CACHE, DOUBLE, NOBODY] = ['10.53.0.19', '10.53.1.17', '10.53.1.18', '10.53.1.19'] as const;
const DAY = 24 * 60 * 60;

const ask = (addresses: readonly (readonly string[])[], of = owner, withSerial = true): Promise<ServerSample[]> =>
  askServers(
    addresses.map((list, index) => ({ name: `ns${index + 1}.${zone}`, addresses: list })),
    { zone, owner: of, withSerial },
    Date.now,
    { timeoutMs: 700 },
  );
const only = async (address: string, of = owner): Promise<Outcome | undefined> =>
  (await ask([[address]], of))[0]?.outcomes.get(address);
const answered = async (address: string, of = owner): Promise<Exclude<Outcome, string>> => {
  const outcome = await only(address, of);
  if (typeof outcome === 'object') return outcome;
  throw new Error(`${address}: ${String(outcome)}`);
};
const states = (samples: readonly ServerSample[]): string[] => samples.map(({ state }) => state);

describe('what the servers of a zone answer', () => {
  const dir = mkdtempSync(join(tmpdir(), 'servers-'));
  let chain: DnssecChain;
  let cache: UnboundServer;
  let knot: KnotSecondary;
  beforeAll(async () => {
    chain = await startDnssecChain({
      dir,
      addresses: { primary: PRIMARY, secondary: SECONDARY, parent: PARENT },
      secondary: 'Held',
      records: [
        { name: owner, type: 'TLSA', data: formatTlsa(a), ttl: 300 },
        { name: `*.wild.${zone}`, type: 'TLSA', data: formatTlsa(b) },
      ],
    });
    cache = await startUnbound({ dir: join(dir, 'unbound'), address: CACHE, port: 53, chain });
    knot = await startKnotSecondary({ dir: join(dir, 'knot'), address: KNOT, primary: PRIMARY, zone });
  });
  afterAll(async () => {
    await knot.program.stop();
    await cache.stop();
    await chain.stop();
    rmSync(dir, { recursive: true });
  });

  test('records, with their TTL, how long their signature lasts, and the serial of then', async () => {
    const begun = Date.now();
    const answer = await answered(PRIMARY);
    expect(answer).toMatchObject({ records: [a], ttlSeconds: 300 });
    // `dnssec-policy`, where it says nothing: two weeks, less up to half a day so that not all end at once.
    expect(answer.signatureValiditySeconds).toBeGreaterThan(13 * DAY);
    expect(answer.signatureValiditySeconds).toBeLessThan(15 * DAY);
    expect(answer.at.getTime()).toBeGreaterThanOrEqual(begun);
    expect(answer.serial).toBe(Number((await chain.dig('+short', zone, 'SOA')).split(' ')[2]));
  });

  test('that there is none: no TTL, and the signature of the denial', async () => {
    const answer = await answered(PRIMARY, `_25._tcp.missing.${zone}`);
    expect(answer).toMatchObject({ records: [], ttlSeconds: undefined });
    expect(answer.signatureValiditySeconds).toBeGreaterThan(13 * DAY);
  });

  test('records that a wildcard makes are not at the owner', async () => {
    expect(await answered(PRIMARY, WILDCARD_OWNER)).toMatchObject({ records: [], ttlSeconds: undefined });
  });

  test('no serial where none is asked for', async () => {
    const [sample] = await ask([[PRIMARY]], owner, false);
    expect(sample?.outcomes.get(PRIMARY)).toMatchObject({ records: [a], serial: undefined });
  });

  test.each<[string, string, () => Promise<void>]>([
    ['BIND', SECONDARY, () => chain.transfer()],
    ['Knot', KNOT, () => knot.transfer()],
  ])(
    'a secondary that lags (%s) answers the old value at the old serial, until it has transferred the zone',
    async (_what, address, transfer) => {
      const host = `_25._tcp.${address}.${zone}`;
      await chain.nsupdate(`add ${host}. 300 TLSA ${formatTlsa(a)}`);
      await transfer();
      const before = await answered(PRIMARY, host);
      expect(await answered(address, host)).toMatchObject({ records: [a], ttlSeconds: 300, serial: before.serial });
      await chain.nsupdate(`add ${host}. 300 TLSA ${formatTlsa(b)}`);
      const after = await answered(PRIMARY, host);
      expect(after).toMatchObject({ records: expect.arrayContaining([a, b]) });
      expect(await answered(address, host)).toMatchObject({ records: [a], serial: before.serial });
      await transfer();
      const transferred = await answered(address, host);
      expect(transferred).toMatchObject({ records: expect.arrayContaining([a, b]) });
      expect(isSerialAtLeast(before.serial ?? NaN, after.serial ?? NaN)).toBe(false);
      expect(isSerialAtLeast(transferred.serial ?? NaN, after.serial ?? NaN)).toBe(true);
    },
  );

  test('who refuses, refers to others, or only tells what others said, hands nothing out', async () => {
    expect(await only(PARENT)).toBe('Lame'); // a referral
    expect(await only(PRIMARY, '_25._tcp.mx1.elsewhere.nl')).toBe('Lame'); // REFUSED
    expect(await only(CACHE)).toBe('Lame');
  });

  test.each<[string, readonly (readonly string[])[], readonly string[]]>([
    ['one address that answers is enough', [[NOBODY, PRIMARY]], ['Answers']],
    ['without an answer, what one silent address hands out is not known', [[PARENT, NOBODY]], ['Silent']],
    ['no address is silent too', [[], [PRIMARY]], ['Silent', 'Answers']],
    ['an address on this machine is not asked', [['127.0.0.1']], ['Silent']],
    ['a family that this machine has no way to is left out', [['2001:db8::1', PARENT]], ['Lame']],
    ['nothing but such a family', [['2001:db8::1', '2001:db8::2'], [PRIMARY]], ['NoRoute', 'Answers']],
    [
      'no way to one address, of a family that there is a way to others of',
      [['192.0.2.1'], [PRIMARY]],
      ['Silent', 'Answers'],
    ],
  ])('%s', async (_what, addresses, expected) => {
    expect(states(await ask(addresses))).toEqual(expected);
  });

  test('where there is no way anywhere, that is what is said', async () => {
    expect(states(await ask([['192.0.2.1'], ['2001:db8::1']]))).toEqual(['NoRoute', 'NoRoute']);
  });
});

/** A double: what no server here can be brought to say. */
describe('what a server may answer', () => {
  let double: FakeServer | undefined;
  const serve = async (handler: Handler): Promise<void> => {
    double = await startFakeServer(handler, DOUBLE, 53);
  };
  afterEach(async () => {
    await double?.stop();
    double = undefined;
  });

  const tlsa = (ttlSeconds: number, ...records: readonly TlsaRecord[]): ResourceRecord[] =>
    records.map((record) => ({ name: owner, type: RRType.TLSA, class: 1, ttlSeconds, rdata: encodeTlsa(record) }));
  const rrsig = (of: { ttl: number; from: number; to: number; type?: number }): ResourceRecord => {
    const fixed = Buffer.alloc(18);
    fixed.writeUInt16BE(of.type ?? RRType.TLSA, 0);
    fixed.writeUInt8(5, 3); // the owner has as many labels: no wildcard
    fixed.writeUInt32BE(of.ttl, 4);
    fixed.writeUInt32BE(of.to, 8);
    fixed.writeUInt32BE(of.from, 12);
    const rdata = Buffer.concat([fixed, encodeName(zone), Buffer.from([1])]);
    return { name: owner, type: RRType.RRSIG, class: 1, ttlSeconds: 60, rdata };
  };
  const authority = new Set<Flag>(['qr', 'aa']);
  const answering = (...answers: readonly ResourceRecord[]): Handler => {
    return (request) => [answerTo(request, { flags: authority, answers })];
  };

  test.each<[string, readonly ResourceRecord[], Partial<Outcome & object>]>([
    [
      'the original TTL, where it is larger: validators take the smaller, others do not look',
      [...tlsa(60, a), rrsig({ ttl: 3600, from: 1000, to: 1000 + DAY })],
      { ttlSeconds: 3600, signatureValiditySeconds: DAY },
    ],
    [
      'the TTL, where that is larger',
      [...tlsa(7200, a), rrsig({ ttl: 3600, from: 1000, to: 1000 + DAY })],
      { ttlSeconds: 7200 },
    ],
    [
      'the longest of several signatures, over these records only',
      [
        ...tlsa(60, a),
        rrsig({ ttl: 60, from: 0, to: DAY }),
        rrsig({ ttl: 60, from: 0, to: 3 * DAY }),
        rrsig({ ttl: 9000, from: 0, to: 9 * DAY, type: RRType.NSEC }),
      ],
      { ttlSeconds: 60, signatureValiditySeconds: 3 * DAY },
    ],
    [
      'times that wrap',
      [...tlsa(60, a), rrsig({ ttl: 60, from: 2 ** 32 - 1000, to: DAY - 1000 })],
      { signatureValiditySeconds: DAY },
    ],
    [
      'times that make no sense',
      [...tlsa(60, a), rrsig({ ttl: 2 ** 32 - 1, from: DAY, to: 0 })],
      { ttlSeconds: 60, signatureValiditySeconds: undefined },
    ],
    ['no signature', tlsa(60, a, b), { records: [a, b], ttlSeconds: 60, signatureValiditySeconds: undefined }],
  ])('%s', async (_what, answers, expected) => {
    await serve(answering(...answers));
    expect(await answered(DOUBLE)).toMatchObject(expected);
  });

  test.each<[Outcome, string, Handler]>([
    ['Lame', 'records without authority', (request) => [answerTo(request, { answers: tlsa(60, a) })]],
    ['Lame', 'NOTAUTH', (request) => [answerTo(request, { rcode: Rcode.NotAuth })]],
    [
      'Silent',
      'SERVFAIL: a secondary that could not transfer for too long',
      (request) => [answerTo(request, { rcode: Rcode.ServFail, flags: authority })],
    ],
    ['Silent', 'FORMERR: it may answer others', (request) => [answerTo(request, { rcode: Rcode.FormErr })]],
    ['Silent', 'what cannot be read', (_request, _transport, octets) => [Buffer.concat([octets, Buffer.from([0])])]],
    ['Silent', 'nothing', () => 'Hang'],
  ])('%s: %s', async (outcome, _what, handler) => {
    await serve(handler);
    expect(await only(DOUBLE)).toBe(outcome);
  });

  test('a long answer comes over TCP', async () => {
    const records = tlsa(60, ...Array.from({ length: 60 }, (_, index) => daneEE(index.toString(16).padStart(64, '0'))));
    await serve((request, transport) => [
      transport === 'UDP'
        ? answerTo(request, { flags: new Set(['qr', 'aa', 'tc']) })
        : answerTo(request, { flags: authority, answers: records }),
    ]);
    expect((await answered(DOUBLE)).records).toHaveLength(60);
  });

  test('a server that does not tell the serial is not asked further', async () => {
    await serve(() => 'Hang');
    await ask([[DOUBLE]]);
    expect(new Set(double?.received.map(({ message }) => message.questions[0]?.type))).toEqual(new Set([RRType.SOA]));
  });

  test('an address that several names have is asked once, and one that is to be skipped not at all', async () => {
    await serve(answering(...tlsa(60, a)));
    expect(states(await ask([[DOUBLE], [DOUBLE]], owner, false))).toEqual(['Answers', 'Answers']);
    const servers = [{ name: 'ns1.example.nl', addresses: [DOUBLE] }];
    const skipped = new Set([DOUBLE]);
    expect(states(await askServers(servers, { zone, owner, withSerial: false }, Date.now, { skipped }))).toEqual([
      'Silent',
    ]);
    expect(double?.received).toHaveLength(1);
  });
});
