/** What is said when the HTTP API of a provider does not do what it is asked: one table for all of them. */
import { OperatorError } from '../../core/errors.ts';
import type { StalledCode, TransientCode } from '../../core/reasons.ts';

export type ApiFailure =
  | 'Timeout'
  /** No route, connection refused, or the connection ended before the answer. */
  | 'Unreachable'
  | 'AddressUnknown'
  | 'AddressRefused'
  | 'CertificateNotTrusted'
  /** The caller's signal, or we lead no more. */
  | 'Aborted'
  /** Not an answer of this API. */
  | 'Malformed'
  | 'Throttled'
  /** An earlier change of the same zone is still under way there. */
  | 'Busy'
  | 'Unavailable'
  | 'NoCredential'
  | 'CredentialRefused'
  | 'CredentialExpired'
  | 'ClockSkewed'
  | 'AccessDenied'
  | 'ZoneNotFound'
  | 'ChangeRefused'
  | 'Unexpected';

/** A request that was not done, or whose answer is not known. Never holds what was answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly failure: ApiFailure;
  /** It may have been done all the same. */
  readonly mayBeDone: boolean;

  constructor(failure: ApiFailure, mayBeDone: boolean) {
    super(failure);
    this.failure = failure;
    this.mayBeDone = mayBeDone;
  }
}

/** The words of a message: ours only. */
export interface ApiPlace {
  /** `Route 53`, `PowerDNS at pdns.example.nl:8081`. */
  readonly api: string;
  /** The zone or the name that it is about. */
  readonly name: string;
  /** Where the credential comes from: `the access key in spec.route53.accessKeySecretRef`. */
  readonly credential: string;
  /** What lets the credential do more: a hint for people. */
  readonly permission: string;
}

type Sayer = (place: ApiPlace) => string;
type Entry =
  | readonly [kind: 'Stalled', code: StalledCode, say: Sayer]
  | readonly [kind: 'Transient', code: TransientCode, say: Sayer];

const TABLE: Readonly<Record<ApiFailure, Entry>> = {
  Timeout: [
    'Transient',
    'APITimeout',
    ({ api }) => `${api} did not answer within ten seconds: do firewalls and network policies let HTTPS through?`,
  ],
  Unreachable: [
    'Transient',
    'APIUnreachable',
    ({ api }) =>
      `${api} cannot be reached, or ended the connection: do firewalls, network policies and proxies let it through?`,
  ],
  AddressUnknown: ['Transient', 'APIAddressUnknown', ({ api }) => `the name of ${api} has no address here`],
  AddressRefused: [
    'Stalled',
    'APIAddressRefused',
    ({ api }) => `${api} leads to a loopback, link-local or metadata address, which only a ClusterDNSProvider may name`,
  ],
  CertificateNotTrusted: [
    'Stalled',
    'APICertificateNotTrusted',
    ({ api }) =>
      `the certificate of ${api} is not trusted, has expired or is for another name: correct it there, or name its CA in caBundle where there is one`,
  ],
  Aborted: ['Transient', 'Aborted', ({ api }) => `the request to ${api} was given up, because the operator is ending`],
  Malformed: ['Transient', 'APIAnswerMalformed', ({ api }) => `what ${api} answered is not an answer of that API`],
  Throttled: [
    'Transient',
    'APIThrottled',
    ({ api }) =>
      `${api} says that there are too many requests: lower requestsPerSecond, or look who else uses the account`,
  ],
  Busy: [
    'Transient',
    'APIThrottled',
    ({ api, name }) => `${api} is still busy with an earlier change of the zone of ${name}: who else changes it?`,
  ],
  Unavailable: ['Transient', 'APIUnavailable', ({ api }) => `${api} has a failure of its own (HTTP 5xx)`],
  NoCredential: [
    'Transient',
    'IdentityNotFound',
    ({ credential }) => `${credential} was not found: is the pod given one, and may it use that?`,
  ],
  CredentialRefused: [
    'Stalled',
    'CredentialRefused',
    ({ api, credential }) => `${api} does not accept ${credential}: compare it, and look whether it still exists`,
  ],
  CredentialExpired: [
    'Transient',
    'CredentialExpired',
    ({ api, credential }) => `to ${api}, ${credential} has expired`,
  ],
  ClockSkewed: [
    'Transient',
    'BadTime',
    ({ api }) => `the clock of ${api} and ours are more than 300 s apart: let ours follow NTP`,
  ],
  AccessDenied: [
    'Stalled',
    'AccessDenied',
    ({ api, name, credential, permission }) =>
      `${api} does not let ${credential} do what is needed for ${name}: ${permission}`,
  ],
  ZoneNotFound: [
    'Stalled',
    'ZoneNotAtProvider',
    ({ api, name }) => `${api} has no zone for ${name}, or not for this credential: was it deleted?`,
  ],
  ChangeRefused: [
    'Stalled',
    'ChangeRefused',
    ({ api, name }) => `${api} refuses these TLSA records at ${name}: are there some that are no valid TLSA?`,
  ],
  Unexpected: [
    'Transient',
    'APIUnexpectedAnswer',
    ({ api, name }) => `${api} answered the request about ${name} with an error that has no meaning here`,
  ],
};

export function apiError(failure: ApiFailure, place: ApiPlace): OperatorError {
  const [kind, code, say] = TABLE[failure];
  return new OperatorError(kind, code, say(place));
}

/** @throws OperatorError what the failure means to a person; anything but an ApiError is a bug and goes on as it is */
export async function saying<T>(call: Promise<T>, place: ApiPlace): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw error instanceof ApiError ? apiError(error.failure, place) : error;
  }
}
