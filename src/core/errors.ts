import type { Code, StalledCode, TransientCode } from './reasons.ts';

/**
 * The kind of an error decides, in one place, what follows (requeue, condition, event):
 *
 * - `Stalled`: a person must act; tried again only when something it depends on changes (and every five minutes, in case).
 * - `Transient`: tried again with back-off.
 *
 * The code serves as condition reason, event reason and metric label; reasons.ts has all of them, with the kind that each may be.
 */
export type ErrorKind = 'Stalled' | 'Transient';

/**
 * What went wrong, where, and what to do, for a person. The message never holds what a server or a Secret said: only our own
 * words, names of objects, and enumerated codes.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly kind: ErrorKind;
  readonly code: Code;

  constructor(kind: ErrorKind, code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}

export function stalled(code: StalledCode, message: string, options?: ErrorOptions): OperatorError {
  return new OperatorError('Stalled', code, message, options);
}

export function transient(code: TransientCode, message: string, options?: ErrorOptions): OperatorError {
  return new OperatorError('Transient', code, message, options);
}
