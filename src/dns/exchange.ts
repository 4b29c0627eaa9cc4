/** One question to one server, and its answer (RFC 1035 §4.2, RFC 7766). */
import { readAnswer, type Answer, type ExchangeOptions, type Request } from './answer.ts';
import { ExchangeError } from './exchange-error.ts';
import { addressesOf, type Server } from './server.ts';
import { sendTcp } from './tcp.ts';
import { sendUdp } from './udp.ts';

/**
 * Over UDP, sent again while no answer comes; over TCP when the answer was cut off (RFC 7766 §5). The server's addresses are tried in
 * turn.
 * @throws ExchangeError
 */
export function exchange(server: Server, request: Request, options: ExchangeOptions): Promise<Answer> {
  return inTurn(server, async (address) => {
    const answer = await sendUdp(address, server.port, request, options);
    return answer.message.flags.has('tc') ? overTcp(address, server.port, request, options) : answer;
  });
}

/**
 * Over TCP, once: what may have been sent is not sent again, not to another address either.
 * @throws ExchangeError
 */
export function exchangeTcp(server: Server, request: Request, options: ExchangeOptions): Promise<Answer> {
  return inTurn(server, (address) => overTcp(address, server.port, request, options), 'UntilSent');
}

async function inTurn(
  server: Server,
  attempt: (address: string) => Promise<Answer>,
  until: 'Answered' | 'UntilSent' = 'Answered',
): Promise<Answer> {
  let last: unknown;
  for (const address of await addressesOf(server)) {
    try {
      return await attempt(address);
    } catch (error) {
      if (!(error instanceof ExchangeError) || error.failure === 'Aborted') throw error;
      if (until === 'UntilSent' && error.sent) throw error;
      last = error;
    }
  }
  throw last;
}

async function overTcp(address: string, port: number, request: Request, options: ExchangeOptions): Promise<Answer> {
  const octets = await sendTcp(address, port, request.octets, options);
  const answer = readAnswer(octets, request);
  if (typeof answer === 'string' || answer.message.flags.has('tc')) throw new ExchangeError('Malformed', true);
  return answer;
}
