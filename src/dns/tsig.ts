/** Transaction signatures (RFC 8945), one message a time: requests signed, answers verified. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Name } from '../core/name.ts';
import { RRClass, RRType, TsigError } from './constants.ts';
import type { ReceivedMessage } from './message.ts';
import { decodeName, encodeName } from './name-codec.ts';
import { Reader } from './reader.ts';
import { encodeRecord } from './resource-record.ts';
import type { TsigKey } from './tsig-key.ts';
import { WireError } from './wire-error.ts';

/** RFC 8945 §10 recommends 300 seconds. */
export const FUDGE_SECONDS = 300;
const ARCOUNT_OFFSET = 10;

export interface SignedRequest {
  readonly octets: Buffer;
  /** The answer's signature covers it (§5.3.1). */
  readonly mac: Buffer;
}

export type TsigVerdict =
  | 'Verified'
  /** There is no TSIG record, so nothing in the answer can be believed. */
  | 'Unsigned'
  /** Another key or algorithm, a MAC that is wrong or cut short, or a time outside the window. */
  | 'Invalid'
  /** The server says so, by an answer that it cannot sign (§5.3.2): BADKEY, BADSIG. */
  | 'KeyUnknown'
  | 'SignatureRefused'
  /** The server says so, and the answer verifies (§5.2.3): BADTIME. */
  | 'TimeRefused';

/** §5.1. `octets` is a whole message without TSIG; `nowMs` is our clock, in milliseconds since the epoch. */
export function signRequest(octets: Buffer, key: TsigKey, nowMs: number): SignedRequest {
  const timing = { timeSigned: Math.floor(nowMs / 1000), fudge: FUDGE_SECONDS };
  const variables = { ...timing, error: 0, otherData: Buffer.alloc(0) };
  const mac = digest(key, [octets, tsigVariables(key, variables)]);
  const rdata = Buffer.concat([
    encodeName(key.algorithm),
    timers(timing),
    uint16(mac.length),
    mac,
    octets.subarray(0, 2), // the original ID
    uint16(variables.error),
    uint16(variables.otherData.length),
  ]);
  const record = { name: key.name, type: RRType.TSIG, class: RRClass.ANY, ttlSeconds: 0, rdata };
  const signed = Buffer.concat([octets, encodeRecord(record)]);
  signed.writeUInt16BE(signed.readUInt16BE(ARCOUNT_OFFSET) + 1, ARCOUNT_OFFSET);
  return { octets: signed, mac };
}

/**
 * §5.3: judges the answer to a request that `signRequest` made.
 * @throws WireError when the TSIG record cannot be read
 */
export function verifyAnswer(
  octets: Buffer,
  message: ReceivedMessage,
  key: TsigKey,
  requestMac: Buffer,
  nowMs: number,
): TsigVerdict {
  if (message.tsig === undefined) return 'Unsigned';
  const { record, offset } = message.tsig;
  const tsig = readTsig(record.rdata);
  const ours = record.name === key.name && tsig.algorithm === key.algorithm;
  if (!ours || record.class !== RRClass.ANY || record.ttlSeconds !== 0) return 'Invalid';
  if (tsig.mac.length === 0) {
    if (tsig.error === TsigError.BadKey) return 'KeyUnknown';
    if (tsig.error === TsigError.BadSig) return 'SignatureRefused';
  }
  const unsigned = Buffer.from(octets.subarray(0, offset));
  unsigned.writeUInt16BE(tsig.originalId, 0);
  unsigned.writeUInt16BE(unsigned.readUInt16BE(ARCOUNT_OFFSET) - 1, ARCOUNT_OFFSET);
  const expected = digest(key, [uint16(requestMac.length), requestMac, unsigned, tsigVariables(key, tsig)]);
  // A MAC cut short (§5.2.2.1) is never asked for, so it is refused like any other of the wrong length.
  if (tsig.mac.length !== expected.length || !timingSafeEqual(tsig.mac, expected)) return 'Invalid';
  // With BADTIME the server repeats our own time, so the window says nothing.
  if (tsig.error === TsigError.BadTime) return 'TimeRefused';
  const distance = Math.abs(Math.floor(nowMs / 1000) - tsig.timeSigned);
  return tsig.error === 0 && distance <= Math.min(tsig.fudge, FUDGE_SECONDS) ? 'Verified' : 'Invalid';
}

interface Timing {
  readonly timeSigned: number;
  readonly fudge: number;
}

interface Variables extends Timing {
  readonly error: number;
  readonly otherData: Buffer;
}

interface Tsig extends Variables {
  readonly algorithm: Name;
  readonly mac: Buffer;
  readonly originalId: number;
}

/** §4.2. */
function readTsig(rdata: Buffer): Tsig {
  const reader = new Reader(rdata);
  const tsig = {
    algorithm: decodeName(reader),
    timeSigned: reader.uint48(),
    fudge: reader.uint16(),
    mac: reader.take(reader.uint16()),
    originalId: reader.uint16(),
    error: reader.uint16(),
    otherData: reader.take(reader.uint16()),
  };
  if (reader.offset !== rdata.length) throw new WireError('octets behind the last field of a TSIG record');
  return tsig;
}

/** §4.3.3; names are canonical already: lower-case, not compressed. */
function tsigVariables(key: TsigKey, variables: Variables): Buffer {
  return Buffer.concat([
    encodeName(key.name),
    uint16(RRClass.ANY),
    Buffer.alloc(4), // TTL
    encodeName(key.algorithm),
    timers(variables),
    uint16(variables.error),
    uint16(variables.otherData.length),
    variables.otherData,
  ]);
}

function timers({ timeSigned, fudge }: Timing): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeUIntBE(timeSigned, 0, 6);
  octets.writeUInt16BE(fudge, 6);
  return octets;
}

function digest(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(key.algorithm.replace('hmac-', ''), key.secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function uint16(value: number): Buffer {
  return Buffer.from([value >>> 8, value & 0xff]);
}
