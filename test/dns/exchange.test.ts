import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Opcode, Rcode, RRClass, RRType } from '../../src/dns/constants.ts';
import type { Answer } from '../../src/dns/answer.ts';
import { EDNS } from '../../src/dns/edns.ts';
import { exchange, exchangeTcp } from '../../src/dns/exchange.ts';
import { decodeMessage, encodeMessage, type Message } from '../../src/dns/message.ts';
import { query } from '../../src/dns/query.ts';
import type { ResourceRecord } from '../../src/dns/resource-record.ts';
import type { Server } from '../../src/dns/server.ts';
import { update } from '../../src/dns/update.ts';
import { answerTo, startFakeServer, type FakeServer, type Handler } from './fake-server.ts';

const A: ResourceRecord = {
  name: 'mx1.example.nl',
  type: RRType.A,
  class: RRClass.IN,
  ttlSeconds: 60,
  rdata: Buffer.from([192, 0, 2, 1]),
};
const good = (request: Message): Buffer => answerTo(request, { answers: [A] });

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function fake(handler: Handler): Promise<FakeServer> {
  const server = await startFakeServer(handler);
  stops.push(server.stop);
  return server;
}

interface Options {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

function ask(server: Server, options: Options = {}, via = exchange): Promise<Answer> {
  const message = query('mx1.example.nl', 'A', ['rd'], EDNS);
  return via(server, { message, octets: encodeMessage(message) }, { timeoutMs: 5000, ...options });
}

function sendUpdate(server: Server, options: Options = {}): Promise<Answer> {
  const message = update('example.nl', [], []);
  return exchangeTcp(server, { message, octets: encodeMessage(message) }, { timeoutMs: 5000, ...options });
}

describe('a question over UDP', () => {
  test('is answered', async () => {
    const server = await fake((request) => [good(request)]);
    expect((await ask(server)).message.answers).toEqual([A]);
    expect(server.received.map(({ transport }) => transport)).toEqual(['UDP']);
  });

  test('whoever keeps a record of the answer keeps the answer, and no pool of buffers', async () => {
    const server = await fake((request) => [good(request)]);
    const { message, octets } = await ask(server);
    expect(message.answers[0]?.rdata.buffer.byteLength).toBe(octets.length);
  });

  test('answers to other questions are ignored', async () => {
    const other = { name: 'mx2.example.nl', type: RRType.A, class: RRClass.IN };
    const server = await fake((request) => [
      Buffer.from('00', 'hex'),
      answerTo({ ...request, id: request.id ^ 1 }),
      answerTo(request, { questions: [other] }),
      answerTo(request, { questions: [] }),
      answerTo(request, { flags: new Set() }),
      answerTo(request, { opcode: Opcode.Update }),
      good(request),
    ]);
    expect((await ask(server)).message.answers).toEqual([A]);
  });

  test('what another address sends is ignored', async () => {
    const [server, stranger] = [createSocket('udp4'), createSocket('udp4')];
    stops.push(async () => {
      server.close();
      stranger.close();
      await Promise.resolve();
    });
    server.on('message', (octets, { port, address }) => {
      const request = decodeMessage(octets);
      stranger.send(answerTo(request, { rcode: Rcode.NXDomain }), port, address, () => {
        server.send(good(request), port, address);
      });
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    expect((await ask({ host: '127.0.0.1', port: server.address().port })).message.answers).toEqual([A]);
  });

  test('is sent again while no answer comes', async () => {
    const server: FakeServer = await fake((request) => (server.received.length < 2 ? 'Hang' : [good(request)]));
    expect((await ask(server)).message.answers).toEqual([A]);
    expect(server.received).toHaveLength(2);
  });

  test('goes on over TCP when the answer was cut off', async () => {
    const server = await fake((request, transport) => [
      transport === 'UDP' ? answerTo(request, { flags: new Set(['qr', 'tc']) }) : good(request),
    ]);
    expect((await ask(server)).message.answers).toEqual([A]);
    expect(server.received.map(({ transport }) => transport)).toEqual(['UDP', 'TCP']);
  });

  test('the ID is new for each', async () => {
    const server = await fake((request) => [good(request)]);
    for (let i = 0; i < 8; i++) await ask(server);
    expect(new Set(server.received.map(({ message }) => message.id)).size).toBeGreaterThan(1);
  });

  test.each<[string, Handler]>([
    ['cannot be read', ({ id }) => [Buffer.from([id >>> 8, id & 0xff, 0x80, 0x00, 0xff])]],
    ['is cut off over TCP too', (request) => [answerTo(request, { flags: new Set(['qr', 'tc']) })]],
  ])('an answer that %s is a failure', async (_what, handler) => {
    await expect(ask(await fake(handler))).rejects.toMatchObject({ failure: 'Malformed' });
  });

  test('no answer in time', async () => {
    await expect(ask(await fake(() => 'Hang'), { timeoutMs: 50 })).rejects.toMatchObject({ failure: 'Timeout' });
  });

  test('nobody there', async () => {
    await expect(ask({ host: '127.0.0.1', port: 9 })).rejects.toMatchObject({ failure: 'Unreachable' });
    await expect(ask({ host: 'no-such-host.invalid', port: 53 })).rejects.toMatchObject({ failure: 'AddressUnknown' });
    await expect(ask({ host: '2001:db8::1', port: 53 })).rejects.toMatchObject({ failure: 'Unreachable' });
  });

  test('is given up when the caller says so', async () => {
    const server = await fake(() => {
      abort.abort();
      return 'Hang';
    });
    const abort = new AbortController();
    await expect(ask(server, { signal: abort.signal })).rejects.toMatchObject({ failure: 'Aborted', sent: true });
    await expect(ask(server, { signal: abort.signal })).rejects.toMatchObject({ failure: 'Aborted', sent: false });
  });
});

describe('a request over TCP', () => {
  test('is answered, also without the zone (RFC 2136 §3.8)', async () => {
    const server = await fake((request) => [answerTo(request, { rcode: Rcode.Refused, questions: [] })]);
    expect((await sendUpdate(server)).message.rcode).toBe(Rcode.Refused);
    expect(server.received.map(({ transport }) => transport)).toEqual(['TCP']);
  });

  test.each<[string, Handler, object]>([
    ['the connection ends without an answer', () => 'Close', { failure: 'Unreachable', sent: true }],
    ['no answer comes in time', () => 'Hang', { failure: 'Timeout', sent: true }],
    [
      'the answer is another one',
      (request) => [answerTo({ ...request, id: request.id ^ 1 })],
      { failure: 'Malformed', sent: true },
    ],
    ['the answer cannot be read', () => [Buffer.from('garbage')], { failure: 'Malformed', sent: true }],
  ])('it may have been done when %s', async (_what, handler, failure) => {
    const server = await fake(handler);
    await expect(sendUpdate(server, { timeoutMs: 200 })).rejects.toMatchObject(failure);
    expect(server.received).toHaveLength(1);
  });

  test('nothing was sent when nobody is there, or the caller gave up before', async () => {
    const nobody = { host: '127.0.0.1', port: 9 };
    await expect(sendUpdate(nobody)).rejects.toMatchObject({ failure: 'Unreachable', sent: false });
    await expect(sendUpdate(nobody, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      failure: 'Aborted',
      sent: false,
    });
  });
});

describe('servers that a tenant names', () => {
  test.each([
    '127.0.0.1',
    '127.8.9.10',
    '0.0.0.0',
    '169.254.169.254',
    '::1',
    '::',
    'fe80::1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    'fd00:ec2::254',
    'fd20:ce::254',
    'fe80::1%lo',
    '100.100.100.200',
    '168.63.129.16',
    '224.0.0.1',
    'ff02::1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::169.254.169.254',
    '64:ff9b::100.100.100.200',
    '2002:7f00:1::1',
    'localhost',
  ])('%s is refused', async (host) => {
    await expect(ask({ host, port: 53, refuseLocal: true })).rejects.toMatchObject({
      failure: 'AddressRefused',
      sent: false,
    });
  });
});
