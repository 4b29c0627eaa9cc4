import type { Reasons } from './reason.ts';

export const SPEC = {
  HostnameNotAllowed: {
    kind: 'Stalled',
    meaning: 'The ClusterDNSProvider does not let this namespace publish for this host.',
    remedy: 'A cluster admin adds both to one entry of its `allow`.',
  },
  OwnerConflict: {
    kind: 'Stalled',
    meaning: 'Another MailServer has this owner name. The message says which.',
    remedy: 'Take the host out of one of the two, or delete one.',
  },
  OwnerHandover: {
    kind: 'Transient',
    meaning:
      'Another MailServer gets this owner name, with the history of its records: one gives it, the other takes it.',
    remedy: 'Nothing: it takes seconds. If it lasts, look at the MailServer that the message names.',
  },
  ZoneNotFound: {
    kind: 'Stalled',
    meaning: "The provider's server holds no zone for this host, or `zones` excludes it.",
    remedy: 'Check the hostname, `server` and `zones`. A zone is found within about five minutes after it was made.',
  },
} as const satisfies Reasons;
