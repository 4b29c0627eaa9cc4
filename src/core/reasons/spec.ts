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
  ZoneNotFound: {
    kind: 'Stalled',
    meaning: "The provider's server holds no zone for this host, or `zones` excludes it.",
    remedy: 'Check the hostname, `server` and `zones`. A zone is found within about five minutes after it was made.',
  },
  ZoneChanged: {
    kind: 'Stalled',
    meaning: 'The owner was published in one zone and belongs to another one now.',
    remedy:
      '`publish: false` until the records are withdrawn from the old zone. [More](mailserver.md#another-provider).',
  },
} as const satisfies Reasons;
