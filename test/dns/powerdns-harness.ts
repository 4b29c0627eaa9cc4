/** A real PowerDNS as the conformance suite uses it by its HTTP API. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatTlsa } from '../../src/core/tlsa.ts';
import type { DnsProvider } from '../../src/dns/providers/provider.ts';
import { createPowerDnsProvider, type PowerDnsOptions } from '../../src/dns/providers/powerdns/index.ts';
import { RequestRates } from '../../src/dns/providers/request-rates.ts';
import { startPowerDns } from '../support/powerdns.ts';
import { mustRun } from '../support/process.ts';
import { ZONE, type Harness } from './conformance/harness.ts';
import { startPrimary } from './other-primaries.ts';
import { readDig } from './rfc2136-harness.ts';

export const API_KEY = 'api-key-of-a-test';

export interface PowerDnsHarness extends Harness {
  /** Of the API. */
  readonly url: string;
  readonly providerWith: (options: Partial<PowerDnsOptions>) => DnsProvider;
  /** As somebody else would. */
  readonly patch: (rrset: object) => Promise<void>;
}

export async function startPowerDnsApi(address: string): Promise<PowerDnsHarness> {
  const primary = await startPrimary((options) => startPowerDns({ ...options, apiKey: API_KEY }), address);
  const url = `http://${address}:8081`;
  const servers: Server[] = [];
  const listen = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  let patches = 0;
  const counting = await listen((request, response) => {
    if (request.method === 'PATCH') patches++;
    request.pipe(through(url, request, (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 0))));
  });
  const lossy = await listen((request, response) => {
    const answered = request.method === 'PATCH' ? () => response.destroy() : undefined;
    const pass = (answer: NodeJS.ReadableStream & { statusCode?: number | undefined }): unknown =>
      answer.pipe(response.writeHead(answer.statusCode ?? 0));
    request.pipe(through(url, request, answered ?? pass));
  });
  const rates = new RequestRates(() => performance.now(), sleep);
  const providerWith = (changed: Partial<PowerDnsOptions>): DnsProvider =>
    createPowerDnsProvider({
      url,
      serverID: 'localhost',
      apiKey: API_KEY,
      refuseLocal: false,
      rate: rates.join('tests', 'tests', 1_000),
      maySend: undefined,
      zones: [],
      now: Date.now,
      ...changed,
    });
  const soon = { timeoutMs: 300 };
  const silent = await listen(() => undefined);
  const babbling = await listen((_, response) => response.end('not what was asked'));
  const dig = (...args: readonly string[]): Promise<string> => mustRun('dig', [`@${address}`, '+norec', ...args]);
  const patch = async (rrset: object): Promise<void> => {
    const body = JSON.stringify({ rrsets: [rrset] });
    const headers = { 'X-API-Key': API_KEY };
    const { status } = await fetch(`${url}/api/v1/servers/localhost/zones/${ZONE}.`, {
      method: 'PATCH',
      headers,
      body,
    });
    if (status !== 204) throw new Error(`PowerDNS answers ${status} to ${body}`);
  };
  return {
    url,
    providerWith,
    patch,
    provider: providerWith({}),
    forbidden: 'Done',
    oddRecords: 'Kept',
    oddNames: 'Refused',
    asksFirst: true,
    withWrongCredential: providerWith({ apiKey: 'another' }),
    withoutServer: providerWith({ url: `http://${address}:9` }),
    withSilentServer: providerWith({ url: silent, ...soon }),
    withBabblingServer: providerWith({ url: babbling, ...soon }),
    losingAnswers: providerWith({ url: lossy }),
    counted: { provider: providerWith({ url: counting }), requests: () => patches },
    requestsFor300: 1,
    served: async (owner) => readDig(await dig('+noall', '+answer', owner, 'TLSA')),
    answers: (name, type) => dig('+short', name, type).then((text) => text.trim()),
    addForeign: async (owner, record, ttl) => {
      const before = readDig(await dig('+noall', '+answer', owner, 'TLSA')).records;
      const records = [...before, record].map((one) => ({ content: formatTlsa(one), disabled: false }));
      await patch({ name: `${owner}.`, type: 'TLSA', changetype: 'REPLACE', ttl, records });
    },
    stop: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      await primary.stop();
    },
  };
}

function through(
  url: string,
  { method, url: path, headers }: Parameters<RequestListener>[0],
  answered: Parameters<typeof httpRequest>[2],
): ReturnType<typeof httpRequest> {
  return httpRequest(`${url}${path ?? ''}`, { method, headers }, answered);
}
