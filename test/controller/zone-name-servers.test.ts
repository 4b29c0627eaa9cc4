/** On real name servers, and a clock that the test turns. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ZoneNameServers } from '../../src/controller/zone-name-servers.ts';
import { transient } from '../../src/core/errors.ts';
import type { Resolver } from '../../src/dns/resolver.ts';
import { PRIMARY, SECONDARY, startHeldChain, type HeldChain } from './held-chain.ts';

let held: HeldChain;
let clock = Date.parse('2026-11-22T12:00:00Z');
const now = (): number => clock;
const inFuture = (ms: number): Date => new Date(clock + ms);
const zone = 'example.nl';
const SECONDS = 1000;
const MINUTES = 60 * SECONDS;

beforeAll(async () => {
  held = await startHeldChain({ moreZones: [{ name: 'other.nl', delegation: 'Unsigned' }] });
});
afterAll(() => held.stop());

const [ns1, ns2] = [
  { name: `ns1.${zone}`, addresses: [PRIMARY] },
  { name: `ns2.${zone}`, addresses: [SECONDARY] },
];
let nameServers: ZoneNameServers;
beforeEach(async () => {
  nameServers = new ZoneNameServers(held.resolver, now);
  await add();
});
const ns3 = { name: 'ns3.other.nl', addresses: ['10.53.2.18'] };
const add = async (): Promise<void> => {
  await held.change(`add ${zone}. 3600 NS ${ns3.name}.`);
  await changeAddress(`add ${ns3.name}. 60 A 10.53.2.18`);
};
const takeAway = async (): Promise<void> => {
  await held.change(`delete ${zone}. NS ${ns3.name}.`);
  await takeAddressAway();
};
const changeAddress = async (line: string): Promise<void> => {
  await held.chain.nsupdate(line);
  await held.chain.transfer('other.nl');
};
const takeAddressAway = (): Promise<void> => changeAddress(`delete ${ns3.name}. A`);

test('one that left stays, with the address that it had, as long as resolvers may keep the NS sets', async () => {
  expect(await nameServers.of(zone)).toEqual([ns1, ns2, ns3]);
  await takeAway();
  clock += 5 * MINUTES - 1;
  expect(await nameServers.of(zone)).toEqual([ns1, ns2, ns3]);
  clock += 1;
  const goneUntil = inFuture(60 * MINUTES);
  expect(await nameServers.of(zone)).toEqual([ns1, ns2, { ...ns3, goneUntil }]);
  clock += 60 * MINUTES - 1;
  expect(await nameServers.of(zone)).toEqual([ns1, ns2, { ...ns3, goneUntil }]);
  clock += 1;
  expect(await nameServers.of(zone)).toEqual([ns1, ns2]);
});

test('one that comes back is one of them again', async () => {
  await nameServers.of(zone);
  await takeAway();
  clock += 5 * MINUTES;
  expect(await nameServers.of(zone)).toMatchObject([ns1, ns2, { name: ns3.name, goneUntil: expect.any(Date) }]);
  await add();
  clock += 5 * MINUTES;
  expect(await nameServers.of(zone)).toEqual([ns1, ns2, ns3]);
});

test('one that is there and whose address is gone is asked where it was: caches and glue lead there', async () => {
  await nameServers.of(zone);
  await takeAddressAway();
  clock += 5 * MINUTES;
  expect(await nameServers.of(zone)).toEqual([ns1, ns2, ns3]);
});

test('what status remembers counts from the start: the later moment, and not of those that are there', async () => {
  await held.change(`delete ${zone}. NS ${ns3.name}.`);
  const [soon, later] = [inFuture(10 * MINUTES), inFuture(20 * MINUTES)];
  const remembered = [
    { name: ns1.name, until: later },
    { name: ns3.name, until: later },
    { name: 'ns.missing.nl', until: later },
    { name: 'ns.past.nl', until: inFuture(0) },
  ];
  const expected = [ns1, ns2, { ...ns3, goneUntil: later }, { name: 'ns.missing.nl', addresses: [], goneUntil: later }];
  expect(await nameServers.of(zone, remembered)).toEqual(expected);
  expect(await nameServers.of(zone, [{ name: ns3.name, until: soon }])).toEqual(expected);
  clock += 20 * MINUTES;
  expect(await nameServers.of(zone, remembered)).toEqual([ns1, ns2]);
});

test('what could not be found is not asked for again at once, and one that left meanwhile is not forgotten', async () => {
  let broken = false;
  const failing: Resolver = {
    lookup: (...parameters) =>
      broken ? Promise.reject(transient('ResolverTimeout', 'it does not answer')) : held.resolver.lookup(...parameters),
  };
  nameServers = new ZoneNameServers(failing, now);
  await nameServers.of(zone);
  clock += 5 * MINUTES;
  broken = true;
  const error = { name: 'OperatorError', code: 'ResolverTimeout' };
  await expect(nameServers.of(zone)).rejects.toMatchObject(error);
  broken = false;
  await takeAway();
  clock += 20 * SECONDS - 1;
  await expect(nameServers.of(zone)).rejects.toMatchObject(error);
  clock += 1;
  expect(await nameServers.of(zone)).toMatchObject([ns1, ns2, { ...ns3, goneUntil: expect.any(Date) }]);
});

test('what only the resolver says, where nobody else can be asked, is not believed for long', async () => {
  let blocked = true;
  const leading: Resolver = {
    lookup: async (name, type) => {
      const found = await held.resolver.lookup(name, type);
      return blocked && type === 'A' ? { ...found, records: [] } : found;
    },
  };
  nameServers = new ZoneNameServers(leading, now);
  const nowhere = [ns1, ns2, ns3].map(({ name }) => ({ name, addresses: [] }));
  expect(await nameServers.of(zone)).toEqual(nowhere);
  blocked = false;
  clock += 20 * SECONDS - 1;
  expect(await nameServers.of(zone)).toEqual(nowhere);
  clock += 1;
  expect(await nameServers.of(zone)).toEqual([ns1, ns2, ns3]);
});
