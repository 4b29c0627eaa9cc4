/** Servers that are broken, hostile or not there: an enumerated code, soon, whatever they say. The servers are doubles. */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { MailPort } from '../../src/api/mail-server.ts';
import type { ProbeError } from '../../src/smtp/probe-error.ts';
import { probe, type ProbeOptions, type ProbeResult } from '../../src/smtp/probe.ts';
import { makeLeaf } from '../support/pki.ts';
import { mustRun } from '../support/process.ts';
import { startDouble, startServer, type Behaviour, type Double } from './mail-server-double.ts';

const address = '10.53.2.10';
const look = (options: Partial<ProbeOptions> = {}, at = address, port: MailPort = 25): Promise<ProbeResult> =>
  probe({ hostname: 'mx1.example.nl', address: at, port, keyAlgorithm: 'RSA' }, { timeoutMs: 20_000, ...options });
const failed = (error: ProbeError): ProbeResult => ({ kind: 'Failed', error });

let double: Double | undefined;
afterEach(async () => {
  await double?.close();
  double = undefined;
});

/** Writes as fast as the client reads, until it has gone. */
function pour(text: string): (socket: Socket) => void {
  return (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(text));
    };
    socket.on('drain', more);
    more();
  };
}

describe('what SMTP servers say', () => {
  test.each<[string, Behaviour, ProbeError]>([
    ['no service (554)', { greeting: '554 no mail here\r\n' }, 'GreetingRejected'],
    ['not now (421)', { greeting: '421-busy\r\n421 try later\r\n' }, 'GreetingRejected'],
    ['EHLO refused for what we call ourselves', { capabilities: '550 who are you?\r\n' }, 'GreetingRejected'],
    ['EHLO not known', { capabilities: '502 what?\r\n' }, 'STARTTLSNotOffered'],
    ['no STARTTLS', { capabilities: '250-mx1.example.nl\r\n250 SIZE 1000\r\n' }, 'STARTTLSNotOffered'],
    ['a host called STARTTLS', { capabilities: '250 STARTTLS\r\n' }, 'STARTTLSNotOffered'],
    ['STARTTLS refused', { startTls: '454 TLS not available\r\n' }, 'STARTTLSRefused'],
    ['text smuggled in behind the answer to STARTTLS', { startTls: '220 go\r\n250 done\r\n' }, 'ProtocolError'],
    ['half a line behind the answer to STARTTLS', { startTls: '220 go\r\n25' }, 'ProtocolError'],
    ['an answer before the question', { greeting: '220 hi\r\n250-hi\r\n250 STARTTLS\r\n' }, 'ProtocolError'],
    ['another protocol', { greeting: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'ProtocolError'],
    ['a code out of range', { greeting: '999 hi\r\n' }, 'ProtocolError'],
    ['a line too long', { greeting: `220 ${'x'.repeat(3_000)}\r\n` }, 'ProtocolError'],
    ['too many lines', { capabilities: `${'250-x\r\n'.repeat(200)}250 STARTTLS\r\n` }, 'ProtocolError'],
    [
      'rubbish where TLS should begin',
      { afterStartTls: (socket) => socket.write('no, sorry\r\n') },
      'TLSHandshakeFailed',
    ],
    ['a closed connection where TLS should begin', { afterStartTls: (socket) => socket.end() }, 'TLSHandshakeFailed'],
  ])('%s', async (_, behaviour, error) => {
    double = await startDouble(address, behaviour);
    expect(await look()).toEqual(failed(error));
  });

  test('an alert that may mean "no such certificate" is believed only of a server that has another one', async () => {
    const handshakeFailure = Buffer.from([21, 3, 3, 0, 2, 2, 40]);
    double = await startDouble(address, { afterStartTls: (socket) => socket.end(handshakeFailure) });
    expect(await look()).toEqual(failed('TLSHandshakeFailed'));
    expect(double.heard.filter((line) => line === 'STARTTLS')).toHaveLength(2);
  });

  test('a handshake that ends without a word may have been an accident: it is tried again', async () => {
    const [rsa, ecdsa] = [await makeLeaf({ names: ['a'], algorithm: 'RSA' }), await makeLeaf({ names: ['a'] })];
    const secureContext = createSecureContext({ cert: [rsa.pem, ecdsa.pem], key: [rsa.keyPem, ecdsa.keyPem] });
    let connections = 0;
    double = await startServer(
      address,
      (socket) => {
        connections += 1;
        if (connections === 1) socket.once('data', () => socket.end());
        else new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => undefined).end('220 hi\r\n');
      },
      465,
    );
    const chain = [Buffer.from(rsa.certificate.der)];
    expect(await look({}, address, 465)).toEqual({ kind: 'Presented', chain });
  });

  test('after a refusal the server is told QUIT', async () => {
    double = await startDouble(address, { startTls: '454 TLS not available\r\n' });
    await look();
    expect(double.heard).toEqual(['EHLO [10.53.2.10]', 'STARTTLS', 'QUIT']);
  });

  test('lines are the same however they are cut into segments', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1 }), async (sizes) => {
        double = await startServer(address, (socket, heard) => {
          cut(socket, '220-mx1\r\n220 mx1 ESMTP\r\n', sizes);
          socket.on('data', (line: Buffer) => {
            heard.push(line.toString());
            if (heard.length > 2) socket.end();
            else cut(socket, heard.length === 1 ? '250-mx1\r\n250-starttls \r\n250 HELP\r\n' : '454 no\r\n', sizes);
          });
        });
        expect(await look({ clientName: 'probe.example' })).toEqual(failed('STARTTLSRefused'));
        expect(double.heard.slice(0, 2)).toEqual(['EHLO probe.example\r\n', 'STARTTLS\r\n']);
        await double.close();
      }),
      { numRuns: 20 },
    );
  });
});

/** Sends text in pieces of these sizes, the last of them again and again, each a turn of the event loop after the other. */
function cut(socket: Socket, text: string, [size = 1, ...sizes]: readonly number[]): void {
  socket.write(text.slice(0, size));
  const rest = text.slice(size);
  if (rest !== '') setImmediate(cut, socket, rest, sizes.length > 0 ? sizes : [size]);
}

describe('what IMAP servers say', () => {
  test.each<[string, Behaviour, ProbeError]>([
    ['no service (BYE)', { greeting: '* BYE too busy\r\n' }, 'GreetingRejected'],
    ['logged in already (PREAUTH)', { greeting: '* PREAUTH welcome\r\n' }, 'STARTTLSNotOffered'],
    ['another protocol', { greeting: '220 mx1.example.nl ESMTP\r\n' }, 'ProtocolError'],
    ['an answer before the question', { greeting: '* OK hi\r\na OK done\r\n' }, 'ProtocolError'],
    ['CAPABILITY refused', { capabilities: 'a NO not for you\r\n' }, 'GreetingRejected'],
    ['an answer to something else', { capabilities: 'x OK done\r\n' }, 'ProtocolError'],
    ['a status that there is not', { capabilities: 'a FINE done\r\n' }, 'ProtocolError'],
    ['a request to go on', { capabilities: '+ go on\r\na OK done\r\n' }, 'ProtocolError'],
    ['no STARTTLS', { capabilities: '* CAPABILITY IMAP4rev1\r\na OK done\r\n' }, 'STARTTLSNotOffered'],
    ['STARTTLS somewhere else', { capabilities: '* OK STARTTLS\r\na OK STARTTLS\r\n' }, 'STARTTLSNotOffered'],
    ['too many lines', { capabilities: `${'* OK x\r\n'.repeat(200)}a OK done\r\n` }, 'ProtocolError'],
    ['STARTTLS refused', { startTls: 'b NO not now\r\n' }, 'STARTTLSRefused'],
    ['STARTTLS not known', { startTls: 'b BAD what?\r\n' }, 'STARTTLSRefused'],
    ['text smuggled in behind the answer to STARTTLS', { startTls: 'b OK go\r\n* OK done\r\n' }, 'ProtocolError'],
    ['half a line behind the answer to STARTTLS', { startTls: 'b OK go\r\n*' }, 'ProtocolError'],
  ])('%s', async (_, behaviour, error) => {
    double = await startDouble(address, { port: 143, ...behaviour });
    expect(await look({}, address, 143)).toEqual(failed(error));
  });

  test('capabilities in any case, among lines that were not asked for; LOGOUT after a refusal', async () => {
    const capabilities = '* ok news\r\n* capability imap4rev1 StartTLS\r\n* 3 EXISTS\r\na ok\r\n';
    double = await startDouble(address, { port: 143, capabilities, startTls: 'b no\r\n' });
    expect(await look({}, address, 143)).toEqual(failed('STARTTLSRefused'));
    expect(double.heard).toEqual(['a CAPABILITY', 'b STARTTLS', 'c LOGOUT']);
  });
});

describe('what POP3 servers say', () => {
  test.each<[string, Behaviour, ProbeError]>([
    ['no service', { greeting: '-ERR too busy\r\n' }, 'GreetingRejected'],
    ['another protocol', { greeting: '* OK IMAP4rev1\r\n' }, 'ProtocolError'],
    ['an answer before the question', { greeting: '+OK hi\r\n+OK\r\nSTLS\r\n.\r\n' }, 'ProtocolError'],
    ['CAPA not known', { capabilities: '-ERR what?\r\n' }, 'STARTTLSNotOffered'],
    ['no STLS', { capabilities: '+OK\r\nTOP\r\nXSTLS\r\n.\r\n' }, 'STARTTLSNotOffered'],
    ['a server called STLS', { capabilities: '+OK STLS\r\nTOP\r\n.\r\n' }, 'STARTTLSNotOffered'],
    ['too many lines', { capabilities: `+OK\r\n${'TOP\r\n'.repeat(200)}STLS\r\n.\r\n` }, 'ProtocolError'],
    ['STLS refused', { startTls: '-ERR not now\r\n' }, 'STARTTLSRefused'],
    ['text smuggled in behind the answer to STLS', { startTls: '+OK go\r\n+OK done\r\n' }, 'ProtocolError'],
    ['half a line behind the answer to STLS', { startTls: '+OK go\r\n+' }, 'ProtocolError'],
  ])('%s', async (_, behaviour, error) => {
    double = await startDouble(address, { port: 110, ...behaviour });
    expect(await look({}, address, 110)).toEqual(failed(error));
  });

  test('capabilities in any case; QUIT after a refusal', async () => {
    double = await startDouble(address, {
      port: 110,
      capabilities: '+ok\r\nuidl\r\nstls\r\n.\r\n',
      startTls: '-err\r\n',
    });
    expect(await look({}, address, 110)).toEqual(failed('STARTTLSRefused'));
    expect(double.heard).toEqual(['CAPA', 'STLS', 'QUIT']);
  });
});

describe('where TLS comes first', () => {
  test.each<[string, (socket: Socket) => void, ProbeError]>([
    ['a server that does not know TLS', (socket) => socket.write('220 mx1.example.nl ESMTP\r\n'), 'TLSHandshakeFailed'],
    ['close at once', (socket) => socket.end(), 'TLSHandshakeFailed'],
    ['no end of rubbish', pour('x'.repeat(1_000)), 'TLSHandshakeFailed'],
  ])('%s', async (_, talk, error) => {
    double = await startServer(address, talk, 465);
    expect(await look({}, address, 465)).toEqual(failed(error));
  });

  test('silence', async () => {
    double = await startServer(address, () => undefined, 993);
    expect(await look({ timeoutMs: 300 }, address, 993)).toEqual(failed('Timeout'));
  });

  test.each<[MailPort, string]>([
    [465, 'QUIT'],
    [993, 'c LOGOUT'],
    [995, 'QUIT'],
  ])('port %i: nothing is said before the greeting, and then %s', async (port, farewell) => {
    const leaf = await makeLeaf({ names: ['mx1.example.nl'], algorithm: 'RSA' });
    double = await startDouble(address, { port, tls: { cert: leaf.chainPem, key: leaf.keyPem } });
    expect(await look({}, address, port)).toMatchObject({ kind: 'Presented' });
    expect(double.heard).toEqual(['(greeted)', farewell]);
  });
});

describe('what any server can do', () => {
  const inTheClear: readonly MailPort[] = [25, 143, 110];

  describe.each(inTheClear)('port %i', (port) => {
    test.each<[string, (socket: Socket) => void, ProbeError]>([
      ['close at once', (socket) => socket.end(), 'ConnectionClosed'],
      ['reset at once', (socket) => socket.resetAndDestroy(), 'ConnectionClosed'],
      ['a banner without an end of line', pour('x'.repeat(1_000)), 'ProtocolError'],
    ])('%s', async (_, talk, error) => {
      double = await startServer(address, talk, port);
      expect(await look({}, address, port)).toEqual(failed(error));
    });

    test.each<[string, (socket: Socket) => void]>([
      ['silence', () => undefined],
      [
        'an octet now and then',
        (socket) => {
          const timer = setInterval(() => socket.write('2'), 20);
          socket.on('close', () => {
            clearInterval(timer);
          });
        },
      ],
    ])('%s', async (_, talk) => {
      double = await startServer(address, talk, port);
      expect(await look({ timeoutMs: 300 }, address, port)).toEqual(failed('Timeout'));
    });
  });

  test('a greeting that never ends', async () => {
    double = await startServer(address, pour('220-still coming\r\n'));
    expect(await look()).toEqual(failed('ProtocolError'));
  });

  test.each<[MailPort, string, string]>([
    [25, '220 hi\r\n', '250-still coming\r\n'],
    [143, '* OK hi\r\n', '* OK still coming\r\n'],
    [110, '+OK hi\r\n', '+OK still coming\r\n'],
  ])('port %i: an answer that never ends', async (port, greeting, line) => {
    const talk = (socket: Socket): void => {
      socket.write(greeting);
      socket.once('data', () => {
        pour(line)(socket);
      });
    };
    double = await startServer(address, talk, port);
    expect(await look({}, address, port)).toEqual(failed('ProtocolError'));
  });

  test('silence where TLS should begin', async () => {
    double = await startDouble(address, { afterStartTls: () => undefined });
    expect(await look({ timeoutMs: 300 })).toEqual(failed('Timeout'));
  });

  test('a caller who gives up gets the reason back', async () => {
    const giveUp = new AbortController();
    double = await startServer(address, () => {
      giveUp.abort(new Error('shutting down'));
    });
    await expect(look({ signal: giveUp.signal })).rejects.toThrow('shutting down');
    await expect(look({ signal: giveUp.signal })).rejects.toThrow('shutting down');
  });
});

describe('where there is no server', () => {
  beforeAll(async () => {
    await mustRun('ip', ['route', 'add', 'unreachable', '198.51.100.1/32']);
    await mustRun('ip', ['route', 'add', 'prohibit', '198.51.100.2/32']);
  });

  test.each<[string, string, ProbeError]>([
    ['nothing listens', '10.53.2.19', 'ConnectionRefused'],
    ['no route', '192.0.2.1', 'NetworkUnreachable'],
    ['no IPv6 route', '2001:db8::1', 'NetworkUnreachable'],
    ['host unreachable', '198.51.100.1', 'HostUnreachable'],
    ['forbidden', '198.51.100.2', 'HostUnreachable'],
  ])('%s', async (_, at, error) => {
    expect(await look({}, at)).toEqual(failed(error));
  });

  test('nothing answers', async () => {
    // A network whose only neighbour is a station that does not exist.
    await mustRun('ip', ['link', 'add', 'void0', 'type', 'veth', 'peer', 'name', 'void1']);
    await mustRun('ip', ['address', 'add', '203.0.113.1/24', 'dev', 'void0']);
    for (const link of ['void0', 'void1']) await mustRun('ip', ['link', 'set', link, 'up']);
    const station = ['203.0.113.2', 'lladdr', '02:00:00:00:00:01', 'dev', 'void0'];
    await mustRun('ip', ['neighbour', 'add', ...station]);
    expect(await look({ timeoutMs: 300 }, '203.0.113.2')).toEqual(failed('ConnectionTimeout'));
    await mustRun('ip', ['link', 'delete', 'void0']);
  });
});
