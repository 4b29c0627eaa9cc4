import type { Reasons } from './reason.ts';

export const EVENTS = {
  CertificateFound: {
    kind: 'State',
    at: 'MailServer',
    meaning: 'A Secret holds a new certificate.',
    remedy: '',
  },
  CertificateRetired: {
    kind: 'State',
    at: 'MailServer',
    meaning: 'A former certificate is out of use; its records go.',
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
