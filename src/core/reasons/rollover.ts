import type { Reasons } from './reason.ts';

export const ROLLOVER = {
  Idle: {
    kind: 'State',
    at: '`RolloverInProgress` (False)',
    meaning: 'No certificate is on its way in or out.',
    remedy: '',
  },
  WaitingForServers: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning:
      'A certificate waits until every authoritative name server has answered its records, three times over half a minute.',
    remedy: 'If it lasts: the message names the servers; look at their zone transfers.',
  },
  WaitingForCaches: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning:
      'A certificate waits until no sender can hold earlier records: `waitTTLs` times their TTL, and a minute. It goes on by itself at the time that is shown.',
    remedy: '',
  },
  GateOpen: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning: 'Every RRset that a sender may hold accepts the new certificate: it is released now.',
    remedy: '',
  },
  WithheldByOther: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning:
      'Another MailServer uses the same Secret (in Promote, the same pair) and is not ready for the new certificate.',
    remedy: 'Look at the MailServers that the message names.',
  },
  HeldBack: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning:
      'Gate: annotation `tlsa-operator.io/not-before` on the CertificateRequest names a later time. The operator sets it when a MailServer is deleted that used the Secret too: senders may still have its records.',
    remedy: 'Wait. Or `release-now`: mail to the hosts of the deleted one may be deferred until that time.',
  },
  SourceNotAnnotated: {
    kind: 'Stalled',
    at: '`RolloverInProgress`, `Stalled`',
    meaning: 'The source Secret does not permit that it is copied.',
    remedy:
      "Give it the annotation `tlsa-operator.io/promote-to: <servingSecretName>` (in the Certificate's `secretTemplate`).",
  },
  ServingSecretNotOurs: {
    kind: 'Stalled',
    at: '`RolloverInProgress`, `Stalled`',
    meaning: 'A Secret of that name exists and the operator did not make it.',
    remedy:
      'Choose another name, or let it be taken over: annotation `tlsa-operator.io/serving-for: <MailServer>` on it.',
  },
  ServingSecretConflict: {
    kind: 'Stalled',
    at: '`RolloverInProgress`, `Stalled`',
    meaning:
      'Another MailServer or certificate uses one Secret of the pair `secretName` and `servingSecretName`, and not both as they are here. The message has both.',
    remedy: 'Choose another Secret for one of them.',
  },
  ServingSecretUnusable: {
    kind: 'Stalled',
    at: '`RolloverInProgress`, `Stalled`',
    meaning: 'The Secret `servingSecretName` is immutable, or not of type `kubernetes.io/tls`: it cannot be written.',
    remedy: 'Delete it, when no pod needs it any more; the operator makes it anew. Or choose another name.',
  },
  PromoteForbidden: {
    kind: 'Stalled',
    at: '`RolloverInProgress`, `Stalled`',
    meaning: 'The operator may not write Secrets in this namespace.',
    remedy: 'Apply `deploy/promote/role.yaml` there, with the name of the Secret.',
  },
  ReleasedByHand: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning:
      'Annotation `tlsa-operator.io/release-now` names the key: it is released although senders may hold earlier records.',
    remedy: 'Some senders may defer mail for up to `waitTTLs` TTLs.',
  },
  ServingSecretLost: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning:
      'The serving Secret is gone and for ten minutes no endpoint has presented a certificate that the records accept (a cluster was rebuilt): the new one is released without a wait.',
    remedy: 'Some senders may defer mail for up to `waitTTLs` TTLs.',
  },
  DeadlineReached: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning:
      'What is served is about to expire, and every name server that answers has the records of the new certificate: it is released (`onDeadline: Release`).',
    remedy: 'Find out which name server does not answer (`Propagated`).',
  },
  ClockSkew: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning:
      'Our clock and that of the API server differ by more than 30 s: nothing is released and no certificate is retired.',
    remedy: 'Set the clocks of the nodes right (NTP).',
  },
  Proving: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning: 'A former certificate keeps its records: an endpoint still presents it, or does not answer.',
    remedy: 'If it lasts: let the mail server load the new certificate. The message names the endpoints.',
  },
  Retiring: {
    kind: 'State',
    at: '`RolloverInProgress`',
    meaning: 'No endpoint presents the former certificate; its records go when that has been so for `retireAfter`.',
    remedy: '',
  },
  TrustAnchorPublished: {
    kind: 'State',
    at: '`Covered` (True)',
    meaning:
      'Every RRset that a sender may hold has a `2 1 1` for the CA of what is served: a renewal by the same CA is accepted at once.',
    remedy: '',
  },
  KeyStays: {
    kind: 'State',
    at: '`Covered` (True)',
    meaning:
      'The Certificate has `rotationPolicy: Never`: the next certificate has the same key, and every RRset that a sender may hold has its `3 1 1`.',
    remedy: 'Do not delete the Secret: cert-manager would make a new key. A new key on purpose: Promote.',
  },
  Promoted: {
    kind: 'State',
    at: '`Covered` (True)',
    meaning: 'A new certificate is released only when no sender can hold records that refuse it (`servingSecretName`).',
    remedy: '',
  },
  NoTrustAnchor: {
    kind: 'State',
    at: '`Covered` (False)',
    meaning:
      'No `2 1 1` stands for the CA of what is served. When the certificate is renewed with a new key, senders that remember the old records refuse it for up to `ttlSeconds`.',
    remedy:
      'Set `servingSecretName` (Promote). Or let `records` have `2 1 1`, the certificate have the hostname, the server send the CA; or keep the key (`rotationPolicy: Never`).',
  },
  EarlierRecordsHeld: {
    kind: 'State',
    at: '`Covered`, `CASwitchSafe` (False)',
    meaning:
      'The records are right now, and senders may still hold earlier ones without them, until the time that the message names.',
    remedy: 'Wait; do not renew or switch before.',
  },
  AnnouncedCAsPublished: {
    kind: 'State',
    at: '`CASwitchSafe` (True)',
    meaning: 'No sender holds records without the `2 1 1` of each CA in `announcedCAs`.',
    remedy: '',
  },
  AnnouncedCAsNotPublished: {
    kind: 'State',
    at: '`CASwitchSafe` (False)',
    meaning:
      'The `2 1 1` of a CA in `announcedCAs` is not published yet, or cannot be (a certificate in use can have no `2 1 1`).',
    remedy: 'Look at `RecordsPublished` and `Covered`.',
  },
  ForeignRecordBlocks: {
    kind: 'State',
    at: '`Covered`, `CASwitchSafe` (False)',
    meaning:
      'A TLSA record that is not ours matches none of our certificates, so senders that look at its usage, selector and matching type alone refuse them. Changes are guarded by one match in each RRset instead.',
    remedy: 'Remove that record, or set `adoption: Adopt` and wait for `retireAfter`.',
  },
  AnnouncedCAInvalid: {
    kind: 'Stalled',
    at: '`Accepted`',
    meaning: 'The `certificate` of a CA in `announcedCAs` cannot be read as one PEM certificate.',
    remedy: 'Give one certificate in PEM, or its `spkiSHA256`.',
  },
} as const satisfies Reasons;
