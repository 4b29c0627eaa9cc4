/** EDNS(0): the OPT pseudo record (RFC 6891 §6.1). */
import { ROOT } from '../core/name.ts';
import { RRType } from './constants.ts';
import { Reader } from './reader.ts';
import type { ResourceRecord } from './resource-record.ts';
import { WireError } from './wire-error.ts';

export interface Edns {
  /** What the sender can take over UDP. */
  readonly udpPayloadSize: number;
  readonly version: number;
  /** DO (RFC 3225): DNSSEC records are wanted. */
  readonly dnssecOk: boolean;
  /** How long until the server's copy of the zone expires (RFC 7314): null asks for it; a number, in seconds, is the answer. */
  readonly expireSeconds?: number | null;
}

/** 1232 octets fit every path without fragments (DNS flag day 2020). */
export const EDNS: Edns = { udpPayloadSize: 1232, version: 0, dnssecOk: false };
export const EDNS_DO: Edns = { ...EDNS, dnssecOk: true };

const DO = 0x8000;
const EXPIRE = 9;

/** `extendedRcode` is the upper eight bits of the message's. */
export function optRecord(edns: Edns, extendedRcode: number): ResourceRecord {
  return {
    name: ROOT,
    type: RRType.OPT,
    class: edns.udpPayloadSize,
    ttlSeconds: ((extendedRcode << 24) | (edns.version << 16) | (edns.dnssecOk ? DO : 0)) >>> 0,
    rdata: expireOption(edns.expireSeconds),
  };
}

function expireOption(seconds: Edns['expireSeconds']): Buffer {
  if (seconds === undefined) return Buffer.alloc(0);
  const option = Buffer.alloc(seconds === null ? 4 : 8);
  option.writeUInt16BE(EXPIRE, 0);
  option.writeUInt16BE(option.length - 4, 2);
  if (seconds !== null) option.writeUInt32BE(seconds, 4);
  return option;
}

/** @throws WireError */
export function readOpt(record: ResourceRecord): { edns: Edns; extendedRcode: number } {
  if (record.name !== ROOT) throw new WireError('an OPT record whose owner is not the root'); // RFC 6891 §6.1.2
  const options = new Reader(record.rdata);
  let expireSeconds: number | null | undefined;
  while (options.offset < record.rdata.length) {
    const code = options.uint16();
    const data = options.take(options.uint16());
    if (code === EXPIRE) expireSeconds = data.length === 4 ? data.readUInt32BE(0) : null;
  }
  const { ttlSeconds: field } = record;
  return {
    edns: {
      udpPayloadSize: record.class,
      version: (field >>> 16) & 0xff,
      dnssecOk: (field & DO) !== 0,
      ...(expireSeconds === undefined ? {} : { expireSeconds }),
    },
    extendedRcode: field >>> 24,
  };
}
