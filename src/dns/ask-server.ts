/** One question to one address of an authoritative server, and what its answer is worth. */
import type { Name } from '../core/name.ts';
import { Rcode } from './constants.ts';
import { EDNS, type Edns } from './edns.ts';
import { ExchangeError } from './exchange-error.ts';
import { exchange } from './exchange.ts';
import { encodeMessage, type Message } from './message.ts';
import { query, type QueryType } from './query.ts';

export interface AskOptions {
  /** For each address, 3 seconds if not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export type ServerReply =
  /** Also that there is no such name or type (RFC 2308 §2). */
  | { readonly kind: 'Authority'; readonly message: Message }
  /** It refuses, refers to others, or tells what others said: it hands nothing out for this zone. */
  | { readonly kind: 'NoAuthority'; readonly message: Message }
  /** Nothing that tells what it hands out to others: time-out, SERVFAIL, what cannot be read, a question that it does not understand. */
  | { readonly kind: 'Silent' }
  /** This machine has no way there; nothing was sent. */
  | { readonly kind: 'NoRoute' };

/** Asks at port 53, without recursion; none on this machine or link: a zone may name any address. Never rejects but by the signal's reason. */
export async function askServer(
  address: string,
  name: Name,
  type: QueryType,
  { timeoutMs = 3000, signal, edns = EDNS }: AskOptions & { readonly edns?: Edns } = {},
): Promise<ServerReply> {
  const message = query(name, type, [], edns);
  const request = { message, octets: encodeMessage(message) };
  try {
    const server = { host: address, port: 53, refuseLocal: true };
    return judged((await exchange(server, request, { timeoutMs, signal })).message);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ExchangeError)) throw error;
    return { kind: isNoRoute(error) ? 'NoRoute' : 'Silent' };
  }
}

function judged(message: Message): ServerReply {
  switch (message.rcode) {
    case Rcode.NoError:
    case Rcode.NXDomain:
      return { kind: message.flags.has('aa') ? 'Authority' : 'NoAuthority', message };
    case Rcode.Refused:
    case Rcode.NotAuth:
      return { kind: 'NoAuthority', message };
    default:
      return { kind: 'Silent' };
  }
}

/** No route, no address to send from, or a family that this machine does not have. */
const NO_ROUTE: ReadonlySet<unknown> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** Said by this machine, before anything was sent. What a router says later is about a server that others may well reach. */
function isNoRoute({ sent, cause }: ExchangeError): boolean {
  return !sent && typeof cause === 'object' && cause !== null && 'code' in cause && NO_ROUTE.has(cause.code);
}
