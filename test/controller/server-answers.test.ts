/** On real name servers, and a clock that the test turns. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerAnswers, type Watch, type WatchedOwner } from '../../src/controller/server-answers.ts';
import { ZoneNameServers } from '../../src/controller/zone-name-servers.ts';
import { isSerialAtLeast } from '../../src/core/serial.ts';
import { placeOf } from '../../src/core/place.ts';
import { daneEE, formatTlsa } from '../../src/core/tlsa.ts';
import type { BindServer } from '../support/bind.ts';
import { eventually } from '../support/process.ts';
import { PRIMARY, SECONDARY, startHeldChain, type HeldChain } from './held-chain.ts';

const owner = '_25._tcp.mx1.example.nl';
const a = daneEE('01'.repeat(32));
const b = daneEE('02'.repeat(32));
let held: HeldChain;
let clock = Date.parse('2026-11-22T12:00:00Z');
const now = (): number => clock;
const inFuture = (ms: number): Date => new Date(clock + ms);
const zone = 'example.nl';
const SECONDS = 1000;
const MINUTES = 60 * SECONDS;

beforeAll(async () => {
  held = await startHeldChain({ records: [{ name: owner, type: 'TLSA', data: formatTlsa(a) }] });
});
afterAll(() => held.stop());

let answers: ServerAnswers;
beforeEach(async () => {
  answers = new ServerAnswers(new ZoneNameServers(held.resolver, now), now);
  clock += 5 * MINUTES;
  await held.change(`delete ${owner}. TLSA`, `add ${owner}. 60 TLSA ${formatTlsa(a)}`);
});
const publish = (): Promise<void> => held.chain.nsupdate(`add ${owner}. 60 TLSA ${formatTlsa(b)}`);
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
  await held.chain.transfer();
  clock += 5 * SECONDS;
  const { servers, samples } = await look();
  expect(seen({ servers, samples })).toEqual({ ns1: ['Answers', 1, 2, 2], ns2: ['Answers', 1, 1, 2] });
  expect(samples.map(({ name, state }) => [name, state])).toEqual(servers.map(({ name, state }) => [name, state]));
  const [ns1, ns2] = servers.map((server) => server.answers.map(({ serial = NaN }) => serial)) as [number[], number[]];
  expect(ns2[0]).toBe(ns1[0]);
  expect(ns2[1]).toBe(ns1[0]);
  expect(isSerialAtLeast(ns2[1] ?? NaN, ns1[1] ?? NaN)).toBe(false);
  expect(isSerialAtLeast(ns2[2] ?? NaN, ns1[1] ?? NaN)).toBe(true);
  expect(servers[1]?.answers.map(({ at }) => at.getTime())).toEqual([clock - 10 * SECONDS, clock - 5 * SECONDS, clock]);
});

test('what a look saw counts from its end: none of its answers was given later', async () => {
  let ticks = clock;
  const ticking = (): number => (ticks += SECONDS);
  const slow = new ServerAnswers(new ZoneNameServers(held.resolver, now), ticking);
  const { servers, samples } = await slow.watch('mail/mx', { owner, zone, gone: [], withSerial: true });
  const given = samples.flatMap(({ outcomes }) =>
    [...outcomes.values()].flatMap((outcome) => (typeof outcome === 'string' ? [] : outcome.at.getTime())),
  );
  const counted = servers.flatMap((server) => server.answers.map(({ at }) => at.getTime()));
  expect(given).toHaveLength(2);
  expect(Math.min(...counted)).toBeGreaterThan(Math.max(...given));
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
  answers.keepOnly('mail/mx', [placeOf({ owner, zone })]);
  answers.keepOnly('mail/other', [placeOf({ owner: '_25._tcp.mx2.example.nl', zone })]);
  expect(seen(await look())).toEqual(twice);
  expect(seen(await look({}, 'mail/other'))).toEqual(once);
  expect(seen(await look({ zone: 'nl' }))).toMatchObject({ ns: ['Lame'] });
  expect(seen(await look())).toEqual(twice);
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
  held.chain.secondary?.program.signal('SIGSTOP');
  try {
    await eventually('the secondary has stopped', () =>
      threadsOf(held.chain.secondary).every((state) => state === 'T'),
    );
    clock += 5 * SECONDS;
    expect(seen(await look())).toEqual({ ns1: ['Answers', 1, 1], ns2: ['Silent', 1] });
  } finally {
    held.chain.secondary?.program.signal('SIGCONT');
  }
  const other = { owner: `_25._tcp.mx2.${zone}` };
  clock += 10 * SECONDS - 1;
  expect(seen(await look(other))).toEqual({ ns1: ['Answers', 0], ns2: ['Silent'] });
  clock += 5 * SECONDS;
  expect(seen(await look(other))).toEqual({ ns1: ['Answers', 0, 0], ns2: ['Answers', 0] });
});

function threadsOf(server: BindServer | undefined): string[] {
  const folder = `/proc/${String(server?.program.pid)}/task`;
  return readdirSync(folder).map(
    (thread) => /^State:\s+(\w)/m.exec(readFileSync(join(folder, thread, 'status'), 'utf8'))?.[1] ?? '',
  );
}
