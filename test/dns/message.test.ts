import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RRClass, RRType } from '../../src/dns/constants.ts';
import { decodeMessage, encodeMessage, type Flag, type Message } from '../../src/dns/message.ts';
import { encodeName } from '../../src/dns/name-codec.ts';
import {
  addressOf,
  momentOf,
  negativeTtl,
  rrsigOf,
  serialOf,
  soaTimesOf,
  targetOf,
  type ResourceRecord,
} from '../../src/dns/resource-record.ts';
import { WireError } from '../../src/dns/wire-error.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

const name = fc
  .array(fc.stringMatching(/^[a-z0-9_]{1,12}$/), { minLength: 0, maxLength: 5 })
  .map((labels) => labels.join('.') || '.');
const uint16 = fc.integer({ min: 0, max: 0xffff });
const ttlSeconds = fc.integer({ min: 0, max: 0x7fffffff });
const octets = (minLength: number, maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength }).map((data) => Buffer.from(data));
const rdata: readonly (readonly [number, fc.Arbitrary<Buffer>])[] = [
  [RRType.A, octets(4, 4)],
  [RRType.AAAA, octets(16, 16)],
  [RRType.NS, name.map(encodeName)],
  [RRType.CNAME, name.map(encodeName)],
  [
    RRType.SOA,
    fc.tuple(name, name, octets(20, 20)).map(([a, b, rest]) => Buffer.concat([encodeName(a), encodeName(b), rest])),
  ],
  [RRType.TLSA, octets(4, 70)],
  [RRType.RRSIG, octets(20, 100)],
  [65_280, octets(0, 50)],
];
const record: fc.Arbitrary<ResourceRecord> = fc.oneof(
  ...rdata.map(([type, data]) =>
    fc.record({ name, type: fc.constant(type), class: fc.constant(RRClass.IN), ttlSeconds, rdata: data }),
  ),
  fc.record({
    name,
    type: fc.constantFrom(RRType.TLSA, RRType.CNAME, RRType.ANY),
    class: fc.constantFrom(RRClass.NONE, RRClass.ANY),
    ttlSeconds: fc.constant(0),
    rdata: fc.constant(Buffer.alloc(0)),
  }),
);
const section = fc.array(record, { maxLength: 4 });
const flags = fc.subarray<Flag>(['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd']).map((list) => new Set(list));
const common = {
  id: uint16,
  opcode: fc.integer({ min: 0, max: 15 }),
  flags,
  questions: fc.array(fc.record({ name, type: uint16, class: uint16 }), { maxLength: 2 }),
  answers: section,
  authorities: section,
  additionals: section,
};
const edns = fc.record(
  {
    udpPayloadSize: uint16,
    version: fc.integer({ min: 0, max: 255 }),
    dnssecOk: fc.boolean(),
    expireSeconds: fc.option(fc.integer({ min: 0, max: 0xffffffff })),
  },
  { requiredKeys: ['udpPayloadSize', 'version', 'dnssecOk'] },
);
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ ...common, rcode: fc.integer({ min: 0, max: 15 }) }),
  fc.record({ ...common, rcode: fc.integer({ min: 0, max: 4095 }), edns }),
);

/** Reads it, or says that it cannot be read; anything else that is thrown fails the test. */
function decodeOrRefuse(data: Buffer): unknown {
  try {
    return decodeMessage(data);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

describe('messages', () => {
  test('every message comes back as it went', () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(decodeMessage(encodeMessage(sent))).toEqual(sent);
      }),
    );
  });

  test('whatever arrives is read or refused', () => {
    // Octets that steer: pointers, short labels, small counts, the types with names in them.
    const steering = fc.oneof(
      fc.constantFrom(0, 1, 2, 5, 6, 12, 41, 0xc0, 0xc0, 0xff),
      fc.integer({ min: 0, max: 255 }),
    );
    const counts = fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 8, maxLength: 8 });
    const data = fc
      .tuple(fc.array(steering, { maxLength: 4 }), counts, fc.array(steering, { maxLength: 300 }))
      .map((parts) => Buffer.from(parts.flat()));
    fc.assert(
      fc.property(fc.oneof(data, octets(0, 600)), (arrived) => void decodeOrRefuse(arrived)),
      { numRuns: 5000 },
    );
  });

  test('a message damaged anywhere is read or refused, and one cut short is refused', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(message, damage, fc.nat(), (sent, changes, cut) => {
        const wire = encodeMessage(sent);
        const damaged = Buffer.from(wire);
        for (const [at, value] of changes) damaged[at % damaged.length] = value;
        decodeOrRefuse(damaged);
        expect(decodeOrRefuse(wire.subarray(0, cut % wire.length))).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('what was read once is written and read the same', () => {
    const damaged = fc.tuple(message, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([sent, at, value]) => {
      const wire = encodeMessage(sent);
      wire[at % wire.length] = value;
      return wire;
    });
    fc.assert(
      fc.property(damaged, (wire) => {
        const read = decodeOrRefuse(wire) as Message | undefined;
        if (read !== undefined && !('tsig' in read)) expect(decodeMessage(encodeMessage(read))).toEqual(read);
      }),
    );
  });

  test('an answer with compression, as a server sends it', () => {
    const answer = decodeMessage(
      hex(`1a2b 8580 0001 0002 0001 0001
        03777777 07 6578616d706c65 02 6e6c 00 0001 0001
        c00c 0005 0001 0000003c 0006 036d7831 c010
        c02c 0001 0001 0000003c 0004 c0000201
        c010 0006 0001 80000000 001f 026e73 c010 036f7073 c010 00000001 00000e10 00000258 00015180 00000005
        00 0029 04d0 00 00 8000 0000`),
    );
    const [cname, address] = answer.answers as [ResourceRecord, ResourceRecord];
    expect([...answer.flags].sort()).toEqual(['aa', 'qr', 'ra', 'rd']);
    expect(answer.questions).toEqual([{ name: 'www.example.nl', type: RRType.A, class: RRClass.IN }]);
    expect(targetOf(cname)).toBe('mx1.example.nl');
    expect([address.name, addressOf(address), address.ttlSeconds]).toEqual(['mx1.example.nl', '192.0.2.1', 60]);
    // RFC 2181 §8: a TTL with its highest bit set is zero.
    expect(answer.authorities.map(negativeTtl)).toEqual([0]);
    expect(answer.edns).toEqual({ udpPayloadSize: 1232, version: 0, dnssecOk: true });
  });

  const header = (counts: string): string => `0001 8000 ${counts}`;
  const opt = '00 0029 04d0 00000000 0000';
  const tsig = '00 00fa 00ff 00000000 0000';
  test.each([
    ['nothing', ''],
    ['a header cut off', '0001 8000 0000 0000 0000'],
    ['octets behind the last record', `${header('0000 0000 0000 0000')} 00`],
    ['a count that cannot be true', header('0000 ffff 0000 0000')],
    ['an A record of three octets', `${header('0000 0001 0000 0000')} 00 0001 0001 00000000 0003 010203`],
    ['an A record of five octets', `${header('0000 0001 0000 0000')} 00 0001 0001 00000000 0005 0102030405`],
    ['an NS record with more behind its name', `${header('0000 0001 0000 0000')} 00 0002 0001 00000000 0002 0000`],
    ['an NS record whose name leaves it', `${header('0000 0001 0000 0001')} 00 0002 0001 00000000 0002 0361 6161 00`],
    ['a TLSA record without data', `${header('0000 0001 0000 0000')} 00 0034 0001 00000000 0003 030101`],
    ['RDATA beyond the end', `${header('0000 0001 0000 0000')} 00 0034 0001 00000000 00ff 030101`],
    ['two OPT records', `${header('0000 0000 0000 0002')} ${opt} ${opt}`],
    ['an OPT record whose owner is not the root', `${header('0000 0000 0000 0001')} 0161 ${opt}`],
    ['an OPT record among the answers', `${header('0000 0001 0000 0000')} ${opt}`],
    ['an EDNS option cut off', `${header('0000 0000 0000 0001')} 00 0029 04d0 00000000 0005 000a 0008 00`],
    ['a TSIG record that is not the last', `${header('0000 0000 0000 0002')} ${tsig} ${opt}`],
    ['two TSIG records', `${header('0000 0000 0000 0002')} ${tsig} ${tsig}`],
  ])('refused: %s', (_what, wire) => {
    expect(() => decodeMessage(hex(wire))).toThrow(WireError);
  });

  test.each([
    ['192.0.2.1', 'c0000201'],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['fd00::10:0:0:1', 'fd000000000000000010000000000001'],
  ])('address %s', (text, data) => {
    expect(addressOf({ name: 'nl', type: RRType.A, class: RRClass.IN, ttlSeconds: 0, rdata: hex(data) })).toBe(text);
  });

  test('what an RRSIG says: labels, original TTL, and how long it is valid, by serial arithmetic', () => {
    const data = hex('0034 0d 03 0000003c 00000078 fffffff0 0001 00 00');
    expect(rrsigOf({ name: 'nl', type: RRType.RRSIG, class: RRClass.IN, ttlSeconds: 0, rdata: data })).toEqual({
      typeCovered: RRType.TLSA,
      labels: 3,
      originalTtlSeconds: 60,
      validitySeconds: 136,
      expiration: 120,
    });
  });

  test.each([
    ['ahead', 1_800_000_000, 1_800_000_100, 1_800_000_100],
    ['behind', 1_800_000_000, 1_799_999_900, 1_799_999_900],
    ['after the turn of the serial', 2 ** 32 - 100, 100, 2 ** 32 + 100],
    ['before it', 2 ** 32 + 100, 2 ** 32 - 100, 2 ** 32 - 100],
  ])('the moment that a time in an RRSIG means is the nearest one: %s', (_what, now, serial, seconds) => {
    expect(momentOf(serial, now * 1000).getTime()).toBe(seconds * 1000);
  });

  test('the times in an SOA record', () => {
    const names = Buffer.concat([encodeName('ns1.nl'), encodeName('hostmaster.nl')]);
    const data = Buffer.concat([names, hex('00000009 00000e10 00000258 00015180 00000005')]);
    const soa = { name: 'nl', type: RRType.SOA, class: RRClass.IN, ttlSeconds: 0, rdata: data };
    expect(soaTimesOf(soa)).toEqual({ refreshSeconds: 3600, retrySeconds: 600, expireSeconds: 86_400 });
    expect(serialOf(soa)).toBe(9);
  });

  test('a message that is too long is not sent', () => {
    const large = { name: 'nl', type: 65_280, class: RRClass.IN, ttlSeconds: 0, rdata: Buffer.alloc(60_000) };
    const sent = {
      id: 1,
      opcode: 0,
      flags: new Set<Flag>(),
      rcode: 0,
      questions: [],
      authorities: [],
      additionals: [],
    };
    expect(() => encodeMessage({ ...sent, answers: [large, large] })).toThrow(WireError);
  });
});
