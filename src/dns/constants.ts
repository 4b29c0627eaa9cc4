/** The numbers of the DNS that this program knows (IANA "Domain Name System (DNS) Parameters"). Every other number may be met. */

export const RRType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  AAAA: 28,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  TLSA: 52,
  TSIG: 250,
  ANY: 255,
} as const;

/** NONE and ANY have a meaning in UPDATE only (RFC 2136 §2.4, §2.5). */
export const RRClass = { IN: 1, NONE: 254, ANY: 255 } as const;

export const Opcode = { Query: 0, Update: 5 } as const;

/** RFC 1035 §4.1.1, RFC 2136 §2.2. */
export const Rcode = {
  NoError: 0,
  FormErr: 1,
  ServFail: 2,
  NXDomain: 3,
  NotImp: 4,
  Refused: 5,
  YXRRSet: 7,
  NXRRSet: 8,
  NotAuth: 9,
  NotZone: 10,
} as const;

/** The error field of a TSIG record (RFC 8945 §3). */
export const TsigError = { BadSig: 16, BadKey: 17, BadTime: 18 } as const;
