import { connect } from 'node:net';
import type { ExchangeOptions } from './answer.ts';
import { ExchangeError, type ExchangeFailure } from './exchange-error.ts';

/**
 * One message each way over a connection of its own, each behind its length (RFC 1035 §4.2.2).
 * @throws ExchangeError
 */
export function sendTcp(address: string, port: number, octets: Buffer, options: ExchangeOptions): Promise<Buffer> {
  const { timeoutMs, signal, maySend } = options;
  return new Promise((resolve, reject) => {
    let sent = false;
    let received = Buffer.alloc(0);
    const socket = connect({ host: address, port });
    const end = (): void => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
      socket
        .removeAllListeners()
        .on('error', () => undefined)
        .destroy();
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
    socket.on('connect', () => {
      if (maySend?.() === false) {
        abort();
        return;
      }
      const length = Buffer.alloc(2);
      length.writeUInt16BE(octets.length);
      sent = true;
      socket.write(Buffer.concat([length, octets])); // in one segment: RFC 7766 §8
    });
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      end();
      resolve(received.subarray(2, 2 + received.readUInt16BE(0)));
    });
    socket.on('error', (error) => {
      fail('Unreachable', error);
    });
    socket.on('close', () => {
      fail('Unreachable');
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
  });
}
