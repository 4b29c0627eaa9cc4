import type { Reasons } from './reason.ts';

export const DNSSEC = {
  Insecure: {
    kind: 'Stalled',
    meaning: 'The host or the TLSA name is not secured by DNSSEC.',
    remedy:
      'Sign the zone and put its DS into the parent zone; or `dnssec: Warn`. [Runbook](operations.md#dnssec-is-not-secure).',
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
