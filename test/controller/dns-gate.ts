/** A way to the primary that tests look into and close: what the operator sends to its provider, it sends through here. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface DnsGate {
  /** `address:port`, for a provider's `server`. */
  readonly server: string;
  /** Whether anything came that holds these characters, e.g. a label of a name. */
  readonly saw: (text: string) => boolean;
  /** How many requests came over TCP: UPDATEs. */
  readonly updates: () => number;
  /**
   * What becomes of UPDATEs. `Stop`: they do not reach the primary. `LoseAnswers`: the primary carries them out, and its answer is kept
   * back. Either way the operator waits. Reads pass.
   */
  readonly letUpdates: (what: 'Pass' | 'Stop' | 'LoseAnswers') => void;
  /** How many answers were kept back so far. */
  readonly lost: () => number;
  readonly stop: () => Promise<void>;
}

/** Listens on port 53 of `address`. */
export async function startDnsGate(address: string, primary: string): Promise<DnsGate> {
  const seen: Buffer[] = [];
  const sockets = new Set<Socket | UdpSocket>();
  let mode: Parameters<DnsGate['letUpdates']>[0] = 'Pass';
  let updates = 0;
  let lost = 0;

  const udp = createSocket('udp4', (message, client) => {
    seen.push(message);
    const upstream = createSocket('udp4', (answer) => {
      udp.send(answer, client.port, client.address);
      upstream.close();
    });
    upstream.unref();
    upstream.send(message, 53, primary);
  });
  const tcp = createServer((client) => {
    const upstream = connect(53, primary);
    for (const [one, other] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (octets: Buffer) => {
      seen.push(octets);
      updates += 1;
      if (mode !== 'Stop') upstream.write(octets);
    });
    upstream.on('data', (octets: Buffer) => {
      if (mode === 'LoseAnswers') lost += 1;
      else client.write(octets);
    });
  });
  udp.bind(53, address);
  tcp.listen(53, address);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  return {
    server: `${address}:53`,
    saw: (text) => seen.some((octets) => octets.toString('latin1').includes(text)),
    updates: () => updates,
    lost: () => lost,
    letUpdates: (what) => {
      mode = what;
    },
    stop: async () => {
      for (const socket of sockets) if ('destroy' in socket) socket.destroy();
      const closed = once(tcp, 'close');
      tcp.close();
      udp.close();
      await closed;
    },
  };
}
