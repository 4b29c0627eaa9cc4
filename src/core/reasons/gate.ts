import type { Reasons } from './reason.ts';

export const GATE = {
  Gated: {
    kind: 'State',
    at: '`Covered` (True)',
    meaning: 'cert-manager gets a new certificate only when no sender can hold records that refuse it (DaneIssuer).',
    remedy: '',
  },
  HandedOver: {
    kind: 'State',
    at: '`RolloverInProgress` of a MailServer',
    meaning: 'The request is completed; cert-manager writes the Secret within moments.',
    remedy: 'If it lasts: is cert-manager running? `kubectl describe certificate`.',
  },
  Pending: {
    kind: 'State',
    at: '`Ready` of a CertificateRequest (False), event there',
    meaning: 'What the request waits for: the wrapped issuer, another try after it failed, or mail.',
    remedy: 'The message says it ([the messages](daneissuer.md#what-a-request-says)).',
  },
  Issued: {
    kind: 'State',
    at: '`Ready` of a CertificateRequest (True), event there',
    meaning: 'cert-manager has the certificate; the message names the issuer and the request that it came by.',
    remedy: '',
  },
  Failed: {
    kind: 'State',
    at: '`Ready` of a CertificateRequest (False), event there',
    meaning:
      'Our request to the wrapped issuer was denied, or there is no CSR in it: cert-manager begins anew with another key.',
    remedy: 'Let the approver approve it: `kubectl describe certificaterequest`.',
  },
  Denied: {
    kind: 'State',
    at: '`Ready` of a CertificateRequest (False), event there',
    meaning: 'An approver denied it: cert-manager begins anew with another key.',
    remedy: 'As for `Failed`.',
  },
  IssuerNotFound: {
    kind: 'Transient',
    meaning: 'There is no DaneIssuer (ClusterDaneIssuer) of that name (yet).',
    remedy: "Make it, or correct the Certificate's `issuerRef`. The request goes on by itself.",
  },
  CertificateUnknown: {
    kind: 'Transient',
    meaning: 'The Certificate of a request was not seen yet, so it is not known which Secret it is for.',
    remedy: 'Passes by itself; if it lasts, the operator may not read Certificates: check the RBAC rules of `deploy/`.',
  },
  AnswerForAnotherKey: {
    kind: 'Transient',
    meaning: 'The wrapped issuer answered with a certificate of another key than the request has.',
    remedy: 'The issuer is at fault: look at the child request (`kubectl describe certificaterequest`).',
  },
} as const satisfies Reasons;
