import { OperatorError } from '../core/errors.ts';

/** An error as it stands in a log line: never the body or the headers of an HTTP answer, never text that a parser quotes. */
export interface LoggedError {
  readonly type: string;
  readonly message?: string;
  readonly code?: string | number;
  readonly kind?: string;
  /** The calls only: the first line of a stack is the message. */
  readonly stack?: readonly string[];
  readonly cause?: LoggedError;
}

const MAX_CAUSES = 5;

export function serializeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { readonly code?: unknown };
  const isExpected = error instanceof OperatorError;
  return {
    type: error.name,
    ...(quotesOthers(error) ? {} : { message: error.message }),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(isExpected ? { kind: error.kind } : {}),
    // Where an error comes from that we expect, and say ourselves, is of no interest; nor where its cause does.
    ...(isExpected || depth > 0 ? {} : { stack: framesOf(error) }),
    ...(error.cause === undefined || depth === MAX_CAUSES ? {} : { cause: serializeError(error.cause, depth + 1) }),
  };
}

/** An HTTP client's exception holds the answer (client-node's message repeats it); a SyntaxError quotes what was parsed. */
function quotesOthers(error: Error): boolean {
  return error instanceof SyntaxError || 'body' in error || 'headers' in error || 'response' in error;
}

function framesOf(error: Error): readonly string[] {
  const lines = error.stack?.split('\n') ?? [];
  return lines.filter((line) => line.startsWith('    at ')).map((line) => line.trim());
}
