import { isDeepStrictEqual } from 'node:util';

/** A status comes back from the API server with its keys in another order, and without those that are undefined. */
export function isSameStatus(stored: object, next: object): boolean {
  return isDeepStrictEqual(stored, JSON.parse(JSON.stringify(next)));
}
