/** A name server of a tenant whose name leads elsewhere at the next look-up: what was judged is what is connected to. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { EDNS } from '../../src/dns/edns.ts';
import { encodeMessage } from '../../src/dns/message.ts';
import { query } from '../../src/dns/query.ts';
import { answerTo, startFakeServer, type FakeServer } from './fake-server.ts';

const OUTSIDE = '10.53.0.10';
const INSIDE = '127.0.0.1';

// A name that leads outside once, and to this machine from then on.
let lookups = 0;
jest.unstable_mockModule('node:dns/promises', () => ({
  lookup: () => Promise.resolve([{ address: lookups++ === 0 ? OUTSIDE : INSIDE, family: 4 }]),
}));
const { exchange } = await import('../../src/dns/exchange.ts');

const servers: FakeServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(({ stop }) => stop()));
});

test('the address that was judged is asked, over TCP too; the next look-up is judged anew', async () => {
  const outside = await startFakeServer(
    (request, transport) => [answerTo(request, { flags: new Set(transport === 'UDP' ? ['qr', 'tc'] : ['qr']) })],
    OUTSIDE,
  );
  const inside = await startFakeServer((request) => [answerTo(request)], INSIDE, outside.port);
  servers.push(outside, inside);
  const message = query('mx1.example.nl', 'A', [], EDNS);
  const ask = () =>
    exchange(
      { host: 'rebinding.example.nl', port: outside.port, refuseLocal: true },
      { message, octets: encodeMessage(message) },
      { timeoutMs: 2_000 },
    );
  await ask();
  expect([lookups, outside.received.length, inside.received.length]).toEqual([1, 2, 0]);
  await expect(ask()).rejects.toMatchObject({ failure: 'AddressRefused' });
  expect(inside.received).toHaveLength(0);
});
