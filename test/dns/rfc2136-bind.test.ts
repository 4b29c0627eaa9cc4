import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daneEE, decodeTlsa, sameSet, type TlsaRecord } from '../../src/core/tlsa.ts';
import type { Change, DnsProvider, RecordSet, Zone } from '../../src/dns/providers/provider.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { startUnbound } from '../support/unbound.ts';
import { startBindHarness, type BindHarness } from './bind-harness.ts';
import { describeProvider } from './conformance.ts';

describeProvider('BIND by RFC 2136', () => startBindHarness(3));

const [a, b] = [daneEE('01'.repeat(32)), daneEE('02'.repeat(32))] as const;
const NOTHING: RecordSet = { records: [], ttlSeconds: undefined };
const creating = (owner: string, ...add: readonly TlsaRecord[]): Change => ({
  owner,
  add,
  remove: [],
  ttlSeconds: 60,
  expected: NOTHING,
});

describe('BIND and RFC 2136', () => {
  const zone: Zone = { name: 'example.nl', signing: 'Signing' };
  let bind: BindHarness;
  beforeAll(async () => {
    bind = await startBindHarness(3, {
      addresses: { primary: '10.53.3.13', secondary: '10.53.3.14', parent: '10.53.3.15' },
      tsigAlgorithm: 'hmac-sha512',
      records: [
        { name: '_25._tcp.alias.example.nl', type: 'CNAME', data: '_25._tcp.mx1.example.nl' },
        { name: 'alias.example.nl', type: 'CNAME', data: 'mx.unsigned.nl' },
        { name: 'below.example.nl', type: 'NS', data: 'ns.elsewhere.nl' },
        { name: '_25._tcp.text.example.nl', type: 'TXT', data: '"stays"' },
      ],
      updatePolicy: ({ name }) => [
        `deny ${name} name _25._tcp.forbidden.example.nl TLSA;`,
        `grant ${name} zonesub ANY;`,
      ],
    });
  });
  afterAll(() => bind.stop());

  const error = (kind: string, code: string): object => ({ name: 'OperatorError', kind, code });

  describe('signatures', () => {
    test.each<[string, () => DnsProvider, object]>([
      ['another secret', () => bind.withWrongCredential, error('Stalled', 'BadSignature')],
      ['another key', () => bind.providerWith({ tsigKeyName: 'nobody.test' }), error('Stalled', 'BadKey')],
      ['another algorithm', () => bind.providerWith({ tsigAlgorithm: 'hmac-sha256' }), error('Stalled', 'BadKey')],
      [
        'a clock that is an hour late',
        () => bind.providerWith({ now: () => Date.now() - 3_600_000 }),
        error('Transient', 'BadTime'),
      ],
      [
        'a clock that is an hour early',
        () => bind.providerWith({ now: () => Date.now() + 3_600_000 }),
        error('Transient', 'BadTime'),
      ],
    ])('%s', async (_what, make, expected) => {
      const provider = make();
      const owner = '_25._tcp.signature.example.nl';
      await expect(provider.authenticate()).rejects.toMatchObject(expected);
      await expect(provider.read(zone, owner)).rejects.toMatchObject(expected);
      expect(await provider.change(zone, [creating(owner, a), creating(`2.${owner}`, a)])).toMatchObject([
        { outcome: 'Refused', error: expected },
        { outcome: 'Refused', error: expected },
      ]);
      expect(await bind.served(owner)).toEqual(NOTHING);
    });

    test('the key may be written as people write it', async () => {
      const { name, secret } = bind.chain.tsigKey;
      await bind.providerWith({ tsigKeyName: `${name.toUpperCase()}.`, tsigSecret: `${secret}\n` }).authenticate();
    });

    test.each(['', ' ', 'not base64!', 'abc', 'abcd=efg'])(
      'the secret %p is refused before anything is sent',
      (tsigSecret) => {
        expect(() => bind.providerWith({ tsigSecret })).toThrow(
          expect.objectContaining(error('Stalled', 'InvalidTSIGSecret')),
        );
      },
    );

    test('no message holds the secret', () => {
      expect(() => bind.providerWith({ tsigSecret: 'hunter2!' })).toThrow(expect.not.stringContaining('hunter2'));
    });
  });

  describe('zones', () => {
    test('below a delegation there is none: records there would never be seen', async () => {
      expect(await bind.provider.findZone('_25._tcp.mx1.below.example.nl')).toBeUndefined();
      expect(await bind.provider.findZone('below.example.nl')).toBeUndefined();
    });

    test('an alias does not lead to the zone of its target', async () => {
      expect(await bind.provider.findZone('alias.example.nl')).toEqual(zone);
      expect(await bind.provider.findZone('_25._tcp.alias.example.nl')).toEqual(zone);
    });

    test('only those that are listed, and listing one that is not there is said', async () => {
      const provider = bind.providerWith({ zones: ['Example.NL.', 'missing.nl'] });
      await provider.authenticate();
      expect(await provider.findZone('mx1.example.nl')).toEqual(zone);
      expect(await provider.findZone('mx1.unsigned.nl')).toBeUndefined();
      const notThere = error('Stalled', 'PrimaryNotAuthoritative');
      await expect(provider.findZone('mx1.missing.nl')).rejects.toMatchObject(notThere);
    });

    test('a name outside of the zone', async () => {
      expect(await bind.provider.change(zone, [creating('_25._tcp.mx.unsigned.nl', a)])).toMatchObject([
        { outcome: 'Refused', error: error('Stalled', 'OwnerOutsideZone') },
      ]);
    });

    test('a zone that the server does not have', async () => {
      const nowhere: Zone = { name: 'missing.nl', signing: 'Unknown' };
      const notThere = error('Stalled', 'PrimaryNotAuthoritative');
      await expect(bind.provider.read(nowhere, '_25._tcp.mx.missing.nl')).rejects.toMatchObject(notThere);
      expect(await bind.provider.change(nowhere, [creating('_25._tcp.mx.missing.nl', a)])).toMatchObject([
        { outcome: 'Refused', error: notThere },
      ]);
    });
  });

  test('an alias at the owner is said, and never written beside', async () => {
    const owner = '_25._tcp.alias.example.nl';
    await expect(bind.provider.read(zone, owner)).rejects.toMatchObject(error('Stalled', 'OwnerIsAlias'));
    expect(await bind.provider.change(zone, [creating(owner, a)])).toEqual([{ outcome: 'Conflict' }]);
  });

  test('other types at the owner stay', async () => {
    const owner = '_25._tcp.text.example.nl';
    expect(await bind.provider.change(zone, [creating(owner, a)])).toEqual([{ outcome: 'Applied' }]);
    const removal = { ...creating(owner), remove: [a], expected: { records: [a], ttlSeconds: 60 } };
    expect(await bind.provider.change(zone, [removal])).toEqual([{ outcome: 'Applied' }]);
    expect(await bind.chain.dig('+short', owner, 'TXT')).toBe('"stays"\n');
  });

  test('what the policy refuses harms no other', async () => {
    const names = ['fine1', 'fine2', 'forbidden', 'fine3', 'fine4'];
    const owners = names.map((name) => `_25._tcp.${name}.example.nl`);
    const results = await bind.provider.change(
      zone,
      owners.map((owner) => creating(owner, a)),
    );
    expect(results.map((result) => ('error' in result ? result.error.code : result.outcome))).toEqual([
      'Applied',
      'Applied',
      'PrimaryRefused',
      'Applied',
      'Applied',
    ]);
    expect(results[2]).toMatchObject({ error: { message: expect.stringContaining('_25._tcp.forbidden.example.nl') } });
  });

  test('a change that rewrites what is there costs no new serial', async () => {
    const owner = '_25._tcp.serial.example.nl';
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
      const resolver = createResolver({ servers: [{ host: unbound.address, port: unbound.port }] });
      const owner = '_25._tcp.secure.example.nl';
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

  test('an RRset that needs TCP to be read', async () => {
    const owner = '_25._tcp.large.example.nl';
    const records = Array.from({ length: 60 }, (_, index) => daneEE(index.toString(16).padStart(64, '0')));
    expect(await bind.provider.change(zone, [creating(owner, ...records)])).toEqual([{ outcome: 'Applied' }]);
    expect((await bind.provider.read(zone, owner)).records).toHaveLength(60);
  });

  test('an RRset that fits no message', async () => {
    const full = Array.from({ length: 20 }, (_, index) => ({
      usage: 2,
      selector: 0,
      matchingType: 0,
      data: index.toString(16).padStart(2, '0').repeat(4000),
    }));
    const [small, large] = ['small', 'huge'].map((name) => `_25._tcp.${name}.example.nl`) as [string, string];
    expect(await bind.provider.change(zone, [creating(large, ...full), creating(small, a)])).toMatchObject([
      { outcome: 'Refused', error: error('Stalled', 'RecordSetTooLarge') },
      { outcome: 'Applied' },
    ]);
  });

  describe('between us and the server', () => {
    const stops: (() => void)[] = [];
    afterEach(() => {
      for (const stop of stops.splice(0)) stop();
    });

    /** A way to BIND over TCP that lets the request through and does this to the answer. */
    async function through(treat: (answer: Buffer) => Buffer | undefined): Promise<DnsProvider> {
      const way = createServer((client) => {
        const upstream = connect(53, bind.chain.primary.address);
        client.on('error', () => undefined).on('data', (data) => upstream.write(data));
        upstream
          .on('error', () => undefined)
          .on('data', (data: Buffer) => {
            const treated = treat(data);
            if (treated === undefined) client.destroy();
            else client.write(treated);
            upstream.destroy();
          });
      });
      way.listen(0, '127.0.0.1');
      await once(way, 'listening');
      stops.push(() => way.close());
      return bind.providerWith({ server: `127.0.0.1:${(way.address() as AddressInfo).port}` });
    }

    test('an answer that is lost leaves it open whether it was done; what was not sent was not', async () => {
      const provider = await through(() => undefined);
      // Too much for one request together, so the third is in one of its own.
      const owners = [1, 2, 3].map((number) => `_25._tcp.lost${number}.example.nl`);
      const records = Array.from({ length: 90 }, (_, index) => daneEE(index.toString(16).padStart(64, '0')));
      const lost = error('Transient', 'PrimaryUnreachable');
      const changes = owners.map((owner) => creating(owner, ...records));
      expect(await provider.change(zone, changes)).toMatchObject([
        { outcome: 'Unknown', error: lost },
        { outcome: 'Unknown', error: lost },
        { outcome: 'Refused', error: lost },
      ]);
      const served = await Promise.all(owners.map((owner) => bind.served(owner)));
      expect(served.map((set) => set.records.length)).toEqual([90, 90, 0]);
    });

    test.each<[string, (answer: Buffer) => Buffer, string]>([
      ['without its signature', withoutTsig, 'TSIGAnswerUnsigned'],
      ['with another signature', (answer) => flip(answer, answer.length - 20), 'TSIGAnswerInvalid'],
      ['that says REFUSED instead', (answer) => flip(answer, 2 + 3, 5), 'TSIGAnswerInvalid'],
    ])('an answer %s is not believed', async (what, treat, code) => {
      const provider = await through(treat);
      const owner = `_25._tcp.forged-${what.length}.example.nl`;
      expect(await provider.change(zone, [creating(owner, a)])).toMatchObject([
        { outcome: 'Unknown', error: { code } },
      ]);
    });

    test('a server on this machine is not for tenants', async () => {
      const provider = bind.providerWith({ server: '127.0.0.1:53', refuseLocal: true });
      await expect(provider.authenticate()).rejects.toMatchObject(error('Stalled', 'PrimaryAddressRefused'));
    });
  });
});

function flip(answer: Buffer, at: number, bits = 1): Buffer {
  const flipped = Buffer.from(answer);
  flipped[at] = (flipped[at] ?? 0) ^ bits;
  return flipped;
}

/** The length, the header and the zone of an UPDATE's answer, and nothing behind it. */
function withoutTsig(answer: Buffer): Buffer {
  const bare = Buffer.from(answer.subarray(0, 2 + 12));
  bare.fill(0, 2 + 4);
  bare.writeUInt16BE(12, 0);
  return bare;
}
