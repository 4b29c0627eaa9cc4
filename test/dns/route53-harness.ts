/** The double of Route 53 as the conformance suite uses it. BIND serves its zones, and has every change while it is still PENDING. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatTlsa } from '../../src/core/tlsa.ts';
import type { DnsProvider } from '../../src/dns/providers/provider.ts';
import { RequestRates } from '../../src/dns/providers/request-rates.ts';
import { createRoute53Provider, type Route53Options } from '../../src/dns/providers/route53/index.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { startRoute53, type Route53Double, type Route53Key } from '../support/route53.ts';
import '../support/one-realm.ts';
import { publishTo } from '../support/route53-bind.ts';
import { ALLOWED_BELOW, FIXTURES, NESTED_ZONE, ZONE, type Harness } from './conformance/harness.ts';
import { readDig } from './rfc2136-harness.ts';

export interface Route53Harness extends Harness {
  readonly double: Route53Double;
  readonly chain: DnssecChain;
  readonly providerWith: (options: Partial<Route53Options>) => DnsProvider;
}

const KEY: Route53Key = {
  id: 'AKIADOUBLE',
  secret: 'secret-of-the-double',
  may: (action, name, type) =>
    action !== 'ChangeResourceRecordSets' ||
    name === '' ||
    (type === 'TLSA' && FIXTURES.some((zone) => name.endsWith(`.${ALLOWED_BELOW}.${zone.name}.`))),
};

export async function startRoute53Harness(net: number): Promise<Route53Harness> {
  const dir = mkdtempSync(join(tmpdir(), 'route53-'));
  const [main, ...others] = FIXTURES;
  const chain = await startDnssecChain({
    dir,
    addresses: { primary: `10.53.${net}.10`, secondary: `10.53.${net}.11`, parent: `10.53.${net}.12` },
    zone: main.name,
    records: main.records,
    moreZones: others.map(({ name, signed, records }) => ({
      name,
      delegation: signed ? 'Secure' : 'Unsigned',
      records,
    })),
  });
  const double = await startRoute53({
    keys: [KEY],
    zones: FIXTURES.map(({ name, signed, records }, index) => ({
      id: `Z${index}`,
      name,
      signing: signed ? 'SIGNING' : 'NOT_SIGNING',
      records: [
        { name, type: 'NS', data: `ns1.${name}` },
        ...(name === ZONE ? [{ name: NESTED_ZONE, type: 'NS', data: `ns1.${NESTED_ZONE}` }] : []),
        ...records,
      ],
    })),
    publish: publishTo(chain),
  });
  const rates = new RequestRates(() => performance.now(), sleep);
  const providerWith = (changed: Partial<Route53Options>): DnsProvider =>
    createRoute53Provider({
      region: 'us-east-1',
      endpoint: double.endpoint,
      hostedZoneIDs: [],
      zones: [],
      accessKey: KEY,
      forTenant: false,
      rate: rates.join('tests', 'tests', 1_000),
      now: Date.now,
      random: Math.random,
      // BIND is told within milliseconds: nobody needs to wait as long as for AWS.
      sleep: (ms) => sleep(ms / 10),
      ...changed,
    });
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  const babbling = createServer((_, response) => response.end('not what was asked')).listen(0, '127.0.0.1');
  await Promise.all([once(silent, 'listening'), once(babbling, 'listening')]);
  const at = (server: typeof silent): Partial<Route53Options> => ({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    timeoutMs: 300,
  });
  const provider = providerWith({});
  return {
    double,
    chain,
    providerWith,
    provider,
    forbidden: 'Refused',
    oddRecords: 'Refused',
    oddNames: 'Kept',
    asksFirst: false,
    withWrongCredential: providerWith({ accessKey: { id: KEY.id, secret: 'another' } }),
    withoutServer: providerWith({ endpoint: 'http://127.0.0.1:9' }),
    withSilentServer: providerWith(at(silent)),
    withBabblingServer: providerWith(at(babbling)),
    losingAnswers: {
      ...provider,
      change: (...change) => {
        double.loseNextAnswer();
        return provider.change(...change);
      },
    },
    counted: {
      provider,
      requests: () => double.requests.filter(({ action }) => action === 'ChangeResourceRecordSets').length,
    },
    requestsFor300: 1,
    served: async (owner) => {
      await double.insync();
      return readDig(await chain.dig('+norec', '+noall', '+answer', owner, 'TLSA'));
    },
    answers: async (name, type) => {
      await double.insync();
      return (await chain.dig('+norec', '+short', name, type)).trim();
    },
    addForeign: (owner, record, ttl) =>
      double.edit(ZONE, owner, 'TLSA', (before) => ({
        ...before,
        ttl,
        values: [...before.values, formatTlsa(record)],
      })),
    stop: async () => {
      for (const server of [silent, babbling]) {
        server.closeAllConnections();
        server.close();
      }
      await double.stop();
      await chain.stop();
      rmSync(dir, { recursive: true });
    },
  };
}
