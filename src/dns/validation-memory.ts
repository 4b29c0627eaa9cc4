import { ExchangeError, type ExchangeFailure } from './exchange-error.ts';
import { validationOf, type Ask, type Validation } from './validation.ts';

const AGAIN_MS = 5 * 60_000;

export interface ValidationOptions {
  readonly ask: Ask;
  /** Milliseconds since some moment; never set. */
  readonly monotonic: () => number;
  readonly onChange: (validation: Validation) => void;
}

/** Finds out anew every five minutes whether a resolver validates; while that cannot be found out, what was found last holds. */
export function validationMemory(
  options: ValidationOptions,
): () => Promise<Validation | ExchangeFailure | 'ServerFailure'> {
  const { ask, monotonic, onChange } = options;
  let last: Validation | undefined;
  let validUntil = -Infinity;
  let underWay: Promise<Validation | ExchangeFailure | 'ServerFailure'> | undefined;

  const find = async (): Promise<Validation | ExchangeFailure | 'ServerFailure'> => {
    try {
      const found = await validationOf(ask);
      if (found === undefined) return last ?? 'ServerFailure';
      if (found !== last) onChange(found);
      last = found;
      validUntil = monotonic() + AGAIN_MS;
      return found;
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      return last ?? error.failure;
    }
  };

  return () => {
    if (last !== undefined && monotonic() < validUntil) return Promise.resolve(last);
    underWay ??= find().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
