/** The zone that holds a name, the servers that answer for it, and what each of them answers. */
import { OperatorError, stalled, transient } from '../core/errors.ts';
import { parentOf, ROOT, type Name } from '../core/name.ts';
import { decodeTlsa, sameSet, type TlsaRecord } from '../core/tlsa.ts';
import { Rcode } from './constants.ts';
import { EDNS } from './edns.ts';
import { ExchangeError } from './exchange-error.ts';
import { exchange } from './exchange.ts';
import { encodeMessage } from './message.ts';
import { query, rrset, ttlOfRRset, type QueryType } from './query.ts';
import type { Resolver } from './resolver.ts';
import { addressOf, targetOf, type ResourceRecord } from './resource-record.ts';

export interface NameServer {
  readonly name: Name;
  /** Empty: its name has none, or could not be looked up. */
  readonly addresses: readonly string[];
}

export interface AskOptions {
  /** For each address, 3 seconds if not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export type ServerAnswer =
  | {
      readonly answered: true;
      /** Without it (lame, REFUSED, a referral) a server hands nothing out. */
      readonly authoritative: boolean;
      readonly records: readonly ResourceRecord[];
      /** A referral's or denial's. */
      readonly authorities: readonly ResourceRecord[];
      readonly ttlSeconds: number | undefined;
    }
  | { readonly answered: false; readonly code: 'Timeout' | 'Unreachable' | 'Malformed' | 'ServerFailure' };

export interface Propagation {
  /** `Agrees`: every address that answers does so with these records. */
  readonly servers: readonly { readonly name: Name; readonly state: 'Agrees' | 'Differs' | 'Unreachable' | 'Lame' }[];
}

/** More names than any registry takes: whoever lists more wants us to ask them all. */
const MAX_SERVERS = 32;
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
 * The union of the NS sets at the zone's apex and in its parent's delegation: resolvers ask the servers of either.
 * @throws OperatorError as `Resolver.lookup`; `DelegationUnknown`, `TooManyNameServers`
 */
export async function nameServers(zone: Name, resolver: Resolver, options: AskOptions = {}): Promise<NameServer[]> {
  const [atApex, atParent] = await Promise.all([
    serverNames(zone, resolver, options),
    zone === ROOT ? [] : delegatedTo(zone, resolver, options),
  ]);
  const names = [...new Set([...atApex, ...atParent])].sort();
  if (names.length > MAX_SERVERS) {
    throw stalled('TooManyNameServers', `${zone} has more than ${MAX_SERVERS} name servers: reduce its NS records`);
  }
  return Promise.all(names.map((name) => withAddresses(name, resolver, options)));
}

/** Does every authoritative server answer exactly these TLSA records at `owner`? */
export async function propagation(
  servers: readonly NameServer[],
  owner: Name,
  expected: readonly TlsaRecord[],
  options: AskOptions = {},
): Promise<Propagation> {
  const stateOf = async ({ addresses }: NameServer): Promise<Propagation['servers'][number]['state']> => {
    const answers = await Promise.all(addresses.map((address) => askServer(address, owner, 'TLSA', options)));
    const answered = answers.filter((answer) => answer.answered);
    const authoritative = answered.filter((answer) => answer.authoritative);
    if (authoritative.length === 0) return answered.length > 0 ? 'Lame' : 'Unreachable';
    const agrees = authoritative.every(({ records }) =>
      sameSet(
        records.map(({ rdata }) => decodeTlsa(rdata)),
        expected,
      ),
    );
    return agrees ? 'Agrees' : 'Differs';
  };
  return {
    servers: await Promise.all(servers.map(async (server) => ({ name: server.name, state: await stateOf(server) }))),
  };
}

/** Asks one server, not a resolver (RD=0), at port 53; none on this machine or link: a zone may name any address. Never rejects but by the signal's reason. */
export async function askServer(
  address: string,
  owner: Name,
  type: QueryType,
  { timeoutMs = 3000, signal }: AskOptions = {},
): Promise<ServerAnswer> {
  const message = query(owner, type, [], EDNS);
  try {
    const request = { message, octets: encodeMessage(message) };
    const { message: answer } = await exchange({ host: address, port: 53, refuseLocal: true }, request, {
      timeoutMs,
      signal,
    });
    if (answer.rcode === Rcode.ServFail) return { answered: false, code: 'ServerFailure' };
    const records = rrset(answer.answers, owner, type);
    return {
      answered: true,
      authoritative: answer.flags.has('aa') && (answer.rcode === Rcode.NoError || answer.rcode === Rcode.NXDomain),
      records,
      authorities: answer.authorities,
      ttlSeconds: ttlOfRRset(records),
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ExchangeError)) throw error;
    const { failure } = error;
    return { answered: false, code: failure === 'Timeout' || failure === 'Malformed' ? failure : 'Unreachable' };
  }
}

async function serverNames(zone: Name, resolver: Resolver, { signal }: AskOptions): Promise<Name[]> {
  return (await resolver.lookup(zone, 'NS', signal)).records.map(targetOf);
}

/** The NS set of the delegation, from the first of the parent's servers that tells it. */
async function delegatedTo(zone: Name, resolver: Resolver, options: AskOptions): Promise<Name[]> {
  const parent = await findZoneCut(parentOf(zone) ?? ROOT, resolver, options.signal);
  for (const name of (await serverNames(parent, resolver, options)).slice(0, MAX_PARENT_SERVERS)) {
    const { addresses } = await withAddresses(name, resolver, options);
    const answers = await Promise.all(addresses.map((address) => askServer(address, zone, 'NS', options)));
    for (const answer of answers) {
      if (!answer.answered) continue;
      // A server of both zones answers for the child; every other refers to it.
      const records = answer.authoritative ? answer.records : rrset(answer.authorities, zone, 'NS');
      if (records.length > 0) return records.map(targetOf);
    }
  }
  throw transient(
    'DelegationUnknown',
    `no server of ${parent} tells which name servers ${zone} is delegated to: is port 53 open from here to the internet?`,
  );
}

async function withAddresses(name: Name, resolver: Resolver, { signal }: AskOptions): Promise<NameServer> {
  try {
    const lookups = await Promise.all([resolver.lookup(name, 'A', signal), resolver.lookup(name, 'AAAA', signal)]);
    return { name, addresses: lookups.flatMap(({ records }) => records.map(addressOf)) };
  } catch (error) {
    // One server's name that does not resolve says nothing about the others; it counts as one that cannot be reached.
    if (error instanceof OperatorError) return { name, addresses: [] };
    throw error;
  }
}
