/** Signed requests to the primary, and what its answers are worth. */
import type { ExchangeOptions } from '../../answer.ts';
import { Rcode } from '../../constants.ts';
import { ExchangeError } from '../../exchange-error.ts';
import { exchange, exchangeTcp } from '../../exchange.ts';
import { encodeMessage, type Message, type ReceivedMessage } from '../../message.ts';
import { formatServer, type Server } from '../../server.ts';
import type { TsigKey } from '../../tsig-key.ts';
import { signRequest, verifyAnswer } from '../../tsig.ts';
import { WireError } from '../../wire-error.ts';
import { failureOf, type Place, type PrimaryFailure } from './errors.ts';

export type Reply =
  | { readonly verified: true; readonly message: ReceivedMessage }
  /** `mayBeDone`: the request may have been carried out all the same. */
  | { readonly verified: false; readonly failure: PrimaryFailure; readonly mayBeDone: boolean };

export interface Client {
  /** A question: UDP, then TCP if the answer is long. */
  readonly ask: (message: Message, signal?: AbortSignal) => Promise<Reply>;
  /** An UPDATE: TCP, and once only. */
  readonly update: (message: Message, signal?: AbortSignal) => Promise<Reply>;
  /** For messages about `name`. */
  readonly place: (name: string) => Place;
}

export interface ClientOptions {
  readonly server: Server;
  readonly key: TsigKey;
  readonly timeoutMs: number;
  /** Of UPDATEs. */
  readonly maySend: (() => boolean) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createClient({ server, key, timeoutMs, maySend, now }: ClientOptions): Client {
  const send = async (
    via: typeof exchange,
    message: Message,
    options: Omit<ExchangeOptions, 'timeoutMs'>,
  ): Promise<Reply> => {
    const { octets, mac } = signRequest(encodeMessage(message), key, now());
    try {
      const answer = await via(server, { message, octets }, { timeoutMs, ...options });
      const verdict = verifyAnswer(answer.octets, answer.message, key, mac, now());
      if (verdict === 'Verified') return { verified: true, message: answer.message };
      if (verdict === 'Unsigned') return unsigned(answer.message);
      return { verified: false, failure: verdict, mayBeDone: verdict === 'Invalid' };
    } catch (error) {
      if (error instanceof ExchangeError) return { verified: false, failure: error.failure, mayBeDone: error.sent };
      if (error instanceof WireError) return { verified: false, failure: 'Malformed', mayBeDone: true };
      throw error;
    }
  };
  return {
    ask: async (message, signal) => {
      const reply = await send(exchange, message, { signal });
      // To a question, NOTAUTH speaks of the key (RFC 8945 §5.2); PowerDNS says no more than that.
      const keyRefused = !reply.verified && reply.failure === 'NotAuth';
      return keyRefused ? { ...reply, failure: 'KeyRefused' } : reply;
    },
    update: (message, signal) => send(exchangeTcp, message, { signal, maySend }),
    place: (name) => ({ server: formatServer(server), name, key: key.name, timeoutMs }),
  };
}

/** Servers that know no TSIG, or not for this request, refuse without a signature: that nothing was done can be believed, no more. */
function unsigned(message: ReceivedMessage): Reply {
  const refusals: readonly number[] = [Rcode.FormErr, Rcode.ServFail, Rcode.NotImp, Rcode.Refused, Rcode.NotAuth];
  return refusals.includes(message.rcode)
    ? { verified: false, failure: failureOf(message.rcode), mayBeDone: false }
    : { verified: false, failure: 'Unsigned', mayBeDone: true };
}
