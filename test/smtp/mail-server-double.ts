/** Doubles of mail servers on port 25, for what Postfix cannot be brought to do: each is a few lines in this process. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContextOptions } from 'node:tls';

export interface Double {
  /** What clients said, line by line: in the clear, and then under TLS. */
  readonly heard: readonly string[];
  /** One for each finished TLS handshake. */
  readonly handshakes: readonly { readonly servername: unknown; readonly resumed: boolean }[];
  readonly close: () => Promise<void>;
}

/** Whatever is left out is what a well-behaved server says. Answers are written as they are, line ends included. */
export interface Behaviour {
  readonly greeting?: string;
  readonly ehlo?: string;
  readonly startTls?: string;
  /** What is done when the client begins the TLS handshake, instead of TLS. */
  readonly afterStartTls?: (socket: Socket, clientHello: Buffer) => void;
  readonly tls?: SecureContextOptions;
}

export function startDouble(address: string, behaviour: Behaviour): Promise<Double> {
  const { greeting = '220 mx1.example.nl ESMTP\r\n', ehlo = '250-mx1.example.nl\r\n250 STARTTLS\r\n' } = behaviour;
  const answers: Record<string, string> = {
    EHLO: ehlo,
    STARTTLS: behaviour.startTls ?? '220 go ahead\r\n',
    QUIT: '221 bye\r\n',
  };
  return startServer(address, (socket, heard, handshakes) => {
    socket.write(greeting);
    const listen = (text: Buffer): void => {
      for (const line of linesOf(text)) {
        heard.push(line);
        const [verb = ''] = line.split(' ');
        socket.write(answers[verb] ?? '500 what?\r\n');
        if (verb === 'QUIT') socket.end();
        if (verb !== 'STARTTLS') continue;
        const { afterStartTls, tls } = behaviour;
        if (afterStartTls !== undefined) {
          socket.off('data', listen).once('data', (clientHello: Buffer) => {
            afterStartTls(socket, clientHello);
          });
        } else if (tls !== undefined) {
          secure(socket.off('data', listen), tls, heard, handshakes);
        }
      }
    };
    socket.on('data', listen);
  });
}

type Handshakes = { servername: unknown; resumed: boolean }[];

/** A server that does to each connection whatever `talk` does. */
export async function startServer(
  address: string,
  talk: (socket: Socket, heard: string[], handshakes: Handshakes) => void,
): Promise<Double> {
  const heard: string[] = [];
  const handshakes: Handshakes = [];
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    talk(socket, heard, handshakes);
  });
  server.listen(25, address);
  await once(server, 'listening');
  return {
    heard,
    handshakes,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function secure(socket: Socket, options: SecureContextOptions, heard: string[], handshakes: Handshakes): void {
  const secured = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(options) });
  secured
    .on('error', () => undefined)
    .on('secure', () => {
      const { servername } = secured as unknown as { readonly servername: unknown };
      handshakes.push({ servername, resumed: secured.isSessionReused() });
    })
    .on('data', (text: Buffer) => {
      heard.push(...linesOf(text));
      secured.end('221 bye\r\n');
    });
}

function linesOf(text: Buffer): string[] {
  return text.toString('latin1').split('\r\n').slice(0, -1);
}
