/** Servers that are broken, hostile or not there: an enumerated code, soon, whatever they say. The servers are doubles. */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Socket } from 'node:net';
import type { ProbeError } from '../../src/smtp/probe-error.ts';
import { probe, type ProbeOptions, type ProbeResult } from '../../src/smtp/probe.ts';
import { mustRun } from '../support/process.ts';
import { startDouble, startServer, type Behaviour, type Double } from './mail-server-double.ts';

const address = '10.53.2.10';
const look = (options: Partial<ProbeOptions> = {}, at = address): Promise<ProbeResult> =>
  probe({ hostname: 'mx1.example.nl', address: at, port: 25, keyAlgorithm: 'RSA' }, { timeoutMs: 20_000, ...options });
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
    ['EHLO refused for what we call ourselves', { ehlo: '550 who are you?\r\n' }, 'GreetingRejected'],
    ['EHLO not known', { ehlo: '502 what?\r\n' }, 'STARTTLSNotOffered'],
    ['no STARTTLS', { ehlo: '250-mx1.example.nl\r\n250 SIZE 1000\r\n' }, 'STARTTLSNotOffered'],
    ['a host called STARTTLS', { ehlo: '250 STARTTLS\r\n' }, 'STARTTLSNotOffered'],
    ['STARTTLS refused', { startTls: '454 TLS not available\r\n' }, 'STARTTLSRefused'],
    ['text smuggled in behind the answer to STARTTLS', { startTls: '220 go\r\n250 done\r\n' }, 'ProtocolError'],
    ['half a line behind the answer to STARTTLS', { startTls: '220 go\r\n25' }, 'ProtocolError'],
    ['an answer before the question', { greeting: '220 hi\r\n250-hi\r\n250 STARTTLS\r\n' }, 'ProtocolError'],
    ['another protocol', { greeting: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'ProtocolError'],
    ['a code out of range', { greeting: '999 hi\r\n' }, 'ProtocolError'],
    ['a line too long', { greeting: `220 ${'x'.repeat(3_000)}\r\n` }, 'ProtocolError'],
    ['too many lines', { ehlo: `${'250-x\r\n'.repeat(200)}250 STARTTLS\r\n` }, 'ProtocolError'],
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
            cut(socket, heard.length === 1 ? '250-mx1\r\n250-starttls \r\n250 HELP\r\n' : '454 no\r\n', sizes);
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

describe('what any server can do', () => {
  test.each<[string, (socket: Socket) => void, ProbeError]>([
    ['close at once', (socket) => socket.end(), 'ConnectionClosed'],
    ['reset at once', (socket) => socket.resetAndDestroy(), 'ConnectionClosed'],
    ['a banner without an end of line', pour('x'.repeat(1_000)), 'ProtocolError'],
    ['a greeting that never ends', pour('220-still coming\r\n'), 'ProtocolError'],
  ])('%s', async (_, talk, error) => {
    double = await startServer(address, talk);
    expect(await look()).toEqual(failed(error));
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
    double = await startServer(address, talk);
    expect(await look({ timeoutMs: 300 })).toEqual(failed('Timeout'));
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
