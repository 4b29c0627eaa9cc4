import type { Reasons } from './reason.ts';

export const NAME_SERVERS = {
  ServersLag: {
    kind: 'Transient',
    meaning: 'Some name servers answer other records than the primary. The message names them.',
    remedy: 'Wait for the transfer. If it lasts: does the primary notify it, may it transfer?',
  },
  TransferOverdue: {
    kind: 'State',
    meaning:
      'Some name server has not followed the primary for longer than the SOA record allows (refresh and retry), whether or not our records have changed. The message says since when, and when its copy expires: then it answers nothing.',
    remedy:
      'May it transfer, does the primary notify it, is it the right key? [Runbook](operations.md#a-secondary-is-behind).',
  },
  EmptyNonTerminalDenied: {
    kind: 'State',
    meaning:
      'Some name server says NXDOMAIN for `_tcp.` and the host, though TLSA records are below. Resolvers that believe it find none.',
    remedy: 'Update it, or let it make the denials anew (PowerDNS: `pdnsutil rectify-zone`).',
  },
  ServersUnreachable: {
    kind: 'Transient',
    meaning: 'Some name servers do not answer from here.',
    remedy:
      'Are they up? May pods reach port 53 of the Internet? Those on loopback or link-local addresses are never asked.',
  },
  DelegationUnknown: {
    kind: 'Transient',
    meaning: 'No server of the parent zone tells which name servers the zone has.',
    remedy: 'May pods reach port 53 of the Internet?',
  },
  TooManyNameServers: {
    kind: 'Stalled',
    meaning: 'The zone has more than 32 name servers.',
    remedy: 'Reduce its NS records.',
  },
} as const satisfies Reasons;
