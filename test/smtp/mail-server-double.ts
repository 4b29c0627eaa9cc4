/** Doubles of mail servers, for what Postfix and Dovecot cannot be brought to do: each is a few lines in this process. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContextOptions } from 'node:tls';
import type { MailPort } from '../../src/api/mail-server.ts';

export interface Double {
  /** What clients said, line by line: in the clear, and then under TLS. */
  readonly heard: readonly string[];
  /** One for each finished TLS handshake. */
  readonly handshakes: readonly { readonly servername: unknown; readonly resumed: boolean }[];
  readonly close: () => Promise<void>;
}

/** Whatever is left out is what a well-behaved server says. Answers are written as they are, line ends included. */
export interface Behaviour {
  /** The protocol follows it. Default: 25. */
  readonly port?: MailPort;
  readonly greeting?: string;
  /** The answer to EHLO, CAPABILITY or CAPA. */
  readonly capabilities?: string;
  /** The answer to STARTTLS or STLS. */
  readonly startTls?: string;
  /** What is done when the client begins the TLS handshake, instead of TLS. */
  readonly afterStartTls?: (socket: Socket, clientHello: Buffer) => void;
  readonly tls?: SecureContextOptions;
}

interface Words {
  readonly greeting: string;
  readonly capabilities: string;
  readonly startTls: string;
  readonly bye: string;
}

const SMTP: Words = {
  greeting: '220 mx1.example.nl ESMTP\r\n',
  capabilities: '250-mx1.example.nl\r\n250 STARTTLS\r\n',
  startTls: '220 go ahead\r\n',
  bye: '221 bye\r\n',
};
const IMAP: Words = {
  greeting: '* OK IMAP4rev2 server ready\r\n',
  capabilities: '* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n',
  startTls: 'b OK begin now\r\n',
  bye: '* BYE\r\nc OK done\r\n',
};
const POP3: Words = {
  greeting: '+OK POP3 server ready\r\n',
  capabilities: '+OK list follows\r\nTOP\r\nSTLS\r\n.\r\n',
  startTls: '+OK begin now\r\n',
  bye: '+OK bye\r\n',
};
const WORDS: Readonly<Record<MailPort, Words>> = {
  25: SMTP,
  587: SMTP,
  465: SMTP,
  143: IMAP,
  993: IMAP,
  110: POP3,
  995: POP3,
};
const IN_TLS: readonly MailPort[] = [465, 993, 995];

export function startDouble(address: string, behaviour: Behaviour): Promise<Double> {
  const { port = 25, tls, afterStartTls } = behaviour;
  const words = { ...WORDS[port], ...behaviour };
  const answerTo = (line: string): string => {
    if (/^EHLO |^a CAPABILITY$|^CAPA$/.test(line)) return words.capabilities;
    if (isStartTls(line)) return words.startTls;
    return isFarewell(line) ? words.bye : 'what?\r\n';
  };
  return startServer(
    address,
    (socket, heard, handshakes) => {
      const beginTls = (): void => {
        if (afterStartTls !== undefined) {
          socket.once('data', (clientHello: Buffer) => {
            afterStartTls(socket, clientHello);
          });
        } else if (tls !== undefined) {
          secure(socket, tls, IN_TLS.includes(port) ? words.greeting : '', words.bye, heard, handshakes);
        }
      };
      if (IN_TLS.includes(port)) {
        beginTls();
        return;
      }
      socket.write(words.greeting);
      const listen = (text: Buffer): void => {
        for (const line of linesOf(text)) {
          heard.push(line);
          socket.write(answerTo(line));
          if (isFarewell(line)) socket.end();
          if (!isStartTls(line) || (afterStartTls ?? tls) === undefined) continue;
          socket.off('data', listen);
          beginTls();
        }
      };
      socket.on('data', listen);
    },
    port,
  );
}

function isStartTls(line: string): boolean {
  return /^(STARTTLS|b STARTTLS|STLS)$/.test(line);
}

function isFarewell(line: string): boolean {
  return /^(QUIT|c LOGOUT)$/.test(line);
}

type Handshakes = { servername: unknown; resumed: boolean }[];

/** A server that does to each connection whatever `talk` does. */
export async function startServer(
  address: string,
  talk: (socket: Socket, heard: string[], handshakes: Handshakes) => void,
  port: MailPort = 25,
): Promise<Double> {
  const heard: string[] = [];
  const handshakes: Handshakes = [];
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    talk(socket, heard, handshakes);
  });
  server.listen(port, address);
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

function secure(
  socket: Socket,
  options: SecureContextOptions,
  greeting: string,
  bye: string,
  heard: string[],
  handshakes: Handshakes,
): void {
  const secured = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(options) });
  secured
    .on('error', () => undefined)
    .on('secure', () => {
      const { servername } = secured as unknown as { readonly servername: unknown };
      handshakes.push({ servername, resumed: secured.isSessionReused() });
      // A moment later: who does not wait for it is heard before.
      if (greeting !== '') {
        setTimeout(() => {
          heard.push('(greeted)');
          secured.write(greeting);
        }, 50);
      }
    })
    .on('data', (text: Buffer) => {
      heard.push(...linesOf(text));
      secured.end(bye);
    });
}

function linesOf(text: Buffer): string[] {
  return text.toString('latin1').split('\r\n').slice(0, -1);
}
