export type ExchangeFailure =
  | 'Timeout'
  /** No route, connection refused, or the connection ended before the answer. */
  | 'Unreachable'
  | 'AddressUnknown'
  | 'AddressRefused'
  /** Not a DNS message, or one that does not answer the question. */
  | 'Malformed'
  /** The caller's signal. */
  | 'Aborted';

/** A question without an answer. The caller says in words of its own what that means and what to do. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly failure: ExchangeFailure;
  /** May the server have got the request? */
  readonly sent: boolean;

  constructor(failure: ExchangeFailure, sent: boolean, options?: ErrorOptions) {
    super(failure, options);
    this.failure = failure;
    this.sent = sent;
  }
}
