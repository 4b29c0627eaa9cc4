/** TCP connections: opened, waited for, and left politely. */
import { connect, type Socket } from 'node:net';
import { ProbeFailure, type ProbeError } from './probe-error.ts';

const CODES: ReadonlyMap<unknown, ProbeError> = new Map<unknown, ProbeError>([
  ['ECONNREFUSED', 'ConnectionRefused'],
  ['ECONNRESET', 'ConnectionClosed'],
  ['ETIMEDOUT', 'ConnectionTimeout'],
  ['ENETUNREACH', 'NetworkUnreachable'],
  ['ENETDOWN', 'NetworkUnreachable'],
  ['EADDRNOTAVAIL', 'NetworkUnreachable'],
  ['EAFNOSUPPORT', 'NetworkUnreachable'],
  ['EINVAL', 'NetworkUnreachable'], // a link-local address without a zone
  ['EHOSTUNREACH', 'HostUnreachable'],
  ['EACCES', 'HostUnreachable'],
  ['EPERM', 'HostUnreachable'],
]);

/**
 * The socket is destroyed when the signal aborts: whatever then waits for it sees it closed.
 * @param address an IP address: no name is looked up
 * @throws ProbeFailure, or what the system says when the reason is our own (no file descriptors left)
 */
export async function openConnection(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host: address, port, signal });
  // An error between two waits is seen by the next one, as a closed socket.
  socket.on('error', () => undefined);
  try {
    await happens(socket, 'connect');
    return socket;
  } catch (error) {
    if (signal.aborted) throw new ProbeFailure('ConnectionTimeout');
    const code = CODES.get((error as NodeJS.ErrnoException).code);
    throw code === undefined ? error : new ProbeFailure(code, { cause: error });
  }
}

/** Resolves at the event; rejects with the error that comes instead, or `ConnectionClosed`. */
export function happens(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket
      .once(event, resolve)
      .once('error', reject)
      .once('close', () => {
        reject(new ProbeFailure('ConnectionClosed'));
      });
  });
}

/** How long a server may take to greet before our farewell, or to answer it. */
const FAREWELL_MS = 2_000;

/**
 * Waits a moment for the server's first words and drops them: who speaks before them is taken for a spammer by some servers
 * (RFC 5321 §4.3.1). Never rejects.
 */
export async function greeted(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => {
    resolve(undefined);
  };
  const timer = setTimeout(stop, FAREWELL_MS);
  socket.once('data', stop).once('close', stop).once('end', stop).resume();
  await promise;
  clearTimeout(timer);
  socket.off('data', stop);
}

/** Says goodbye and waits a moment for the server to close (RFC 5321 §4.1.1.10); what it still says is thrown away. Never rejects. */
export async function leave(socket: Socket, farewell: string): Promise<void> {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
  await new Promise((resolve) => {
    // Not `end`: a server that sees the other side closed already takes the connection for lost.
    socket.once('close', resolve).resume().write(farewell);
  });
  clearTimeout(timer);
}
