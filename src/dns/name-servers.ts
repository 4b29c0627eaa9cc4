/** The servers that answer for a zone. */
import { stalled, transient, type OperatorError } from '../core/errors.ts';
import { ROOT, type Name } from '../core/name.ts';
import { askServer, type AskOptions } from './ask-server.ts';
import { delegation, nsSet, type NsSet } from './delegation.ts';
import { withAddresses, type NameServer } from './name-server.ts';
import { rrset } from './query.ts';
import type { Resolver } from './resolver.ts';

export interface NameServerSet {
  /** By name. */
  readonly servers: readonly NameServer[];
  /** How long resolvers keep the NS sets, at most. */
  readonly ttlSeconds: number;
  /** Nobody could be asked from here, neither the parent's servers nor the zone's: these are those that the resolver knows. */
  readonly isHearsay: boolean;
}

/** More names than any registry takes: whoever lists more wants us to ask them all. */
const MAX_SERVERS = 32;

/**
 * The union of the NS sets at the zone's apex, as each of its servers has them, and in its parent's delegation: resolvers ask the servers
 * of any.
 * @throws OperatorError as `Resolver.lookup`; `TooManyNameServers`; `DelegationUnknown` when only the parent's servers cannot be asked
 */
export async function nameServers(zone: Name, resolver: Resolver, options: AskOptions = {}): Promise<NameServerSet> {
  const [atApex, delegated] = await Promise.all([
    resolver.lookup(zone, 'NS', options.signal).then(({ records }) => nsSet(records)),
    zone === ROOT ? undefined : delegation(zone, resolver, options),
  ]);
  const told = [atApex, ...(delegated === undefined ? [] : [delegated])];
  const found = await allWithAddresses(zone, namesIn(told), resolver, options);
  // What a resolver keeps counts down; the servers tell the whole TTL. A secondary that lags may have another NS set, too.
  const own = await Promise.all(
    found.flatMap(({ addresses }) => addresses).map((address) => askServer(address, zone, 'NS', options)),
  );
  told.push(
    ...own.flatMap((reply) => (reply.kind === 'Authority' ? nsSet(rrset(reply.message.answers, zone, 'NS')) : [])),
  );
  const isUndelegated = zone !== ROOT && delegated === undefined;
  if (isUndelegated && own.some(({ kind }) => kind === 'Authority')) throw delegationUnknown(zone);
  const names = namesIn(told).filter((name) => found.every((server) => server.name !== name));
  const servers = [...found, ...(await allWithAddresses(zone, names, resolver, options, found.length))];
  return {
    servers: servers.sort((a, b) => (a.name < b.name ? -1 : 1)),
    ttlSeconds: Math.max(...told.map(({ ttlSeconds }) => ttlSeconds)),
    isHearsay: isUndelegated,
  };
}

function namesIn(sets: readonly NsSet[]): Name[] {
  return [...new Set(sets.flatMap(({ names }) => names))];
}

function delegationUnknown(zone: Name): OperatorError {
  return transient(
    'DelegationUnknown',
    `no server of the zone above ${zone} tells which name servers ${zone} is delegated to: is port 53 open from here to the internet?`,
  );
}

async function allWithAddresses(
  zone: Name,
  names: readonly Name[],
  resolver: Resolver,
  options: AskOptions,
  others = 0,
): Promise<NameServer[]> {
  if (names.length + others > MAX_SERVERS) {
    throw stalled('TooManyNameServers', `${zone} has more than ${MAX_SERVERS} name servers: reduce its NS records`);
  }
  return Promise.all(names.map((name) => withAddresses(name, resolver, options)));
}
