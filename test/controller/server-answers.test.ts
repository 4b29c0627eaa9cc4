/** Over a primary, a secondary whose transfers are held back, their parent, and a clock that the test turns. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerAnswers, type Watch, type WatchedOwner } from '../../src/controller/server-answers.ts';
import { ZoneNameServers } from '../../src/controller/zone-name-servers.ts';
import { transient } from '../../src/core/errors.ts';
import { isSerialAtLeast } from '../../src/core/serial.ts';
import { daneEE, formatTlsa } from '../../src/core/tlsa.ts';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { eventually } from '../support/process.ts';
import { startUnbound, type UnboundServer } from '../support/unbound.ts';

const zone = 'example.nl';
const owner = `_25._tcp.mx1.${zone}`;
const [a, b] = ['01', '02'].map((octet) => daneEE(octet.repeat(32))) as [
  ReturnType<typeof daneEE>,
  ReturnType<typeof daneEE>,
];
const SECONDS = 1000;
const MINUTES = 60 * SECONDS;
const [PRIMARY, SECONDARY] = ['10.53.2.10', '10.53.2.11'];

const dir = mkdtempSync(join(tmpdir(), 'server-answers-'));
let chain: DnssecChain;
let unbound: UnboundServer;
let resolver: Resolver;
let clock = Date.parse('2026-11-22T12:00:00Z');
const now = (): number => clock;
const inFuture = (ms: number): Date => new Date(clock + ms);

beforeAll(async () => {
  chain = await startDnssecChain({
    dir,
    addresses: { primary: PRIMARY, secondary: SECONDARY, parent: '10.53.2.12' },
    secondary: 'Held',
    records: [{ name: owner, type: 'TLSA', data: formatTlsa(a) }],
    moreZones: [{ name: 'other.nl', delegation: 'Unsigned' }],
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

const change = async (...lines: readonly string[]): Promise<void> => {
  await chain.nsupdate(...lines);
  await chain.transfer();
};

function threadsOf(server: DnssecChain['secondary']): string[] {
  const folder = `/proc/${String(server?.program.pid)}/task`;
  return readdirSync(folder).map(
    (thread) => /^State:\s+(\w)/m.exec(readFileSync(join(folder, thread, 'status'), 'utf8'))?.[1] ?? '',
  );
}

describe('the name servers of a zone', () => {
  const [ns1, ns2] = [
    { name: `ns1.${zone}`, addresses: [PRIMARY] },
    { name: `ns2.${zone}`, addresses: [SECONDARY] },
  ];
  let nameServers: ZoneNameServers;
  beforeEach(async () => {
    nameServers = new ZoneNameServers(resolver, now);
    await add();
  });
  const ns3 = { name: 'ns3.other.nl', addresses: ['10.53.2.18'] };
  const add = async (): Promise<void> => {
    await change(`add ${zone}. 3600 NS ${ns3.name}.`);
    await changeAddress(`add ${ns3.name}. 60 A 10.53.2.18`);
  };
  const takeAway = async (): Promise<void> => {
    await change(`delete ${zone}. NS ${ns3.name}.`);
    await takeAddressAway();
  };
  const changeAddress = async (line: string): Promise<void> => {
    await chain.nsupdate(line);
    await chain.transfer('other.nl');
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
    await change(`delete ${zone}. NS ${ns3.name}.`);
    const [soon, later] = [inFuture(10 * MINUTES), inFuture(20 * MINUTES)];
    const remembered = [
      { name: ns1.name, until: later },
      { name: ns3.name, until: later },
      { name: 'ns.missing.nl', until: later },
      { name: 'ns.past.nl', until: inFuture(0) },
    ];
    const expected = [
      ns1,
      ns2,
      { ...ns3, goneUntil: later },
      { name: 'ns.missing.nl', addresses: [], goneUntil: later },
    ];
    expect(await nameServers.of(zone, remembered)).toEqual(expected);
    expect(await nameServers.of(zone, [{ name: ns3.name, until: soon }])).toEqual(expected);
    clock += 20 * MINUTES;
    expect(await nameServers.of(zone, remembered)).toEqual([ns1, ns2]);
  });

  test('what could not be found is not asked for again at once, and one that left meanwhile is not forgotten', async () => {
    let broken = false;
    const failing: Resolver = {
      lookup: (...parameters) =>
        broken ? Promise.reject(transient('ResolverTimeout', 'it does not answer')) : resolver.lookup(...parameters),
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
});

describe('what they answer', () => {
  let answers: ServerAnswers;
  beforeEach(async () => {
    answers = new ServerAnswers(new ZoneNameServers(resolver, now), now);
    clock += 5 * MINUTES;
    await change(`delete ${owner}. TLSA`, `add ${owner}. 60 TLSA ${formatTlsa(a)}`);
  });
  const publish = (): Promise<void> => chain.nsupdate(`add ${owner}. 60 TLSA ${formatTlsa(b)}`);
  const look = (of: Partial<WatchedOwner> = {}, mailServer = 'mail/mx'): Promise<Watch> =>
    answers.watch(mailServer, { owner, zone, gone: [], withSerial: true, ...of });
  /** How many records each server answered, each time. */
  const seen = ({ servers }: Watch): unknown =>
    Object.fromEntries(
      servers.map(({ name, state, answers: all }) => [
        name.split('.')[0],
        [state, ...all.map(({ records }) => records.length)],
      ]),
    );

  test('is remembered while the owner is watched: what a secondary that lags answered before and after, and how far it was', async () => {
    await look();
    await publish();
    clock += 5 * SECONDS;
    expect(seen(await look())).toEqual({ ns1: ['Answers', 1, 2], ns2: ['Answers', 1, 1] });
    await chain.transfer();
    clock += 5 * SECONDS;
    const { servers, samples } = await look();
    expect(seen({ servers, samples })).toEqual({ ns1: ['Answers', 1, 2, 2], ns2: ['Answers', 1, 1, 2] });
    expect(samples.map(({ name, state }) => [name, state])).toEqual(servers.map(({ name, state }) => [name, state]));
    const [ns1, ns2] = servers.map((server) => server.answers.map(({ serial = NaN }) => serial)) as [
      number[],
      number[],
    ];
    expect(ns2[0]).toBe(ns1[0]);
    expect(ns2[1]).toBe(ns1[0]);
    expect(isSerialAtLeast(ns2[1] ?? NaN, ns1[1] ?? NaN)).toBe(false);
    expect(isSerialAtLeast(ns2[2] ?? NaN, ns1[1] ?? NaN)).toBe(true);
    expect(servers[1]?.answers.map(({ at }) => at.getTime())).toEqual([
      clock - 10 * SECONDS,
      clock - 5 * SECONDS,
      clock,
    ]);
  });

  test('for five seconds nobody is asked again, unless something was written meanwhile', async () => {
    await look();
    await publish();
    clock += 5 * SECONDS - 1;
    expect(seen(await look())).toEqual({ ns1: ['Answers', 1], ns2: ['Answers', 1] });
    expect(seen(await look({ writtenAt: clock - 1 }))).toEqual({ ns1: ['Answers', 1, 2], ns2: ['Answers', 1, 1] });
  });

  test('each MailServer, and each zone, has its own memory, as long as the owner is watched', async () => {
    const once = { ns1: ['Answers', 1], ns2: ['Answers', 1] };
    const twice = { ns1: ['Answers', 1, 1], ns2: ['Answers', 1, 1] };
    await look();
    await look({}, 'mail/other');
    clock += 5 * SECONDS;
    expect(seen(await look())).toEqual(twice);
    expect(seen(await look({}, 'mail/other'))).toEqual(twice);
    answers.keepOnly('mail/mx', [owner]);
    answers.keepOnly('mail/other', ['_25._tcp.mx2.example.nl']);
    expect(seen(await look())).toEqual(twice);
    expect(seen(await look({}, 'mail/other'))).toEqual(once);
    expect(seen(await look({ zone: 'nl' }))).toMatchObject({ ns: ['Lame'] });
    expect(seen(await look())).toEqual(once);
  });

  test('of one look nothing is remembered', async () => {
    const samples = await answers.once(zone, owner);
    expect(samples.map(({ state, outcomes }) => [state, ...outcomes.keys()])).toEqual([
      ['Answers', PRIMARY],
      ['Answers', SECONDARY],
    ]);
    expect(seen(await look())).toEqual({ ns1: ['Answers', 1], ns2: ['Answers', 1] });
  });

  test('a name that left the NS sets is among them', async () => {
    const until = inFuture(MINUTES);
    const { servers } = await look({
      gone: [
        { name: `ns2.${zone}`, until },
        { name: 'ns.missing.nl', until },
      ],
    });
    expect(servers.map(({ name, state, goneUntil }) => [name, state, goneUntil])).toEqual([
      [`ns1.${zone}`, 'Answers', undefined],
      [`ns2.${zone}`, 'Answers', undefined],
      ['ns.missing.nl', 'Silent', until],
    ]);
  });

  test('a server that hangs holds up the first who asks, and what it answered before is kept', async () => {
    await look();
    chain.secondary?.program.signal('SIGSTOP');
    try {
      await eventually('the secondary has stopped', () => threadsOf(chain.secondary).every((state) => state === 'T'));
      clock += 5 * SECONDS;
      expect(seen(await look())).toEqual({ ns1: ['Answers', 1, 1], ns2: ['Silent', 1] });
    } finally {
      chain.secondary?.program.signal('SIGCONT');
    }
    const other = { owner: `_25._tcp.mx2.${zone}` };
    clock += 10 * SECONDS - 1;
    expect(seen(await look(other))).toEqual({ ns1: ['Answers', 0], ns2: ['Silent'] });
    clock += 5 * SECONDS;
    expect(seen(await look(other))).toEqual({ ns1: ['Answers', 0, 0], ns2: ['Answers', 0] });
  });
});
