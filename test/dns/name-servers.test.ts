import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daneEE, encodeTlsa, formatTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import { askServer, findZoneCut, nameServers, propagation } from '../../src/dns/name-servers.ts';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { startUnbound, type UnboundServer } from '../support/unbound.ts';

const owner = '_25._tcp.mx1.example.nl';
const [a, b] = [daneEE('01'.repeat(32)), daneEE('02'.repeat(32))] as const;
const options = { timeoutMs: 500 };

describe('what the servers of a zone answer', () => {
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
        { name: 'other.nl', delegation: 'Unsigned', records: [{ name: 'mx.other.nl', type: 'A', data: '192.0.2.1' }] },
      ],
    });
    unbound = await startUnbound({ dir: join(dir, 'unbound'), address: '10.53.2.13', port: 53, chain, cache: 'None' });
    resolver = createResolver({ servers: [{ host: unbound.address, port: unbound.port }] });
  });
  afterAll(async () => {
    await unbound.stop();
    await chain.stop();
    rmSync(dir, { recursive: true });
  });

  const states = async (...expected: readonly TlsaRecord[]): Promise<Record<string, string>> => {
    const { servers } = await propagation(await nameServers('example.nl', resolver, options), owner, expected, options);
    return Object.fromEntries(servers.map(({ name, state }) => [name, state]));
  };

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

  test('the name servers and their addresses', async () => {
    expect(await nameServers('example.nl', resolver)).toEqual([
      { name: 'ns1.example.nl', addresses: ['10.53.2.10'] },
      { name: 'ns2.example.nl', addresses: ['10.53.2.11'] },
    ]);
    expect(await nameServers('.', resolver)).toEqual([{ name: 'ns.root', addresses: ['10.53.2.12'] }]);
  });

  test('one server, asked directly', async () => {
    const answer = await askServer('10.53.2.10', owner, 'TLSA');
    expect(answer).toMatchObject({
      answered: true,
      authoritative: true,
      ttlSeconds: 300,
      records: [{ rdata: encodeTlsa(a) }],
    });
    expect(await askServer('10.53.2.10', 'missing.example.nl', 'TLSA')).toMatchObject({
      authoritative: true,
      records: [],
      ttlSeconds: undefined,
    });
    expect(await askServer('10.53.2.12', owner, 'TLSA')).toMatchObject({
      answered: true,
      authoritative: false,
      records: [],
    });
    expect(await askServer('10.53.2.19', owner, 'TLSA', options)).toEqual({ answered: false, code: 'Unreachable' });
    expect(await askServer('2001:db8::1', owner, 'TLSA', options)).toEqual({ answered: false, code: 'Unreachable' });
    await expect(
      askServer('10.53.2.10', owner, 'TLSA', { signal: AbortSignal.abort(new Error('ended')) }),
    ).rejects.toThrow('ended');
  });

  test('a secondary that lags differs until it has transferred the zone', async () => {
    expect(await states(a)).toEqual({ 'ns1.example.nl': 'Agrees', 'ns2.example.nl': 'Agrees' });
    await chain.nsupdate(`add ${owner}. 300 TLSA ${formatTlsa(b)}`);
    expect(await states(a, b)).toEqual({ 'ns1.example.nl': 'Agrees', 'ns2.example.nl': 'Differs' });
    expect(await states(a)).toEqual({ 'ns1.example.nl': 'Differs', 'ns2.example.nl': 'Agrees' });
    await chain.transfer();
    expect(await states(b, a)).toEqual({ 'ns1.example.nl': 'Agrees', 'ns2.example.nl': 'Agrees' });
  });

  test('a server that only the delegation names is asked; one that does not serve the zone, or is nowhere, is said', async () => {
    await chain.nsupdate(
      'delete example.nl. NS ns2.example.nl.',
      'add example.nl. 60 NS lame.example.nl.',
      'add lame.example.nl. 60 A 10.53.2.12',
      'add example.nl. 60 NS nowhere.missing.nl.',
    );
    await chain.transfer();
    expect(await states(a, b)).toEqual({
      'lame.example.nl': 'Lame',
      'nowhere.missing.nl': 'Unreachable',
      'ns1.example.nl': 'Agrees',
      'ns2.example.nl': 'Agrees',
    });
  });

  test('a name counts as answering differently when one of its addresses does', async () => {
    await chain.nsupdate('add ns1.example.nl. 60 A 10.53.2.11');
    await chain.transfer();
    await chain.nsupdate(`delete ${owner}. TLSA ${formatTlsa(b)}`);
    expect(await states(a)).toMatchObject({ 'ns1.example.nl': 'Differs', 'ns2.example.nl': 'Differs' });
    await chain.transfer();
    expect(await states(a)).toMatchObject({ 'ns1.example.nl': 'Agrees', 'ns2.example.nl': 'Agrees' });
  });

  test('a dead server is not taken for one that agrees', async () => {
    await chain.secondary?.program.stop();
    expect(await states(a)).toMatchObject({ 'ns1.example.nl': 'Agrees', 'ns2.example.nl': 'Unreachable' });
  });
});
