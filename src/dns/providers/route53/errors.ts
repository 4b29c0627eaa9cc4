/** What the errors of AWS, of its SDK and of the network below mean here. Their texts are not looked at, nor kept. */
import { ExchangeError } from '../../exchange-error.ts';
import { ApiError, type ApiFailure } from '../api-errors.ts';

/** By error code (Route 53, STS) or the name that the SDK gives it. */
const BY_NAME = new Map<string, ApiFailure>(
  Object.entries({
    Throttling: 'Throttled',
    ThrottlingException: 'Throttled',
    TooManyRequestsException: 'Throttled',
    RequestLimitExceeded: 'Throttled',
    PriorRequestNotComplete: 'Busy',
    AccessDenied: 'AccessDenied',
    AccessDeniedException: 'AccessDenied',
    UnauthorizedOperation: 'AccessDenied',
    OptInRequired: 'AccessDenied',
    InvalidClientTokenId: 'CredentialRefused',
    UnrecognizedClientException: 'CredentialRefused',
    SignatureDoesNotMatch: 'CredentialRefused',
    InvalidSignatureException: 'CredentialRefused',
    IncompleteSignature: 'CredentialRefused',
    MissingAuthenticationToken: 'CredentialRefused',
    InvalidIdentityToken: 'CredentialRefused',
    IDPRejectedClaim: 'CredentialRefused',
    ExpiredToken: 'CredentialExpired',
    ExpiredTokenException: 'CredentialExpired',
    RequestExpired: 'ClockSkewed',
    RequestTimeTooSkewed: 'ClockSkewed',
    NoSuchHostedZone: 'ZoneNotFound',
    InvalidChangeBatch: 'ChangeRefused',
    InvalidInput: 'ChangeRefused',
    InvalidArgument: 'ChangeRefused',
    CredentialsProviderError: 'NoCredential',
    TokenProviderError: 'NoCredential',
    ProviderError: 'NoCredential',
    AbortError: 'Aborted',
  }),
);

/** Node's, from before anything was sent. */
const NOT_SENT = new Map<string, ApiFailure>(
  Object.entries({
    ECONNREFUSED: 'Unreachable',
    EHOSTUNREACH: 'Unreachable',
    ENETUNREACH: 'Unreachable',
    ENOTFOUND: 'AddressUnknown',
    EAI_AGAIN: 'AddressUnknown',
    CERT_HAS_EXPIRED: 'CertificateNotTrusted',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'CertificateNotTrusted',
    SELF_SIGNED_CERT_IN_CHAIN: 'CertificateNotTrusted',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'CertificateNotTrusted',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'CertificateNotTrusted',
    ERR_TLS_CERT_ALTNAME_INVALID: 'CertificateNotTrusted',
  }),
);

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ExchangeError) return new ApiError(addressFailure(error), false);
  const {
    name = '',
    code = '',
    $metadata,
  } = error as {
    readonly name?: string;
    readonly code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const unsent = NOT_SENT.get(code);
  if (unsent !== undefined) return new ApiError(unsent, false);
  const known = BY_NAME.get(name);
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status >= 500) return new ApiError('Unavailable', true);
  if (status !== undefined && status >= 400) return new ApiError(known ?? 'Unexpected', false);
  if (status !== undefined) return new ApiError('Malformed', true);
  if (known !== undefined) return new ApiError(known, known === 'Aborted');
  if (code === 'ECONNRESET' || code === 'EPIPE') return new ApiError('Unreachable', true);
  return new ApiError(name === 'TimeoutError' || code === 'ETIMEDOUT' ? 'Timeout' : 'Malformed', true);
}

function addressFailure({ failure }: ExchangeError): ApiFailure {
  return failure === 'AddressRefused' ? 'AddressRefused' : 'AddressUnknown';
}
