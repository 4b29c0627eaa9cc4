import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daneEE, encodeTlsa, formatTlsa } from '../../src/core/tlsa.ts';
import { askServer } from '../../src/dns/ask-server.ts';
import { nameServers } from '../../src/dns/name-servers.ts';
import { findZoneCut } from '../../src/dns/zone-cut.ts';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { startUnbound, type UnboundServer } from '../support/unbound.ts';

const owner = '_25._tcp.mx1.example.nl';
const a = daneEE('01'.repeat(32));
const options = { timeoutMs: 500 };

describe('which servers a zone has', () => {
  const dir = mkdtempSync(join(tmpdir(), 'name-servers-'));
  let chain: DnssecChain;
  let unbound: UnboundServer;
  let resolver: Resolver;
  beforeAll(async () => {
    chain = await startDnssecChain({
      dir,
      addresses: { primary: '10.53.2.10', secondary: '10.53.2.11', parent: '10.53.2.12' },
      secondary: 'Held',
      records: [
        { name: owner, type: 'TLSA', data: formatTlsa(a), ttl: 300 },
        { name: 'alias.example.nl', type: 'CNAME', data: 'other.nl' },
      ],
      moreZones: [
        {
          name: 'other.nl',
          delegation: 'Unsigned',
          records: [
            { name: 'mx.other.nl', type: 'A', data: '192.0.2.1' },
            { name: 'dead.other.nl', type: 'A', data: '10.53.2.19' },
          ],
        },
      ],
    });
    unbound = await startUnbound({ dir: join(dir, 'unbound'), address: '10.53.2.13', port: 53, chain, cache: 'None' });
    resolver = createResolver({
      servers: [{ host: unbound.address, port: unbound.port }],
      monotonic: () => performance.now(),
    });
  });
  afterAll(async () => {
    await unbound.stop();
    await chain.stop();
    rmSync(dir, { recursive: true });
  });

  test.each([
    [owner, 'example.nl'],
    ['example.nl', 'example.nl'],
    ['alias.example.nl', 'example.nl'],
    ['no.such.name.example.nl', 'example.nl'],
    ['mx.other.nl', 'other.nl'],
    ['missing.nl', 'nl'],
    ['nl', 'nl'],
    ['missing', '.'],
    ['.', '.'],
  ])('the zone of %s is %s', async (name, zone) => {
    expect(await findZoneCut(name, resolver)).toBe(zone);
  });

  test('the name servers, their addresses, and how long resolvers keep the NS sets', async () => {
    expect(await nameServers('example.nl', resolver)).toEqual({
      servers: [
        { name: 'ns1.example.nl', addresses: ['10.53.2.10'] },
        { name: 'ns2.example.nl', addresses: ['10.53.2.11'] },
      ],
      ttlSeconds: 60,
      isHearsay: false,
    });
    expect(await nameServers('.', resolver)).toEqual({
      servers: [{ name: 'ns.root', addresses: ['10.53.2.12'] }],
      ttlSeconds: 60,
      isHearsay: false,
    });
  });

  test('one server, asked directly', async () => {
    expect(await askServer('10.53.2.10', owner, 'TLSA')).toMatchObject({
      kind: 'Authority',
      message: { answers: [{ ttlSeconds: 300, rdata: encodeTlsa(a) }] },
    });
    expect(await askServer('10.53.2.10', 'missing.example.nl', 'TLSA')).toMatchObject({
      kind: 'Authority',
      message: { answers: [] },
    });
    expect(await askServer('10.53.2.12', owner, 'TLSA')).toMatchObject({ kind: 'NoAuthority' });
    expect(await askServer('10.53.2.10', 'mx.nowhere.nl', 'TLSA')).toMatchObject({ kind: 'NoAuthority' });
    expect(await askServer('10.53.2.19', owner, 'TLSA', options)).toEqual({ kind: 'Silent' });
    expect(await askServer('127.0.0.1', owner, 'TLSA', options)).toEqual({ kind: 'Silent' });
    expect(await askServer('2001:db8::1', owner, 'TLSA', options)).toEqual({ kind: 'NoRoute' });
    await expect(
      askServer('10.53.2.10', owner, 'TLSA', { signal: AbortSignal.abort(new Error('ended')) }),
    ).rejects.toThrow('ended');
  });

  describe('where the servers of the parent cannot be asked', () => {
    const leading = (names: Readonly<Record<string, string>>): Resolver => ({
      lookup: (name, type) => resolver.lookup(type === 'A' ? (names[name] ?? name) : name, type),
    });

    test('nobody knows whom the zone is delegated to', async () => {
      const lookedUp = nameServers('example.nl', leading({ 'ns.root': 'dead.other.nl' }), options);
      await expect(lookedUp).rejects.toMatchObject({ kind: 'Transient', code: 'DelegationUnknown' });
    });

    test('nor those of the zone, it is those that the resolver knows', async () => {
      const dead = ['ns.root', 'ns1.example.nl', 'ns2.example.nl'].map((name): [string, string] => [
        name,
        'dead.other.nl',
      ]);
      const { servers, isHearsay } = await nameServers('example.nl', leading(Object.fromEntries(dead)), options);
      expect(servers).toEqual([
        { name: 'ns1.example.nl', addresses: ['10.53.2.19'] },
        { name: 'ns2.example.nl', addresses: ['10.53.2.19'] },
      ]);
      expect(isHearsay).toBe(true);
    });
  });

  const names = async (): Promise<string[]> =>
    (await nameServers('example.nl', resolver, options)).servers.map(({ name }) => name);

  test('those that only the delegation names, only the zone, or only a secondary that lags; also without an address', async () => {
    await chain.nsupdate(
      'delete example.nl. NS ns2.example.nl.',
      'add example.nl. 3600 NS ns1.example.nl.',
      'add example.nl. 3600 NS before.missing.nl.',
    );
    await chain.transfer();
    await chain.nsupdate('delete example.nl. NS before.missing.nl.', 'add example.nl. 3600 NS after.missing.nl.');
    expect(await names()).toEqual(['after.missing.nl', 'before.missing.nl', 'ns1.example.nl', 'ns2.example.nl']);
    await chain.transfer();
    expect(await nameServers('example.nl', resolver, options)).toEqual({
      servers: [
        { name: 'after.missing.nl', addresses: [] },
        { name: 'ns1.example.nl', addresses: ['10.53.2.10'] },
        { name: 'ns2.example.nl', addresses: ['10.53.2.11'] },
      ],
      ttlSeconds: 3600,
      isHearsay: false,
    });
  });

  test('a server has the addresses that it has, not all that a zone can hold', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `add ns1.example.nl. 60 A 192.0.2.${index}`);
    await chain.nsupdate(...many);
    await chain.transfer();
    const { servers } = await nameServers('example.nl', resolver, options);
    expect(servers.find(({ name }) => name === 'ns1.example.nl')?.addresses).toHaveLength(8);
  });
});
