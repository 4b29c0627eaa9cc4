import type { Reasons } from './reason.ts';

export const DNSSEC = {
  ZoneNotSigned: {
    kind: 'Stalled',
    meaning: 'A zone on the way to the host is not signed. Senders ignore TLSA records there. The message names it.',
    remedy:
      'Sign it and put its DS into the parent zone; or `dnssec: Warn`. [Runbook](operations.md#dnssec-is-not-secure).',
  },
  DSMissing: {
    kind: 'Stalled',
    meaning:
      'A zone on the way to the host is signed, but the zone above has no DS for it. True: it is gone from there, and resolvers have not forgotten it yet. False: senders ignore the TLSA records.',
    remedy: 'Give the DS to the parent (your registrar); or `dnssec: Warn`. [Runbook](operations.md#the-ds-vanished).',
  },
  AddressesNotSecure: {
    kind: 'Stalled',
    meaning:
      'The TLSA records may be secure, but the addresses of the host come from another zone that is not. Senders look up no TLSA records for it (RFC 7672 §2.2.2).',
    remedy: 'Give the host addresses in the signed zone, or secure the zone that the message names.',
  },
  Insecure: {
    kind: 'Stalled',
    meaning: 'The host or the TLSA name is not secured by DNSSEC, and where that ends could not be found out.',
    remedy:
      'Sign the zone and put its DS into the parent zone; or `dnssec: Warn`. [Runbook](operations.md#dnssec-is-not-secure).',
  },
  SignaturesExpireSoon: {
    kind: 'State',
    at: '`DNSSECSecure` (True), event',
    meaning:
      'Signatures that some name server gives out were not renewed in time. The message says of what, where, and when they run out: from then on senders cannot deliver.',
    remedy: "See to the zone's signer, and to that server's transfers. [Runbook](operations.md#signatures-run-out).",
  },
  SignaturesExpired: {
    kind: 'State',
    at: '`DNSSECSecure` (False), event',
    meaning: 'Some name server gives out signatures that have run out. Senders whose resolver asks it cannot deliver.',
    remedy: 'Urgent: let the signer sign again. [Runbook](operations.md#signatures-run-out).',
  },
  Bogus: {
    kind: 'Transient',
    meaning: 'The name exists and does not validate. Senders that check DANE cannot deliver.',
    remedy: 'Urgent: `delv`, [dnsviz.net](https://dnsviz.net/). [Runbook](operations.md#dnssec-is-not-secure).',
  },
  HostIsAlias: {
    kind: 'Stalled',
    meaning: 'The host is a CNAME. An MX host must not be one.',
    remedy: 'Name the host that it leads to.',
  },
  OwnerIsAlias: {
    kind: 'Stalled',
    meaning: 'A CNAME stands where the records belong.',
    remedy: 'Remove it.',
  },
  HostIsWildcard: {
    kind: 'Stalled',
    meaning: "The host's address comes from a wildcard, and would vanish with a record below it.",
    remedy: 'Give the host address records of its own.',
  },
  OwnerIsWildcard: {
    kind: 'Stalled',
    meaning: 'A TLSA answer comes from a wildcard.',
    remedy: "Remove the wildcard's TLSA records.",
  },
  InvalidTLSARecord: {
    kind: 'Stalled',
    meaning: 'A TLSA record without data stands in the DNS.',
    remedy: 'Remove it.',
  },
} as const satisfies Reasons;
