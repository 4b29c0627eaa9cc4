import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { daneEE } from '../../src/core/tlsa.ts';
import type { DnsProvider, Zone } from '../../src/dns/providers/provider.ts';
import { creating, NOTHING, startBindHarness, type BindHarness } from './bind-harness.ts';
import { startWay } from './way.ts';

const a = daneEE('01'.repeat(32));

describe('transaction signatures between the provider and BIND', () => {
  const zone: Zone = { name: 'example.nl', signing: 'Signing' };
  let bind: BindHarness;
  beforeAll(async () => {
    bind = await startBindHarness(1, {
      addresses: { primary: '10.53.1.14', secondary: '10.53.1.15', parent: '10.53.1.16' },
      tsigAlgorithm: 'hmac-sha512',
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
      const owner = '_25._tcp.signature.hosts.example.nl';
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

  describe('between us and the server', () => {
    const stops: (() => void)[] = [];
    afterEach(() => {
      for (const stop of stops.splice(0)) stop();
    });

    async function through(treat: (answer: Buffer) => Buffer | undefined): Promise<DnsProvider> {
      const way = await startWay(bind.chain.primary.address, treat);
      stops.push(way.stop);
      return bind.providerWith({ server: way.server });
    }

    test('an answer that is lost leaves it open whether it was done; what was not sent was not', async () => {
      const provider = await through(() => undefined);
      // Too much for one request together, so the third is in one of its own.
      const owners = [1, 2, 3].map((number) => `_25._tcp.lost${number}.hosts.example.nl`);
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
      const owner = `_25._tcp.forged-${what.length}.hosts.example.nl`;
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
