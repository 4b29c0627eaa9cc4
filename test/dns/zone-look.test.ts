/** What servers show of their copies of a zone, and what the zone above says of its DS. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { overdueAt } from '../../src/core/signatures.ts';
import { hasDsAtParent } from '../../src/dns/delegation.ts';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import { lookAtZone, type ZoneLook } from '../../src/dns/zone-look.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { startKnot } from '../support/knot.ts';
import { startPowerDns } from '../support/powerdns.ts';
import { startKnotSecondary, type KnotSecondary } from '../support/knot-secondary.ts';
import type { RunningProgram } from '../support/process.ts';
import { startSignedCopy } from '../support/signed-copy.ts';
import { startUnbound, type UnboundServer } from '../support/unbound.ts';

const ZONE = 'example.nl';
const [PRIMARY, SECONDARY, PARENT] = ['10.53.2.10', '10.53.2.11', '10.53.2.12'] as const;
const [RESOLVER, KNOT, HAND, SIGNING, NOBODY] = ['10.53.2.13', '10.53.2.14', '10.53.2.15', '10.53.2.16', '10.53.2.19'];
const DAY = 24 * 60 * 60;
/** In the SOA of every zone of the chain. */
const [REFRESH, RETRY, EXPIRE] = [3600, 600, 86_400];

const dir = mkdtempSync(join(tmpdir(), 'zone-look-'));
let chain: DnssecChain;
let unbound: UnboundServer;
let resolver: Resolver;
let knot: KnotSecondary;
beforeAll(async () => {
  const addresses = { primary: PRIMARY, secondary: SECONDARY, parent: PARENT };
  const moreZones = [
    { name: 'island.nl', delegation: 'NoDS' },
    { name: 'sub.example.nl', delegation: 'NoDS' },
  ] as const;
  chain = await startDnssecChain({ dir: join(dir, 'chain'), addresses, secondary: 'Held', moreZones });
  unbound = await startUnbound({ dir: join(dir, 'unbound'), address: RESOLVER, port: 53, chain, cache: 'None' });
  resolver = createResolver({ servers: [{ host: RESOLVER, port: 53 }], monotonic: () => performance.now() });
  knot = await startKnotSecondary({ dir: join(dir, 'knot'), address: KNOT, primary: PRIMARY, zone: ZONE });
});
afterAll(async () => {
  await knot.program.stop();
  await unbound.stop();
  await chain.stop();
  rmSync(dir, { recursive: true });
});

const look = (...addresses: readonly string[]): Promise<ZoneLook> => {
  const servers = addresses.map((address) => ({ name: address, addresses: [address] }));
  return lookAtZone(ZONE, servers, Date.now, { timeoutMs: 700 });
};
const secondsFromNow = (moment: Date | undefined): number => ((moment?.getTime() ?? NaN) - Date.now()) / 1000;
const expectAbout = (actual: number, expected: number): void => {
  expect(Math.abs(actual - expected)).toBeLessThan(120);
};

describe('copies', () => {
  test.each([
    ['a primary (BIND)', PRIMARY],
    ['a secondary (BIND)', SECONDARY],
    ['a secondary (Knot)', KNOT],
  ])('%s: its serial, how secondaries are to follow, and when its copy expires', async (_what, address) => {
    const { copies } = await look(address);
    expect(copies).toMatchObject([
      { server: address, address, refreshSeconds: REFRESH, retrySeconds: RETRY, expireSeconds: EXPIRE },
    ]);
    expect(copies[0]?.serial).toBe(Number((await chain.dig('+short', ZONE, 'SOA')).split(' ')[2]));
    // It has followed just now.
    expectAbout(secondsFromNow(copies[0]?.expiresAt), EXPIRE);
  });

  test('a secondary that does not follow has the serial of before', async () => {
    const before = (await look(SECONDARY)).copies[0]?.serial;
    await chain.nsupdate(`add new.${ZONE}. 60 TXT new`);
    const { copies } = await look(PRIMARY, SECONDARY);
    expect(copies.map(({ server }) => server)).toEqual([PRIMARY, SECONDARY]);
    expect(copies[1]?.serial).toBe(before);
    expect(copies[0]?.serial).toBeGreaterThan(before ?? NaN);
  });

  test('who is silent, or answers without authority, shows nothing', async () => {
    expect(await look(NOBODY, RESOLVER, PARENT)).toEqual({ copies: [], signatures: [] });
  });
});

describe('signatures', () => {
  test('of the SOA and of the keys; what BIND signed by its defaults is far from overdue', async () => {
    const { signatures } = await look(PRIMARY);
    expect(signatures.map(({ of }) => of)).toEqual([`${ZONE} SOA`, `${ZONE} DNSKEY`]);
    for (const signature of signatures) {
      expect(signature.validitySeconds).toBeGreaterThan(13 * DAY);
      // `signatures-refresh`, by default.
      expect((signature.expiresAt.getTime() - overdueAt(signature).getTime()) / 1000).toBeLessThan(5 * DAY);
    }
  });

  test('a copy that was signed long ago', async () => {
    const copy = await startSignedCopy({
      dir: join(dir, 'hand'),
      address: HAND,
      chain,
      chainDir: join(dir, 'chain'),
      validSince: 13 * DAY,
      validFor: 3600,
    });
    const { signatures } = await look(HAND);
    expect(signatures.map(({ of }) => of)).toEqual([`${ZONE} SOA`, `${ZONE} DNSKEY`]);
    for (const { expiresAt, validitySeconds } of signatures) {
      expectAbout(secondsFromNow(expiresAt), 3600);
      expect(validitySeconds).toBe(13 * DAY + 3600);
    }
    await copy.program.stop();
  });

  describe('other signers, by their defaults', () => {
    const started = (start: typeof startKnot, name: string, address: string): Promise<RunningProgram> => {
      const nameServer = [
        { name: ZONE, type: 'NS', data: `ns1.${ZONE}` },
        { name: `ns1.${ZONE}`, type: 'A', data: address },
      ];
      const zones = [{ name: ZONE, signed: true, records: nameServer }];
      return start({ dir: join(dir, name), address, key: chain.tsigKey, zones, allowedBelow: 'mail' });
    };

    test('Knot renews before it is overdue', async () => {
      const program = await started(startKnot, 'signing-knot', SIGNING);
      const [renewal] = /next signing at \S+/.exec(readFileSync(program.logFile, 'utf8')) ?? [];
      const at = Date.parse(renewal?.split(' ').at(-1) ?? '');
      const { signatures } = await look(SIGNING);
      await program.stop();
      expect(signatures).toHaveLength(2);
      for (const signature of signatures) {
        expect(overdueAt(signature).getTime()).toBeGreaterThan(at);
        // And it leaves time.
        expect(overdueAt(signature).getTime()).toBeLessThan(signature.expiresAt.getTime() - 1800_000);
      }
    });

    test('PowerDNS signs anew each week for three; it does not say when copies expire', async () => {
      const program = await started(startPowerDns, 'signing-powerdns', SIGNING);
      const { signatures, copies } = await look(SIGNING);
      await program.stop();
      expect(copies).toMatchObject([{ expiresAt: undefined, expireSeconds: EXPIRE }]);
      expect(signatures).toHaveLength(2);
      for (const signature of signatures) {
        expect(signature.validitySeconds).toBe(21 * DAY);
        expect(secondsFromNow(signature.expiresAt)).toBeGreaterThan(7 * DAY - 3600);
        expect((signature.expiresAt.getTime() - overdueAt(signature).getTime()) / 1000).toBeLessThan(6 * DAY);
      }
    });
  });
});

describe('the DS, as the zone above has it', () => {
  test.each([
    ['example.nl', true],
    ['island.nl', false],
    ['sub.example.nl', false],
    ['.', undefined],
  ])('%s: %s', async (zone, expected) => {
    expect(await hasDsAtParent(zone, resolver)).toBe(expected);
  });

  test('gone and back, before resolvers forget', async () => {
    await chain.setDS(ZONE, false);
    expect(await hasDsAtParent(ZONE, resolver)).toBe(false);
    await chain.setDS(ZONE, true);
    expect(await hasDsAtParent(ZONE, resolver)).toBe(true);
  });

  test('where nobody can be asked it is not known', async () => {
    await chain.parent.program.stop();
    expect(await hasDsAtParent(ZONE, resolver, { timeoutMs: 300 })).toBeUndefined();
  });
});
