import { OperatorError } from '../core/errors.ts';
import type { TransientCode } from '../core/reasons.ts';

/** A call to the API server that failed. It never holds what the server said beyond the HTTP status. */
export class ApiError extends OperatorError {
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined;

  constructor(code: TransientCode, message: string, status: number | undefined, options?: ErrorOptions) {
    super('Transient', code, message, options);
    this.status = status;
  }
}

const ANSWERS: Readonly<Record<number, readonly [code: TransientCode, meaning: string]>> = {
  400: ['APIServerRefused', 'it does not understand the request'],
  401: ['APIServerUnauthorized', 'it does not accept our credentials: check the kubeconfig or the ServiceAccount'],
  403: ['APIServerForbidden', 'not allowed: apply the RBAC rules of this version to our ServiceAccount'],
  404: ['APIServerNotFound', 'no such object or kind: apply the CRDs of this version if they are missing'],
  409: ['APIServerConflict', 'the object exists already or was changed meanwhile'],
  410: ['APIServerGone', 'the resource version is too old'],
  422: ['APIServerRefused', 'it does not accept the object: apply the CRDs of this version'],
  429: ['APIServerUnavailable', 'it is overloaded'],
};

/** The error for an answer that is no success; `call` is the method and the path. */
export function errorOfAnswer(call: string, status: number): ApiError {
  const [code, meaning] = ANSWERS[status] ?? ['APIServerUnavailable', 'it failed'];
  return new ApiError(code, `${call}: the API server answered ${status}: ${meaning}`, status);
}

/** The error when no answer came, or none that can be read. */
export function errorWithoutAnswer(call: string, why: string, cause?: unknown): ApiError {
  return new ApiError('APIServerUnavailable', `${call}: ${why}`, undefined, { cause });
}

/** Node's own code of an error or of its cause, as ` (ECONNREFUSED)`; empty where there is none. */
export function codeOf(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  if (typeof code === 'string') return ` (${code})`;
  return cause === undefined ? '' : codeOf(cause);
}
