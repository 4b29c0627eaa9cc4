import type { Reasons } from './reason.ts';

export const NAME_SERVERS = {
  ServersLag: {
    kind: 'Transient',
    meaning: 'Some name servers answer other records than the primary. The message names them.',
    remedy: 'Wait for the transfer. If it lasts: does the primary notify it, may it transfer?',
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
