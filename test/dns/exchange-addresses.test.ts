import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Answer } from '../../src/dns/answer.ts';
import { EDNS } from '../../src/dns/edns.ts';
import { encodeMessage, type Message } from '../../src/dns/message.ts';
import { query } from '../../src/dns/query.ts';
import { update } from '../../src/dns/update.ts';
import { answerTo, startFakeServer, type FakeServer, type Handler } from './fake-server.ts';

// A name with two addresses, without asking anybody.
const addresses = ['127.0.0.1', '127.0.0.2'] as const;
jest.unstable_mockModule('node:dns/promises', () => ({
  lookup: () => Promise.resolve(addresses.map((address) => ({ address, family: 4 }))),
}));
const { exchange, exchangeTcp } = await import('../../src/dns/exchange.ts');

describe('a server with two addresses', () => {
  const servers: FakeServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map(({ stop }) => stop()));
  });

  const answering: Handler = (request) => [answerTo(request)];
  const start = async (handler: Handler, address: string, port = 0): Promise<FakeServer> => {
    const server = await startFakeServer(handler, address, port);
    servers.push(server);
    return server;
  };
  const send = (via: typeof exchange, message: Message, port: number): Promise<Answer> =>
    via({ host: 'two.example.nl', port }, { message, octets: encodeMessage(message) }, { timeoutMs: 200 });
  const question = (): Message => query('mx1.example.nl', 'A', [], EDNS);
  const change = (): Message => update('example.nl', [], []);

  test('a question that the first does not answer goes to the second', async () => {
    const second = await start(answering, addresses[1]);
    await start(() => 'Hang', addresses[0], second.port);
    await send(exchange, question(), second.port);
    expect(second.received).toHaveLength(1);
  });

  test('so does an UPDATE that the first cannot have got', async () => {
    const second = await start(answering, addresses[1]);
    await send(exchangeTcp, change(), second.port);
    expect(second.received).toHaveLength(1);
  });

  test.each(['Close', 'Hang'] as const)('an UPDATE that the first may have got does not (%s)', async (reaction) => {
    const second = await start(answering, addresses[1]);
    const first = await start(() => reaction, addresses[0], second.port);
    await expect(send(exchangeTcp, change(), second.port)).rejects.toMatchObject({ sent: true });
    expect([first.received.length, second.received.length]).toEqual([1, 0]);
  });
});
