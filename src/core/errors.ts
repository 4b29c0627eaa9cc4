/**
 * The kind of an error decides, in one place, what follows (requeue, condition, event):
 *
 * - `Stalled`: a person must act; tried again only when something it depends on changes (and hourly, in case).
 * - `Transient`: tried again with back-off.
 *
 * A `code` is a stable CamelCase constant; it serves as condition reason, event reason and metric label (docs/conditions.md).
 */
export type ErrorKind = 'Stalled' | 'Transient';

/**
 * What went wrong, where, and what to do, for a person. The message never holds what a server or a Secret said: only our own
 * words, names of objects, and enumerated codes.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly kind: ErrorKind;
  readonly code: string;

  constructor(kind: ErrorKind, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}

export function stalled(code: string, message: string, options?: ErrorOptions): OperatorError {
  return new OperatorError('Stalled', code, message, options);
}

export function transient(code: string, message: string, options?: ErrorOptions): OperatorError {
  return new OperatorError('Transient', code, message, options);
}
