import type { Reasons } from './reason.ts';

export const CERTIFICATES = {
  SecretNotFound: {
    kind: 'Transient',
    meaning: 'There is no Secret of that name and of type `kubernetes.io/tls` here.',
    remedy:
      'Wait for cert-manager (`kubectl describe certificate`), or correct the name. The type of a Secret cannot be changed: make it anew.',
  },
  CertificateMissing: {
    kind: 'Transient',
    meaning: 'The Secret has no `tls.crt`, or an empty one.',
    remedy: 'As above.',
  },
  CompromisedKey: {
    kind: 'Stalled',
    meaning:
      'The Secret holds a certificate whose key is in `compromisedKeys`. It is not published anew, and not released.',
    remedy: 'Issue a certificate with a new key (`cmctl renew`; `rotationPolicy: Always`).',
  },
  KeyDoesNotFit: {
    kind: 'Stalled',
    meaning: '`tls.key` is not the private key of the certificate in `tls.crt`, or cannot be read.',
    remedy: 'Put the right pair there.',
  },
  TemporaryCertificate: {
    kind: 'Transient',
    meaning:
      'cert-manager has put its temporary certificate there (annotation `cert-manager.io/issue-temporary-certificate`).',
    remedy: 'Wait until the real one is issued (`kubectl describe certificate`).',
  },
  SecretUnreadable: {
    kind: 'Transient',
    meaning: 'The API server did not give the Secret.',
    remedy: 'If it lasts: the log says why; check the RBAC rules of `deploy/`.',
  },
  NoCertificate: {
    kind: 'Stalled',
    meaning: '`tls.crt` holds no whole PEM certificate.',
    remedy: 'Put the chain there: leaf first, then the CA certificates.',
  },
  InvalidCertificate: {
    kind: 'Stalled',
    meaning: 'A certificate in `tls.crt` is damaged or cut off.',
    remedy: 'Make the Secret anew.',
  },
  LeafNotFirst: {
    kind: 'Stalled',
    meaning: 'The first certificate is that of a CA.',
    remedy: "Put the server's own certificate first.",
  },
  SeveralLeaves: {
    kind: 'Stalled',
    meaning: 'Certificates of several servers or keys in one chain.',
    remedy: 'One Secret for each.',
  },
  TooManyCertificates: {
    kind: 'Stalled',
    meaning: 'More than 16 certificates.',
    remedy: 'Leave out those that the server need not send.',
  },
} as const satisfies Reasons;
