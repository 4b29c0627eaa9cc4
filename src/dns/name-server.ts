/** One authoritative server: its name, and where it is. */
import { OperatorError } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import type { AskOptions } from './ask-server.ts';
import type { Resolver } from './resolver.ts';
import { addressOf } from './resource-record.ts';

export interface NameServer {
  readonly name: Name;
  /** Empty: its name has none, or could not be looked up. */
  readonly addresses: readonly string[];
}

/** Of each family. A server has answered when one of its addresses has. */
const MAX_ADDRESSES = 8;

/** One server's name that does not resolve says nothing about the others; it counts as one that cannot be reached. */
export async function withAddresses(name: Name, resolver: Resolver, { signal }: AskOptions = {}): Promise<NameServer> {
  try {
    const lookups = await Promise.all([resolver.lookup(name, 'A', signal), resolver.lookup(name, 'AAAA', signal)]);
    return { name, addresses: lookups.flatMap(({ records }) => atMost(records.map(addressOf))) };
  } catch (error) {
    if (error instanceof OperatorError) return { name, addresses: [] };
    throw error;
  }
}

/** In one order: resolvers rotate theirs. */
function atMost(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].sort().slice(0, MAX_ADDRESSES);
}
