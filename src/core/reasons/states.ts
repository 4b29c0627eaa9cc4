import type { Reasons } from './reason.ts';

export const STATES = {
  Published: {
    kind: 'State',
    at: '`Ready`, `RecordsPublished`, event',
    meaning: 'The primary holds the records.',
    remedy: '',
  },
  Withdrawn: {
    kind: 'State',
    at: '`Ready`, `RecordsPublished`, event',
    meaning: '`publish: false` is done, or the object goes: none of our records is in the DNS.',
    remedy: 'The event says until when to go on serving the certificate.',
  },
  Publishing: {
    kind: 'State',
    at: '`RecordsPublished`',
    meaning: 'Records are being changed. True where records stand already, False at the first publication.',
    remedy: '',
  },
  Suspended: {
    kind: 'State',
    at: '`RecordsPublished`',
    meaning: '`suspend: true` holds a change back.',
    remedy: 'Set it to false to let it happen.',
  },
  NothingToPublish: {
    kind: 'Transient',
    at: '`RecordsPublished`',
    meaning: 'No certificate chain is known yet. What is published stays.',
    remedy: 'Look at `CertificatesResolved`.',
  },
  Accepted: { kind: 'State', at: '`Accepted`', meaning: 'The spec is accepted.', remedy: '' },
  Resolved: { kind: 'State', at: '`CertificatesResolved`', meaning: 'Each Secret holds a chain.', remedy: '' },
  CertificateExpired: {
    kind: 'State',
    at: '`CertificatesResolved` (True)',
    meaning:
      'The certificate has expired. Its `3 1 1` matches all the same; `2 1 1` does not, and other clients refuse it.',
    remedy: 'Renew it.',
  },
  CertificateNotYetValid: {
    kind: 'State',
    at: '`CertificatesResolved` (True)',
    meaning:
      'The certificate is valid from a later time. Its `3 1 1` matches all the same (RFC 7671 §5.1); other clients refuse it.',
    remedy: 'Wait, or correct the clock of whoever issued it.',
  },
  HostnameNotCovered: {
    kind: 'State',
    at: '`CertificatesResolved` (True)',
    meaning:
      'The certificate is not for a hostname of the spec. Its `3 1 1` is published; a `2 1 1` could not match and is left out.',
    remedy: 'Issue a certificate with that name.',
  },
  LifetimeTooShort: {
    kind: 'State',
    at: '`CertificatesResolved` (True), event',
    meaning:
      'The certificate expires so soon that what a renewal takes (`waitTTLs` times the TTL, and a minute and a half) does not fit into its life: in Promote and Gate the deadline comes before the gate opens, in Observe the records of many renewals pile up.',
    remedy: 'Issue it for as long as the message says, or set a lower `ttlSeconds`.',
  },
  RenewBeforeTooShort: {
    kind: 'State',
    at: '`CertificatesResolved` (True), event',
    meaning:
      'Promote, Gate: the certificate is renewed so late that the deadline (`deadlineBeforeExpiry`, or half of the time that is left) comes before the gate opens.',
    remedy: 'Set `renewBefore` of the Certificate to what the message says, or a lower `ttlSeconds`.',
  },
  RenewBeforeTooLong: {
    kind: 'State',
    at: '`CertificatesResolved` (True), event',
    meaning:
      'The next renewal comes before senders have forgotten the records of the last one. In Promote and Gate a new certificate replaces the one that waits, and none is ever released before the deadline.',
    remedy: 'Set `renewBefore` of the Certificate to what the message says, or a lower `ttlSeconds`.',
  },
  Ready: {
    kind: 'State',
    at: '`ProviderReady`; `Ready` of a provider; event',
    meaning: 'The provider is ready: the server answered, signed with the key. As an event: the object became ready.',
    remedy: '',
  },
  Authenticated: {
    kind: 'State',
    at: '`Authenticated` of a provider',
    meaning: 'The server accepts the key.',
    remedy: '',
  },
  Secure: {
    kind: 'State',
    at: '`DNSSECSecure`',
    meaning: 'The resolver has validated the addresses of the hosts, and the TLSA records or their absence.',
    remedy: '',
  },
  NotChecked: {
    kind: 'State',
    at: '`DNSSECSecure`',
    meaning: '`dnssec: Ignore`, or no owner may be written at the moment, so none was looked up.',
    remedy: '',
  },
  NotLookedUp: {
    kind: 'Transient',
    at: '`DNSSECSecure`, `RecordsPublished`',
    meaning:
      'Nothing is to be published: `publish: false`, or the object is deleted. What makes no difference is not asked.',
    remedy: '',
  },
  AllServersAnswer: {
    kind: 'State',
    at: '`Propagated`',
    meaning: 'All name servers of the zone answer the same records as the primary.',
    remedy: '',
  },
  AllMatch: {
    kind: 'State',
    at: '`ServingMatches`',
    meaning: 'Every endpoint that was reached presents a certificate that the records accept.',
    remedy: '',
  },
  NothingPublished: {
    kind: 'State',
    at: '`Propagated`, `ServingMatches`',
    meaning:
      'No records to compare with: nothing is published, a change is on its way, or the primary could not be read.',
    remedy: 'Look at `RecordsPublished`.',
  },
  ProbeDisabled: { kind: 'State', at: '`ServingMatches`', meaning: '`probe: Disabled`.', remedy: '' },
  NotProbedYet: {
    kind: 'Transient',
    at: '`ServingMatches`, `RecordsPublished`',
    meaning: 'The endpoints have not been looked at yet: for seconds, after a start.',
    remedy: '',
  },
} as const satisfies Reasons;
