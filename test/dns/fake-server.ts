/** A DNS server that answers what a test wants, over UDP and TCP on one port. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { decodeMessage, encodeMessage, type Message } from '../../src/dns/message.ts';
import type { Server } from '../../src/dns/server.ts';

export type Transport = 'UDP' | 'TCP';

/** What to send back: several datagrams one after the other, nothing, or (TCP) the end of the connection. */
export type Handler = (request: Message, transport: Transport, octets: Buffer) => readonly Buffer[] | 'Hang' | 'Close';

export interface FakeServer extends Server {
  readonly received: readonly { readonly transport: Transport; readonly message: Message }[];
  readonly stop: () => Promise<void>;
}

export async function startFakeServer(handler: Handler, host = '127.0.0.1', listenPort = 0): Promise<FakeServer> {
  const received: { transport: Transport; message: Message }[] = [];
  const react = (octets: Buffer, transport: Transport): ReturnType<Handler> => {
    const message = decodeMessage(octets);
    received.push({ transport, message });
    return handler(message, transport, octets);
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      const reaction = react(data.subarray(2), 'TCP');
      if (reaction === 'Close') socket.destroy();
      if (typeof reaction === 'string') return;
      for (const answer of reaction) {
        // In two pieces, as a network may deliver them.
        socket.write(Buffer.from([answer.length >>> 8]));
        socket.write(Buffer.concat([Buffer.from([answer.length & 0xff]), answer]));
      }
    });
  });
  tcp.listen(listenPort, host);
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.on('message', (data, peer) => {
    const reaction = react(data, 'UDP');
    if (typeof reaction === 'string') return;
    for (const answer of reaction) udp.send(answer, peer.port, peer.address);
  });
  udp.bind(port, host);
  await once(udp, 'listening');
  return {
    host,
    port,
    received,
    stop: async () => {
      udp.close();
      tcp.close();
      await Promise.resolve();
    },
  };
}

/** The answer to `request`, with these parts of its own. */
export function answerTo(request: Message, parts: Partial<Message> = {}): Buffer {
  const { id, opcode, questions } = request;
  const bare = { id, opcode, questions, rcode: 0, answers: [], authorities: [], additionals: [] };
  return encodeMessage({ ...bare, flags: new Set(['qr']), ...parts });
}
