/** What the answers of PowerDNS, and of the network below, mean here. Their texts are not looked at, nor kept. */
import { ExchangeError } from '../../exchange-error.ts';
import { ApiError, type ApiFailure } from '../api-errors.ts';

const BY_STATUS = new Map<number, ApiFailure>([
  [400, 'ChangeRefused'],
  [401, 'CredentialRefused'],
  [403, 'AccessDenied'],
  [404, 'ZoneNotFound'],
  [409, 'ChangeRefused'],
  [422, 'ChangeRefused'],
  [429, 'Throttled'],
]);

export function statusError(status: number): ApiError {
  if (status >= 500) return new ApiError('Unavailable', true);
  if (status >= 400) return new ApiError(BY_STATUS.get(status) ?? 'Unexpected', false);
  return new ApiError('Malformed', true);
}

/** Of Node and of undici, where no answer came. */
const BY_CODE = new Map<string, readonly [failure: ApiFailure, mayBeDone: boolean]>([
  ['ECONNREFUSED', ['Unreachable', false]],
  ['EHOSTUNREACH', ['Unreachable', false]],
  ['ENETUNREACH', ['Unreachable', false]],
  ['ECONNRESET', ['Unreachable', true]],
  ['EPIPE', ['Unreachable', true]],
  ['UND_ERR_SOCKET', ['Unreachable', true]],
  ['UND_ERR_CONNECT_TIMEOUT', ['Timeout', false]],
  ['UND_ERR_HEADERS_TIMEOUT', ['Timeout', true]],
  ['UND_ERR_BODY_TIMEOUT', ['Timeout', true]],
  ['UND_ERR_ABORTED', ['Aborted', true]],
  ['ENOTFOUND', ['AddressUnknown', false]],
  ['EAI_AGAIN', ['AddressUnknown', false]],
  ['CERT_HAS_EXPIRED', ['CertificateNotTrusted', false]],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', ['CertificateNotTrusted', false]],
  ['SELF_SIGNED_CERT_IN_CHAIN', ['CertificateNotTrusted', false]],
  ['UNABLE_TO_GET_ISSUER_CERT', ['CertificateNotTrusted', false]],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', ['CertificateNotTrusted', false]],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', ['CertificateNotTrusted', false]],
  ['ERR_TLS_CERT_ALTNAME_INVALID', ['CertificateNotTrusted', false]],
]);

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ExchangeError) {
    return new ApiError(error.failure === 'AddressRefused' ? 'AddressRefused' : 'AddressUnknown', false);
  }
  const [failure, mayBeDone] = BY_CODE.get((error as { readonly code?: string }).code ?? '') ?? ['Malformed', true];
  return new ApiError(failure, mayBeDone);
}
