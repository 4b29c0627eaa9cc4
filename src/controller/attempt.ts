import { OperatorError } from '../core/errors.ts';
import { known, unknown, type Known } from '../core/facts.ts';

/** Turns what a call throws into a fact; anything but an OperatorError is a bug and goes on. */
export async function attempt<T>(call: () => Promise<T>): Promise<Known<T>> {
  try {
    return known(await call());
  } catch (error) {
    if (error instanceof OperatorError) return unknown(error);
    throw error;
  }
}
