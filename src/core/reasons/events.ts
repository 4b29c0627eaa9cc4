import type { Reasons } from './reason.ts';

export const EVENTS = {
  CertificateFound: {
    kind: 'State',
    at: 'MailServer',
    meaning: 'A Secret holds a new certificate.',
    remedy: '',
  },
  CandidateFound: {
    kind: 'State',
    at: 'MailServer',
    meaning:
      'A new certificate is in the source Secret (Promote) or was issued (Gate). It is withheld until every sender will accept it.',
    remedy: '',
  },
  CandidateDropped: {
    kind: 'State',
    at: 'MailServer',
    meaning:
      'A certificate that waited was replaced or removed, or has expired, before it was released. Its records stay for `retireAfter`.',
    remedy: '',
  },
  Released: {
    kind: 'State',
    at: 'MailServer',
    meaning: 'A certificate that waited (Promote, Gate) is in the Secret that pods mount.',
    remedy: '',
  },
  ReleaseNowIgnored: {
    kind: 'State',
    at: 'MailServer',
    meaning: 'Annotation `tlsa-operator.io/release-now` names no certificate that waits or is served.',
    remedy: 'Remove it, or correct it: the `spkiSHA256` of the chain in state `Candidate` in status.',
  },
  CertificateRetired: {
    kind: 'State',
    at: 'MailServer',
    meaning: 'A former certificate is out of use, or one that was never released is forgotten; its records go.',
    remedy: '',
  },
  RecordsLeft: {
    kind: 'State',
    at: 'MailServer',
    meaning: 'The object is deleted and our records stay.',
    remedy:
      'If they are not wanted, remove them by hand. Until then senders refuse a server that presents another certificate.',
  },
} as const satisfies Reasons;
