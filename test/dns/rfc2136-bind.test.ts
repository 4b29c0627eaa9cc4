import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daneEE, decodeTlsa, sameSet } from '../../src/core/tlsa.ts';
import type { Change, Zone } from '../../src/dns/providers/provider.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { startUnbound } from '../support/unbound.ts';
import { creating, startBindHarness, type BindHarness } from './bind-harness.ts';
import { describeProvider } from './conformance/index.ts';

describeProvider('BIND by RFC 2136', () => startBindHarness(3));

const [a, b] = [daneEE('01'.repeat(32)), daneEE('02'.repeat(32))] as const;

describe('BIND and RFC 2136', () => {
  const zone: Zone = { name: 'example.nl', signing: 'Signing' };
  let bind: BindHarness;
  beforeAll(async () => {
    bind = await startBindHarness(3, {
      addresses: { primary: '10.53.3.13', secondary: '10.53.3.14', parent: '10.53.3.15' },
    });
  });
  afterAll(() => bind.stop());

  const error = (kind: string, code: string): object => ({ name: 'OperatorError', kind, code });

  describe('zones', () => {
    test('the longest one counts, also where only the one above it is listed', async () => {
      const provider = bind.providerWith({ zones: ['example.nl'] });
      expect(await provider.findZone('mx1.sub.example.nl')).toBeUndefined();
    });

    test('only those that are listed, and listing one that is not there is said', async () => {
      const provider = bind.providerWith({ zones: ['Example.NL.', 'missing.nl'] });
      await provider.authenticate();
      expect(await provider.findZone('mx1.example.nl')).toEqual(zone);
      expect(await provider.findZone('mx1.unsigned.nl')).toBeUndefined();
      const notThere = error('Stalled', 'PrimaryNotAuthoritative');
      await expect(provider.findZone('mx1.missing.nl')).rejects.toMatchObject(notThere);
    });

    test('a zone that the server does not have', async () => {
      const nowhere: Zone = { name: 'missing.nl', signing: 'Unknown' };
      const owner = '_25._tcp.mx.missing.nl';
      await expect(bind.provider.read(nowhere, owner)).rejects.toMatchObject(error('Stalled', 'PrimaryRefused'));
      const below: Zone = { name: 'example.nl', signing: 'Unknown' };
      const delegated = bind.provider.read(below, '_25._tcp.mx1.below.example.nl');
      await expect(delegated).rejects.toMatchObject(error('Stalled', 'PrimaryNotAuthoritative'));
      expect(await bind.provider.change(nowhere, [creating(owner, a)])).toMatchObject([
        { outcome: 'Refused', error: error('Stalled', 'PrimaryNotAuthoritative') },
      ]);
    });
  });

  test('a change that rewrites what is there costs no new serial', async () => {
    const owner = '_25._tcp.serial.hosts.example.nl';
    await bind.provider.change(zone, [creating(owner, a, b)]);
    const serial = async (): Promise<string> => bind.chain.dig('+short', 'example.nl', 'SOA');
    const before = await serial();
    const again = { ...creating(owner, a), expected: { records: [a, b], ttlSeconds: 60 } };
    expect(await bind.provider.change(zone, [again])).toEqual([{ outcome: 'Applied' }]);
    expect(await serial()).toBe(before);
  });

  test('what is written is secure for a validating resolver, and so is its absence', async () => {
    const { chain } = bind;
    const dir = mkdtempSync(join(tmpdir(), 'unbound-'));
    const unbound = await startUnbound({ dir, address: '10.53.3.16', port: 53, chain, cache: 'None' });
    try {
      const resolver = createResolver({
        servers: [{ host: unbound.address, port: unbound.port }],
        monotonic: () => performance.now(),
      });
      const owner = '_25._tcp.secure.hosts.example.nl';
      const change = async (of: Change): Promise<void> => {
        expect(await bind.provider.change(zone, [of])).toEqual([{ outcome: 'Applied' }]);
      };
      expect(await resolver.lookup(owner, 'TLSA')).toMatchObject({ status: 'NoName', secure: true });
      await change(creating(owner, a, b));
      const found = await resolver.lookup(owner, 'TLSA');
      expect(found).toMatchObject({ status: 'Found', secure: true, ttlSeconds: 60, wildcard: false });
      expect(
        sameSet(
          found.records.map(({ rdata }) => decodeTlsa(rdata)),
          [a, b],
        ),
      ).toBe(true);
      await change({ ...creating(owner), remove: [a, b], expected: { records: [a, b], ttlSeconds: 60 } });
      expect(await resolver.lookup(owner, 'TLSA')).toMatchObject({ status: 'NoName', secure: true });
    } finally {
      await unbound.stop();
      rmSync(dir, { recursive: true });
    }
  });

  test('an RRset that fits no message', async () => {
    const full = Array.from({ length: 20 }, (_, index) => ({
      usage: 2,
      selector: 0,
      matchingType: 0,
      data: index.toString(16).padStart(2, '0').repeat(4000),
    }));
    const [small, large] = ['small', 'huge'].map((name) => `_25._tcp.${name}.hosts.example.nl`) as [string, string];
    expect(await bind.provider.change(zone, [creating(large, ...full), creating(small, a)])).toMatchObject([
      { outcome: 'Refused', error: error('Stalled', 'RecordSetTooLarge') },
      { outcome: 'Applied' },
    ]);
  });
});
