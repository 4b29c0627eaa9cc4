import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { readAnswer, type Answer, type ExchangeOptions, type Request } from './answer.ts';
import { ExchangeError, type ExchangeFailure } from './exchange-error.ts';

const FIRST_RETRY_MS = 1000;

/**
 * Sends after 0, 1, 3, 7 ... seconds from one random port, until the answer is there. The socket is connected, so that the kernel
 * drops what other addresses send; what answers another question is ignored here.
 * @throws ExchangeError
 */
export function sendUdp(address: string, port: number, request: Request, options: ExchangeOptions): Promise<Answer> {
  const { timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let sent = false;
    let retry: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(retry);
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
      socket
        .removeAllListeners()
        .on('error', () => undefined)
        .close();
    };
    const fail = (failure: ExchangeFailure, cause?: unknown): void => {
      end();
      reject(new ExchangeError(failure, sent, { cause }));
    };
    const abort = (): void => {
      fail('Aborted');
    };
    const deadline = setTimeout(() => {
      fail('Timeout');
    }, timeoutMs);
    const send = (delayMs: number): void => {
      sent = true;
      socket.send(request.octets);
      retry = setTimeout(() => {
        send(delayMs * 2);
      }, delayMs);
    };
    socket.on('error', (error) => {
      fail('Unreachable', error);
    });
    socket.on('connect', () => {
      send(FIRST_RETRY_MS);
    });
    socket.on('message', (octets) => {
      const answer = readAnswer(octets, request);
      if (answer === 'Malformed') fail('Malformed');
      if (typeof answer === 'string') return;
      end();
      resolve(answer);
    });
    if (signal?.aborted) {
      abort();
      return;
    }
    signal?.addEventListener('abort', abort);
    socket.connect(port, address);
  });
}
