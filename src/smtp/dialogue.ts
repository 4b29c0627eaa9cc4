/** Lines to and from a server that may be hostile: bounded in memory, in lock-step. */
import type { Socket } from 'node:net';
import { ProbeFailure } from './probe-error.ts';

/** RFC 5321 §4.5.3.1.5 allows 512 octets; real servers exceed that in their EHLO answers. */
const MAX_LINE_OCTETS = 2_048;
const LINE_FEED = 0x0a;

export class Dialogue {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);

  /** The socket stays paused but while a line is waited for. */
  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * The next line, without its end (CR LF, or LF alone).
   * @throws ProbeFailure `ProtocolError` when it is too long, `ConnectionClosed`
   */
  async readLine(): Promise<string> {
    for (;;) {
      const end = this.#unread.indexOf(LINE_FEED);
      if ((end === -1 ? this.#unread.length : end) > MAX_LINE_OCTETS) throw new ProbeFailure('ProtocolError');
      if (end !== -1) {
        const line = this.#unread.toString('latin1', 0, end).replace(/\r$/, '');
        this.#unread = this.#unread.subarray(end + 1);
        return line;
      }
      this.#unread = Buffer.concat([this.#unread, await nextChunk(this.#socket)]);
    }
  }

  /** @throws ProbeFailure `ProtocolError` when the server has not waited for us */
  writeLine(line: string): void {
    this.expectSilence();
    this.#socket.write(`${line}\r\n`);
  }

  /**
   * The server must have said nothing that was not asked for. Before TLS this is what defeats text smuggled in behind the answer to
   * STARTTLS, which would otherwise pass for something said under TLS (RFC 3207 §6, CVE-2011-0411).
   * @throws ProbeFailure `ProtocolError`
   */
  expectSilence(): void {
    if (this.#unread.length > 0 || this.#socket.readableLength > 0) throw new ProbeFailure('ProtocolError');
  }
}

/** One chunk, at most what the system hands over at once (64 KiB); no more is read until the next call. */
function nextChunk(socket: Socket): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const stop = (): void => {
    socket.pause().off('data', onData).off('end', onEnd).off('close', onEnd);
  };
  const onData = (chunk: Buffer): void => {
    stop();
    resolve(chunk);
  };
  const onEnd = (): void => {
    stop();
    reject(new ProbeFailure('ConnectionClosed'));
  };
  if (socket.destroyed || socket.readableEnded) onEnd();
  else socket.on('data', onData).on('end', onEnd).on('close', onEnd).resume();
  return promise;
}
