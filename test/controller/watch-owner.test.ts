/**
 * What is asked so that a broken DNS is seen, and how seldom. The server that denies the name above an owner is a double: none that is here
 * can be brought to.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Claim } from '../../src/controller/claims.ts';
import { EmptyNonTerminals } from '../../src/controller/empty-non-terminals.ts';
import type { MailServerStatus } from '../../src/api/mail-server-status.ts';
import { eventsOf } from '../../src/controller/mail-server-events.ts';
import { ZoneNameServers } from '../../src/controller/zone-name-servers.ts';
import { ZoneWatch } from '../../src/controller/zone-watch.ts';
import { daneEE, encodeTlsa, formatTlsa } from '../../src/core/tlsa.ts';
import { Rcode, RRType } from '../../src/dns/constants.ts';
import type { Flag } from '../../src/dns/message.ts';
import { askServers, type ServerSample } from '../../src/dns/servers.ts';
import { answerTo, startFakeServer, type FakeServer } from '../dns/fake-server.ts';
import { PRIMARY, SECONDARY, startHeldChain, type HeldChain } from './held-chain.ts';

const zone = 'example.nl';
const owner = `_25._tcp.mx1.${zone}`;
const record = daneEE('01'.repeat(32));
const DOUBLE = '10.53.2.18';
const DAY_MS = 24 * 60 * 60_000;
const RECORD_SET: NonNullable<MailServerStatus['recordSets']>[number] = {
  owner,
  provider: 'DNSProvider/bind',
  zone,
  ttlSeconds: 60,
  records: [{ data: formatTlsa(record), role: 'Serving' }],
  versions: [
    { n: 1, kind: 'Written', records: [formatTlsa(record)], ttlSeconds: 60, writtenAt: '2026-11-22T12:00:00Z' },
  ],
};
const never = (): Promise<never> => Promise.reject(new Error('the provider is asked for nothing else'));
const NOT_ASKED = { authenticate: never, findZone: never, read: never, change: never };
const AUTHORITY = new Set<Flag>(['qr', 'aa']);

/** Counts how often the primary is asked for its serial: once for each look at the zone. */
let serials = 0;
const claim: Claim = {
  providerName: 'DNSProvider/bind',
  provider: {
    dns: {
      ...NOT_ASKED,
      serial: async () => {
        serials += 1;
        return Number(await held.chain.serialAt(PRIMARY, zone));
      },
    },
    writer: { write: () => Promise.reject(new Error('nothing is written')) },
    allow: undefined,
  },
  zone: { name: zone, signing: 'Signing' },
  sight: 'Answered',
};

let held: HeldChain;
let double: FakeServer;
/** What the double says of the name above the owner. */
let rcode: number;
let now = 0;
beforeAll(async () => {
  held = await startHeldChain({ records: [{ name: owner, type: 'TLSA', data: formatTlsa(record) }] });
  const tlsa = { name: owner, type: RRType.TLSA, class: 1, ttlSeconds: 60, rdata: encodeTlsa(record) };
  const handler: Parameters<typeof startFakeServer>[0] = (request) => [
    request.questions[0]?.name === owner
      ? answerTo(request, { flags: AUTHORITY, answers: [tlsa] })
      : answerTo(request, { flags: AUTHORITY, rcode }),
  ];
  double = await startFakeServer(handler, DOUBLE, 53);
});
afterEach(() => {
  rcode = Rcode.NXDomain;
});
afterAll(async () => {
  await double.stop();
  await held.stop();
});

const samples = (...addresses: readonly string[]): Promise<ServerSample[]> => {
  const servers = addresses.map((address) => ({ name: address, addresses: [address] }));
  return askServers(servers, { zone, owner, withSerial: false }, Date.now);
};
const asked = (): number => double.received.filter(({ message }) => message.questions[0]?.name !== owner).length;

test('servers that know it (BIND) are not named, one that denies it is', async () => {
  rcode = Rcode.NXDomain;
  const names = new EmptyNonTerminals(() => now);
  expect(await names.deniedBy(owner, await samples(PRIMARY, SECONDARY))).toEqual([]);
  const others = new EmptyNonTerminals(() => now);
  expect(await others.deniedBy(owner, await samples(PRIMARY, SECONDARY, DOUBLE))).toEqual([DOUBLE]);
});

test('who has no records at the owner, or refuses, says nothing about it', async () => {
  rcode = Rcode.NXDomain;
  const names = new EmptyNonTerminals(() => now);
  const [sample] = await samples(DOUBLE);
  const outcomes = new Map([[DOUBLE, { at: new Date(), records: [] }]]);
  expect(await names.deniedBy(owner, [{ name: DOUBLE, state: 'Answers', outcomes }])).toEqual([]);
  rcode = Rcode.Refused;
  expect(await new EmptyNonTerminals(() => now).deniedBy(owner, sample ? [sample] : [])).toEqual([]);
});

test('where all is well it is asked once a day, or when a person wants to know; where not, each time', async () => {
  const names = new EmptyNonTerminals(() => now);
  const answered = await samples(DOUBLE);
  const deniedBy = async (): Promise<readonly [number, readonly string[]]> => {
    const before = asked();
    const denied = await names.deniedBy(owner, answered);
    return [asked() - before, denied];
  };
  rcode = Rcode.NXDomain;
  expect(await deniedBy()).toEqual([1, [DOUBLE]]);
  expect(await deniedBy()).toEqual([1, [DOUBLE]]);
  rcode = Rcode.NoError;
  expect(await deniedBy()).toEqual([1, []]);
  rcode = Rcode.NXDomain;
  expect(await deniedBy()).toEqual([0, []]);
  names.forget(owner);
  expect(await deniedBy()).toEqual([1, [DOUBLE]]);
  rcode = Rcode.NoError;
  expect(await deniedBy()).toEqual([1, []]);
  now += DAY_MS;
  rcode = Rcode.NXDomain;
  expect(await deniedBy()).toEqual([1, [DOUBLE]]);
});

describe('a zone', () => {
  const watch = (): ZoneWatch => {
    const clock = (): number => Date.now() + now;
    return new ZoneWatch(new ZoneNameServers(held.resolver, clock), held.resolver, clock);
  };
  const LATER_MS = 5 * 60_000;

  test('one look for all owners, for five minutes, or until a person asks', async () => {
    const zones = watch();
    const looks = async (): Promise<number> => {
      const before = serials;
      await Promise.all([zones.of(claim), zones.of(claim)]);
      return serials - before;
    };
    expect(await looks()).toBe(1);
    expect(await looks()).toBe(0);
    zones.forget(zone);
    expect(await looks()).toBe(1);
    now += LATER_MS;
    expect(await looks()).toBe(1);
  });

  test('every server is looked at, and the DS', async () => {
    const { copies, signatures, hasDS } = await watch().of(claim);
    expect(copies.map(({ address, behindSince }) => [address, behindSince])).toEqual([
      [PRIMARY, undefined],
      [SECONDARY, undefined],
    ]);
    expect(signatures).toHaveLength(4);
    expect(hasDS).toBe(true);
  });

  test('a secondary is behind since the primary was first seen ahead of it, however often it changes; its copy expires when it does', async () => {
    const zones = watch();
    const secondary = async () => (await zones.of(claim)).copies.find(({ address }) => address === SECONDARY);
    const before = await secondary();
    await held.chain.nsupdate(`add one.${zone}. 60 TXT one`);
    zones.forget(zone);
    const [since, first] = [Date.now() + now, await secondary()];
    expect(Math.abs((first?.behindSince?.getTime() ?? 0) - since)).toBeLessThan(10_000);
    await held.chain.nsupdate(`add two.${zone}. 60 TXT two`);
    now += LATER_MS;
    expect((await secondary())?.behindSince).toEqual(first?.behindSince);
    await held.chain.transfer();
    zones.forget(zone);
    expect((await secondary())?.behindSince).toBeUndefined();
    expect(first?.expiresAt).toEqual(before?.expiresAt);
  });
});

describe('events', () => {
  const status = (type: string, how: string, isPublished = true): MailServerStatus => {
    const [state, reason = ''] = how.split(' ');
    const condition = { type, status: state as 'True', reason, message: `because of ${reason}` };
    return {
      observedGeneration: 1,
      conditions: [{ ...condition, observedGeneration: 1, lastTransitionTime: '2026-11-22T12:00:00Z' }],
      recordSets: isPublished ? [RECORD_SET] : [],
    };
  };

  const told = (before: MailServerStatus, after: MailServerStatus) =>
    eventsOf(before, after, { now: new Date(), desired: { waitTTLs: 2 } });

  test.each([
    ['DNSSECSecure', 'True Secure', 'True SignaturesExpireSoon'],
    ['DNSSECSecure', 'True SignaturesExpireSoon', 'False SignaturesExpired'],
    ['DNSSECSecure', 'True Secure', 'True DSMissing'],
    ['DNSSECSecure', 'True Secure', 'False Bogus'],
    ['DNSSECSecure', 'True Secure', 'False ZoneNotSigned'],
    ['DNSSECSecure', 'True Secure', 'False AddressesNotSecure'],
    ['Propagated', 'True AllServersAnswer', 'False TransferOverdue'],
    ['Propagated', 'False ServersLag', 'False EmptyNonTerminalDenied'],
  ])('%s: from %s to %s is told once, and that it is over; where nothing is published it is not', (type, well, bad) => {
    const [before, after] = [status(type, well), status(type, bad)];
    const reason = bad.split(' ')[1];
    expect(told(before, after)).toEqual([{ type: 'Warning', reason, message: `because of ${String(reason)}` }]);
    expect(told(after, after)).toEqual([]);
    expect(told(after, status(type, 'True Secure'))).toMatchObject([{ type: 'Normal', reason: 'Secure' }]);
    const unpublished = [status(type, well, false), status(type, bad, false)] as const;
    expect(told(...unpublished)).toEqual([]);
  });

  test('a secondary that lags for a moment is not told', () => {
    expect(told(status('Propagated', 'True AllServersAnswer'), status('Propagated', 'False ServersLag'))).toEqual([]);
  });
});
