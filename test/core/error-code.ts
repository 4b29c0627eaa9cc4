import { OperatorError } from '../../src/core/errors.ts';

/** The code of the OperatorError that this throws; anything else thrown goes on, and nothing thrown is undefined. */
export function codeOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof OperatorError) return error.code;
    throw error;
  }
}
