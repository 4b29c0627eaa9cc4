import { parentOf, ROOT, type Name } from '../core/name.ts';
import type { Resolver } from './resolver.ts';

/**
 * The apex of the zone that holds `name`: the nearest name on the way up that has an SOA record.
 * @throws OperatorError as `Resolver.lookup`
 */
export async function findZoneCut(name: Name, resolver: Resolver, signal?: AbortSignal): Promise<Name> {
  for (let at = name; at !== ROOT; at = parentOf(at) ?? ROOT) {
    const { status, aliased } = await resolver.lookup(at, 'SOA', signal);
    if (status === 'Found' && !aliased) return at;
  }
  return ROOT;
}
