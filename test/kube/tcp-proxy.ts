import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** How many connections were opened so far. */
  readonly opened: () => number;
  /** Breaks all connections and refuses new ones until `mend`. */
  readonly cut: () => void;
  readonly mend: () => void;
  /** The connections there are stay open, and nothing passes on them any more, not even their end. New ones are as always. */
  readonly swallow: () => void;
  readonly close: () => Promise<void>;
}

/** Stands between a client and a server on loopback, to take the network away from the client alone. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const swallowed = new WeakSet<Socket>();
  let isCut = false;
  let opened = 0;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    opened += 1;
    const upstream = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        if (!swallowed.has(from)) to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    opened: () => opened,
    cut: () => {
      isCut = true;
      breakAll();
    },
    swallow: () => {
      for (const socket of sockets) {
        swallowed.add(socket);
        socket.unpipe();
        socket.resume();
      }
    },
    mend: () => {
      isCut = false;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      breakAll();
      await closed;
    },
  };
}
