/** What DNS servers answer, damaged: refused, or read in bounded work and written back the same; and never believed without its signature. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { OperatorError } from '../../src/core/errors.ts';
import { decodeTlsa } from '../../src/core/tlsa.ts';
import { readAnswer, type Answer, type Request } from '../../src/dns/answer.ts';
import { RRType } from '../../src/dns/constants.ts';
import { decodeMessage, encodeMessage, type Message, type ReceivedMessage } from '../../src/dns/message.ts';
import { encodeName } from '../../src/dns/name-codec.ts';
import { rrset } from '../../src/dns/query.ts';
import { Reader } from '../../src/dns/reader.ts';
import { readLookup } from '../../src/dns/resolver.ts';
import { addressOf, targetOf } from '../../src/dns/resource-record.ts';
import { tsigKey } from '../../src/dns/tsig-key.ts';
import { signRequest, verifyAnswer } from '../../src/dns/tsig.ts';
import { WireError } from '../../src/dns/wire-error.ts';
import { ANSWERS, damage, damaged, OWNER, QUESTION } from './dns-cases.ts';
import { fuzz, must } from './fuzz.ts';

let taken: jest.SpiedFunction<Reader['take']>;
beforeEach(() => {
  taken = jest.spyOn(Reader.prototype, 'take');
});
afterEach(() => {
  taken.mockRestore();
});

/** The message, unless it is refused as it may be; in either case no octet is read more often than a few times. */
function decodeOrRefused(wire: Buffer): ReceivedMessage | undefined {
  taken.mockClear();
  try {
    return decodeMessage(wire);
  } catch (error) {
    must(error instanceof WireError, `threw ${String(error)}`);
    return undefined;
  } finally {
    must(taken.mock.calls.length <= 2 * wire.length + 10, `${taken.mock.calls.length} reads of ${wire.length} octets`);
  }
}

const answers = fc.record({ answer: fc.nat({ max: ANSWERS.length - 1 }), damage });
const wireOf = (one: { answer: number; damage: Parameters<typeof damaged>[1] }): Buffer =>
  damaged(ANSWERS[one.answer] ?? Buffer.alloc(0), one.damage);

fuzz('a DNS message is refused, or is the same when it is written and read again', { short: 2_500 }, answers, (one) => {
  const read = decodeOrRefused(wireOf(one));
  if (read === undefined) return;
  // A signature belongs to the octets that it came with.
  const { tsig, ...message } = read;
  must(tsig === undefined || tsig.record.type === RRType.TSIG, 'a signature that is none');
  const names = [message.questions, message.answers, message.authorities, message.additionals].flat();
  must(
    names.every(({ name }) => encodeName(name).length <= 255),
    'a name that is too long',
  );
  const written = encodeOrTooLong(message);
  if (written === undefined) return;
  expect(decodeMessage(written)).toEqual(message);
  const types = ['A', 'AAAA', 'NS', 'CNAME', 'TLSA'] as const;
  for (const record of [...message.answers, ...message.additionals]) {
    const type = types.find((known) => rrset([record], record.name, known).length > 0);
    if (type === 'A' || type === 'AAAA') addressOf(record);
    if (type === 'NS' || type === 'CNAME') targetOf(record);
    if (type === 'TLSA') decodeTlsa(record.rdata);
  }
});

/** Undefined: what was compressed no longer fits into 64 KiB. */
function encodeOrTooLong(message: Message): Buffer | undefined {
  try {
    return encodeMessage(message);
  } catch (error) {
    must(error instanceof WireError, `threw ${String(error)}`);
    return undefined;
  }
}

fuzz('an answer to a look-up is read, or it is none', { short: 2_500 }, answers, (one) => {
  const request: Request = { message: QUESTION, octets: encodeMessage(QUESTION) };
  const read = readAnswer(wireOf(one), request);
  if (typeof read === 'string') return;
  const lookup = readLookup(read.message, OWNER, 'TLSA');
  if (lookup === 'Malformed') return;
  must((lookup.status === 'Found') === lookup.records.length > 0, 'found without records, or the reverse');
  must(lookup.ttlSeconds === undefined || lookup.ttlSeconds <= 0x7fffffff, 'a TTL out of range');
  for (const { rdata } of lookup.records) must(decodeTlsa(rdata).data.length > 0, 'a TLSA record without data');
});

describe('an answer that was signed', () => {
  const now = 1_700_000_000_000;
  const key = tsigKey('operator.example.nl', 'hmac-sha256', Buffer.alloc(32, 5).toString('base64'));
  const signed = signRequest(encodeMessage(QUESTION), key, now);
  const request: Request = { message: QUESTION, octets: signed.octets };
  const wires = ANSWERS.map((octets) => signedAnswer(octets));

  const verdict = (wire: Buffer): { answer: Answer; verdict: string } | undefined => {
    const answer = readAnswer(wire, request);
    if (typeof answer === 'string') return undefined;
    try {
      return { answer, verdict: verifyAnswer(wire, answer.message, key, signed.mac, now) };
    } catch (error) {
      must(error instanceof WireError || error instanceof OperatorError, `threw ${String(error)}`);
      return undefined;
    }
  };

  /** RFC 8945 §5.3.1, made here with nothing of tsig.ts. */
  function signedAnswer(octets: Buffer): Buffer {
    const timers = Buffer.alloc(8);
    timers.writeUIntBE(now / 1000, 0, 6);
    timers.writeUInt16BE(300, 6);
    const nothing = Buffer.alloc(4); // error, length of the other data
    const [name, algorithm] = [encodeName(key.name), encodeName('hmac-sha256')];
    const mac = createHmac('sha256', key.secret)
      .update(Buffer.concat([Buffer.of(0, signed.mac.length), signed.mac, octets]))
      .update(Buffer.concat([name, Buffer.of(0, 255, 0, 0, 0, 0), algorithm, timers, nothing]))
      .digest();
    const rdata = Buffer.concat([algorithm, timers, Buffer.of(0, mac.length), mac, octets.subarray(0, 2), nothing]);
    const record = Buffer.concat([name, Buffer.of(0, 250, 0, 255, 0, 0, 0, 0, 0, rdata.length), rdata]);
    const whole = Buffer.concat([octets, record]);
    whole.writeUInt16BE(whole.readUInt16BE(10) + 1, 10);
    return whole;
  }

  test('verifies as it was sent', () => {
    expect(wires.map((wire) => verdict(wire)?.verdict)).toEqual(wires.map(() => 'Verified'));
  });

  fuzz('verifies only while every octet that was signed is as it was', { short: 2_500 }, answers, (one) => {
    const original = wires[one.answer] ?? Buffer.alloc(0);
    const result = verdict(damaged(original, one.damage));
    if (result?.verdict !== 'Verified') return;
    const offset = ANSWERS[one.answer]?.length ?? 0;
    must(result.answer.message.tsig?.offset === offset, 'the signature stands elsewhere');
    must(
      result.answer.octets.subarray(0, offset).equals(original.subarray(0, offset)),
      'other octets than were signed',
    );
  });
});

test('every message cut short is refused', () => {
  for (const wire of ANSWERS) {
    for (let length = 0; length < wire.length; length += 1)
      expect(decodeOrRefused(wire.subarray(0, length))).toBeUndefined();
  }
});

describe('64 KiB that lead to the same octets again and again are read once', () => {
  const header = (records: number): Buffer =>
    Buffer.of(0, 0, 0x81, 0x80, 0, 0, records >>> 8, records & 0xff, 0, 0, 0, 0);
  const record = (owner: Buffer, type: number, rdata: Buffer): Buffer =>
    Buffer.concat([
      owner,
      Buffer.of(type >>> 8, type & 0xff, 0, 1, 0, 0, 0, 0, rdata.length >>> 8, rdata.length & 0xff),
      rdata,
    ]);
  const pointer = (target: number): Buffer => Buffer.of(0xc0 | (target >>> 8), target & 0xff);
  const filled = (first: Buffer, again: (index: number) => Buffer): Buffer => {
    const records = [first];
    for (let length = 12 + first.length; ; length += again(0).length) {
      const next = again(records.length);
      if (length + next.length > 0xffff) return Buffer.concat([header(records.length), ...records]);
      records.push(next);
    }
  };
  const longName = Buffer.concat([Buffer.from('0161'.repeat(127), 'hex'), Buffer.of(0)]);
  /** In the data of the first record: the root's octet, and pointers each to the one before. */
  const stairs = Buffer.concat([
    Buffer.of(0),
    ...Array.from({ length: 8_000 }, (_, step) => pointer(step === 0 ? 23 : 22 + 2 * step)),
  ]);

  test.each([
    [
      'a stair of pointers',
      filled(record(Buffer.of(0), 65_280, stairs), () => record(pointer(22 + 2 * 8_000), 65_280, Buffer.alloc(0))),
    ],
    [
      'a name of 127 labels, twice in each record',
      filled(record(longName, 2, pointer(12)), () => record(pointer(12), 2, pointer(12))),
    ],
    [
      'each end of such a name',
      filled(record(longName, 2, pointer(12)), (index) => record(pointer(12 + 2 * (index % 127)), 2, pointer(12))),
    ],
  ])('%s', (_, wire) => {
    expect(decodeOrRefused(wire)?.answers.length).toBeGreaterThan(3_900);
  });
});
