/** The zone that holds a name, and the servers that answer for it. */
import { OperatorError, stalled, transient } from '../core/errors.ts';
import { parentOf, ROOT, type Name } from '../core/name.ts';
import { askServer, type AskOptions } from './ask-server.ts';
import { rrset, ttlOfRRset } from './query.ts';
import type { Resolver } from './resolver.ts';
import { addressOf, targetOf, type ResourceRecord } from './resource-record.ts';

export interface NameServer {
  readonly name: Name;
  /** Empty: its name has none, or could not be looked up. */
  readonly addresses: readonly string[];
}

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
/** Of each family. A server has answered when one of its addresses has. */
const MAX_ADDRESSES = 8;
/** They all say the same; where the first few do not answer from here, none will. */
const MAX_PARENT_SERVERS = 4;

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

interface NsSet {
  readonly names: readonly Name[];
  readonly ttlSeconds: number;
}

function nsSet(records: readonly ResourceRecord[]): NsSet {
  return { names: records.map(targetOf), ttlSeconds: ttlOfRRset(records) ?? 0 };
}

function namesIn(sets: readonly NsSet[]): Name[] {
  return [...new Set(sets.flatMap(({ names }) => names))];
}

/** As the first of the parent's servers that tells it; undefined when none does. */
async function delegation(zone: Name, resolver: Resolver, options: AskOptions): Promise<NsSet | undefined> {
  const parent = await findZoneCut(parentOf(zone) ?? ROOT, resolver, options.signal);
  const { names } = nsSet((await resolver.lookup(parent, 'NS', options.signal)).records);
  for (const name of names.slice(0, MAX_PARENT_SERVERS)) {
    const { addresses } = await withAddresses(name, resolver, options);
    const replies = await Promise.all(addresses.map((address) => askServer(address, zone, 'NS', options)));
    for (const reply of replies) {
      if (reply.kind !== 'Authority' && reply.kind !== 'NoAuthority') continue;
      // A server of both zones answers for the child; every other refers to it.
      const { answers, authorities } = reply.message;
      const records = rrset(reply.kind === 'Authority' ? answers : authorities, zone, 'NS');
      if (records.length > 0) return nsSet(records);
    }
  }
  return undefined;
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
