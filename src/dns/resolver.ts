/**
 * Validated look-ups through trusted resolvers: the AD bit is their word that the answer is secure (RFC 4035 §3.2.3, RFC 6840 §5.8). The
 * way to them must be trusted too: a sidecar, or the node.
 */
import type { OperatorError } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import type { Answer } from './answer.ts';
import { Rcode, RRClass, RRType } from './constants.ts';
import { EDNS_DO } from './edns.ts';
import { ExchangeError } from './exchange-error.ts';
import { exchange } from './exchange.ts';
import { encodeMessage, type Flag, type Message } from './message.ts';
import { isWildcardMade, query, rrset, ttlOfRRset, type QueryType } from './query.ts';
import { bogus, resolverError, type ResolverFailure } from './resolver-errors.ts';
import { negativeTtl, targetOf, type ResourceRecord } from './resource-record.ts';
import { formatServer, type Server } from './server.ts';
import { validationMemory } from './validation-memory.ts';
import type { Validation } from './validation.ts';

export interface Lookup {
  /** `NoData`: the name exists, this type does not. `NoName`: neither (RFC 2308 §2). */
  readonly status: 'Found' | 'NoData' | 'NoName';
  /** The resolver has validated it all: the records, or that there are none, and every alias on the way. */
  readonly secure: boolean;
  /** Why the resolver's word means nothing (`secure` is false then): it does not validate, or whether it does cannot be found out now. */
  readonly notValidated: OperatorError | undefined;
  readonly records: readonly ResourceRecord[];
  /** Of the records; of the denial where there are none and the resolver says so. */
  readonly ttlSeconds: number | undefined;
  /** Where the CNAMEs lead; the name that was asked for where there are none. */
  readonly canonicalName: Name;
  readonly aliased: boolean;
  /** A wildcard made the records or an alias on the way (RFC 4034 §3.1.3); never true in an unsigned zone, where it cannot be seen. */
  readonly wildcard: boolean;
}

export interface Resolver {
  /**
   * A failure is never an answer: whatever is not certain is thrown.
   * @throws OperatorError `Bogus` (the name exists, but does not validate), or one of resolver-errors.ts
   */
  lookup(name: Name, type: QueryType, signal?: AbortSignal): Promise<Lookup>;
}

export interface ResolverOptions {
  readonly servers: readonly Server[];
  /** For each address, 5 seconds if not given. */
  readonly timeoutMs?: number;
  /** Milliseconds since some moment; never set. */
  readonly monotonic: () => number;
  /** Told of each server, when that changes, whether it validates. */
  readonly onValidation?: (server: string, validation: Validation) => void;
}

/** The servers are tried in turn, those that do not validate last; a bogus answer is an answer. */
export function createResolver(options: ResolverOptions): Resolver {
  const { servers, timeoutMs = 5000, monotonic, onValidation } = options;
  const resolvers = servers.map((server) => ({
    server,
    validation: validationMemory({
      ask: (name, type) => sendQuery(server, name, type, ['rd', 'ad'], { timeoutMs, signal: undefined }),
      monotonic,
      onChange: (validation) => onValidation?.(formatServer(server), validation),
    }),
  }));

  const lookup = async (name: Name, type: QueryType, signal?: AbortSignal): Promise<Lookup> => {
    let last: OperatorError | undefined;
    let unvalidated: Lookup | undefined;
    for (const { server, validation } of resolvers) {
      const result = await ask(server, name, type, { timeoutMs, signal });
      if (typeof result !== 'string') {
        const found = await validation();
        if (found === 'Proven' || found === 'NotProven') return result;
        const why = found === 'No' ? 'DoesNotValidate' : found;
        const notValidated = resolverError(why, formatServer(server), timeoutMs);
        unvalidated ??= { ...result, secure: false, notValidated };
        continue;
      }
      if (result === 'Bogus') throw bogus(name, type);
      last = resolverError(result, formatServer(server), timeoutMs);
      if (result === 'Aborted') break;
    }
    if (unvalidated !== undefined) return unvalidated;
    throw last ?? resolverError('NotConfigured', '', timeoutMs);
  };
  return { lookup };
}

interface AskOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

async function ask(
  server: Server,
  name: Name,
  type: QueryType,
  options: AskOptions,
): Promise<Lookup | 'Bogus' | ResolverFailure> {
  const send = (flags: readonly Flag[]): Promise<Message> => sendQuery(server, name, type, flags, options);
  try {
    const answer = await send(['rd', 'ad']);
    if (answer.rcode === Rcode.ServFail) {
      // Checking disabled (RFC 4035 §3.2.2): when the servers do answer, it is the validation that failed.
      const unchecked = await send(['rd', 'cd']);
      return unchecked.rcode === Rcode.NoError || unchecked.rcode === Rcode.NXDomain ? 'Bogus' : 'ServerFailure';
    }
    if (answer.rcode !== Rcode.NoError && answer.rcode !== Rcode.NXDomain) return 'Refused';
    // A server that does not recurse answers with a referral, which looks like "no such record".
    if (!answer.flags.has('ra')) return 'NotRecursive';
    return readLookup(answer, name, type);
  } catch (error) {
    if (error instanceof ExchangeError) return error.failure;
    throw error;
  }
}

async function sendQuery(
  server: Server,
  name: Name,
  type: QueryType,
  flags: readonly Flag[],
  options: AskOptions,
): Promise<Message> {
  const message = query(name, type, flags, EDNS_DO);
  const answer: Answer = await exchange(server, { message, octets: encodeMessage(message) }, options);
  return answer.message;
}

/** What an answer says of a name. `Malformed`: what no resolver answers. */
export function readLookup(answer: Message, name: Name, type: QueryType): Lookup | 'Malformed' {
  const chain = [name];
  for (let owner = name; type !== 'CNAME';) {
    const [cname, another] = rrset(answer.answers, owner, 'CNAME');
    if (cname === undefined) break;
    owner = targetOf(cname);
    if (another !== undefined || chain.includes(owner)) return 'Malformed'; // RFC 2181 §10.1
    chain.push(owner);
  }
  const canonicalName = chain.at(-1) ?? name;
  const records = rrset(answer.answers, canonicalName, type);
  if (records.length > 0 && answer.rcode !== Rcode.NoError) return 'Malformed';
  // In other classes, those of UPDATE, it need not have data.
  const soa = answer.authorities.find((record) => record.type === RRType.SOA && record.class === RRClass.IN);
  const absent = answer.rcode === Rcode.NXDomain ? 'NoName' : 'NoData';
  return {
    status: records.length > 0 ? 'Found' : absent,
    secure: answer.flags.has('ad'),
    notValidated: undefined,
    records,
    ttlSeconds: records.length > 0 ? ttlOfRRset(records) : soa && negativeTtl(soa),
    canonicalName,
    aliased: chain.length > 1,
    wildcard: chain.some((owner) => isWildcardMade(answer.answers, owner)),
  };
}
