/** Resource records (RFC 1035 §4.1.3, RFC 3597) and the RDATA that this program reads. */
import type { Name } from '../core/name.ts';
import { RRClass, RRType } from './constants.ts';
import { decodeName, encodeName, readName } from './name-codec.ts';
import { Reader } from './reader.ts';
import { WireError } from './wire-error.ts';

export interface ResourceRecord {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  /** Without compression. */
  readonly rdata: Buffer;
}

const MAX_TTL = 0x7fffffff;

export function encodeRecord(record: ResourceRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(record.type, 0);
  fixed.writeUInt16BE(record.class, 2);
  fixed.writeUInt32BE(record.ttlSeconds, 4);
  fixed.writeUInt16BE(record.rdata.length, 8);
  return Buffer.concat([encodeName(record.name), fixed, record.rdata]);
}

/** @throws WireError */
export function decodeRecord(reader: Reader): ResourceRecord {
  const name = decodeName(reader);
  const type = reader.uint16();
  const recordClass = reader.uint16();
  const ttl = reader.uint32();
  const length = reader.uint16();
  const end = reader.offset + length;
  // The bound keeps names inside RDATA from running past its end; pointers still lead back into the message.
  const bounded = reader.bounded(length);
  reader.take(length);
  // UPDATE says "any RRset", "no such RRset" and "delete it" with an empty RDATA (RFC 2136 §2.4, §2.5).
  const empty = length === 0 && (recordClass === RRClass.ANY || recordClass === RRClass.NONE);
  const rdata = empty ? Buffer.alloc(0) : decodeRdata(type, bounded, end);
  if (bounded.offset !== end) throw new WireError('RDATA of the wrong length');
  return { name, type, class: recordClass, ttlSeconds: ttlOf(type, ttl), rdata };
}

/** RFC 2181 §8: a TTL with its highest bit set counts as zero. OPT keeps other things there (RFC 6891 §6.1.3). */
function ttlOf(type: number, ttl: number): number {
  return type !== RRType.OPT && ttl > MAX_TTL ? 0 : ttl;
}

/**
 * The RDATA without compression; only the types of RFC 1035 may be compressed (RFC 3597 §4). It is a part of the message where it can be: a
 * copy would stand in a pool of 64 KiB, all of which stays as long as one record in it is remembered.
 */
function decodeRdata(type: number, reader: Reader, end: number): Buffer {
  switch (type) {
    case RRType.NS:
    case RRType.CNAME:
      return readName(reader).wire;
    case RRType.SOA:
      return Buffer.concat([readName(reader).wire, readName(reader).wire, reader.take(20)]);
    case RRType.A:
      return reader.take(4);
    case RRType.AAAA:
      return reader.take(16);
    default: {
      const rdata = reader.take(end - reader.offset);
      if (rdata.length < (MIN_RDATA.get(type) ?? 0)) throw new WireError('RDATA that is too short for its type');
      return rdata;
    }
  }
}

/** The fixed part, and one octet of what follows: RFC 4034 §5.1, §3.1, §4.1, §2.1, and RFC 6698 §2.1. */
const MIN_RDATA: ReadonlyMap<number, number> = new Map([
  [RRType.DS, 5],
  [RRType.RRSIG, 20],
  [RRType.NSEC, 2],
  [RRType.DNSKEY, 5],
  [RRType.TLSA, 4],
]);

/** The address of an A or AAAA record, in text. */
export function addressOf({ rdata }: ResourceRecord): string {
  if (rdata.length === 4) return rdata.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => rdata.readUInt16BE(index * 2).toString(16));
  // The URL parser writes IPv6 as RFC 5952 says.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The name that an NS or CNAME record leads to. */
export function targetOf({ rdata }: ResourceRecord): Name {
  return decodeName(new Reader(rdata));
}

/** How long a denial may be kept: the lower of the SOA's TTL and its last field (RFC 2308 §5). */
export function negativeTtl({ rdata, ttlSeconds }: ResourceRecord): number {
  return Math.min(ttlSeconds, rdata.readUInt32BE(rdata.length - 4));
}

/** The zone's serial, in an SOA record (RFC 1035 §3.3.13): the first of the five numbers at its end. */
export function serialOf({ rdata }: ResourceRecord): number {
  return rdata.readUInt32BE(rdata.length - 20);
}

/** The times in an SOA record, in seconds (RFC 1035 §3.3.13): how secondaries follow. */
export interface SoaTimes {
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
}

export function soaTimesOf({ rdata }: ResourceRecord): SoaTimes {
  const at = (fromEnd: number): number => rdata.readUInt32BE(rdata.length - fromEnd);
  return { refreshSeconds: at(16), retrySeconds: at(12), expireSeconds: at(8) };
}

/** RFC 4034 §3.1. */
export interface Rrsig {
  readonly typeCovered: number;
  /** The labels of the owner that was signed, without `*`: fewer than the owner's mean that a wildcard made it (§3.1.3). */
  readonly labels: number;
  /** As it stands in the zone; no validator keeps the records longer (§3.1.4). */
  readonly originalTtlSeconds: number;
  /** From inception to expiration, which are serial numbers (§3.1.5); undefined where that is no time forward. */
  readonly validitySeconds: number | undefined;
  /** A serial number of seconds since 1970 (§3.1.5). */
  readonly expiration: number;
}

export function rrsigOf({ rdata }: ResourceRecord): Rrsig {
  const validity = (rdata.readUInt32BE(8) - rdata.readUInt32BE(12)) >>> 0;
  return {
    typeCovered: rdata.readUInt16BE(0),
    labels: rdata.readUInt8(3),
    originalTtlSeconds: ttlOf(RRType.RRSIG, rdata.readUInt32BE(4)),
    validitySeconds: validity <= MAX_TTL ? validity : undefined,
    expiration: rdata.readUInt32BE(8),
  };
}

/** The moment that a serial number of seconds means: the one nearest to now (RFC 4034 §3.1.5). `now`: milliseconds since 1970. */
export function momentOf(serial: number, now: number): Date {
  const seconds = Math.floor(now / 1000);
  return new Date((seconds + ((serial - seconds) | 0)) * 1000);
}
