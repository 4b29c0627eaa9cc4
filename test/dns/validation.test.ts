/** Which resolvers are believed: real ones that validate and that do not, and a double that lies in front of them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RRType } from '../../src/dns/constants.ts';
import { exchange } from '../../src/dns/exchange.ts';
import { decodeMessage, encodeMessage, type Message } from '../../src/dns/message.ts';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import type { Server } from '../../src/dns/server.ts';
import { keyTag } from '../../src/dns/validation.ts';
import { runBind } from '../support/bind.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { startUnbound } from '../support/unbound.ts';

const dir = mkdtempSync(join(tmpdir(), 'validation-'));
const stops: (() => Promise<unknown>)[] = [];
let chain: DnssecChain;
const HOST = 'mx1.example.nl';

beforeAll(async () => {
  chain = await startDnssecChain({
    dir,
    addresses: { primary: '10.53.1.10', secondary: '10.53.1.11', parent: '10.53.1.12' },
    records: [{ name: HOST, type: 'A', data: '192.0.2.1' }],
    moreZones: [
      {
        name: 'unsigned.nl',
        delegation: 'Unsigned',
        records: [{ name: 'mx.unsigned.nl', type: 'A', data: '192.0.2.5' }],
      },
    ],
  });
  stops.push(() => chain.stop());
  for (const [address, modules] of [
    [VALIDATING.host, 'validator iterator'],
    [NOT_VALIDATING.host, 'iterator'],
  ] as const) {
    const unbound = await startUnbound({ dir: join(dir, address), address, port: 53, chain, modules });
    stops.push(() => unbound.stop());
  }
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  rmSync(dir, { recursive: true });
});

const VALIDATING: Server = { host: '10.53.1.13', port: 53 };
const NOT_VALIDATING: Server = { host: '10.53.1.14', port: 53 };

function resolverAt(...servers: readonly Server[]) {
  const found: string[] = [];
  const clock = { now: 0 };
  const resolver: Resolver = createResolver({
    servers,
    monotonic: () => clock.now,
    onValidation: (_server, validation) => found.push(validation),
  });
  return { resolver, found, clock };
}

const NOT_VALIDATED = { secure: false, notValidated: { kind: 'Stalled', code: 'ResolverDoesNotValidate' } };

/** A double: passes questions on, and says AD where `lies` says so. Returns where it listens. */
async function liar(upstream: Server, lies: (answer: Message) => boolean): Promise<Server> {
  const socket = createSocket('udp4');
  socket.on('message', (octets, peer) => {
    const message = decodeMessage(octets);
    void exchange(upstream, { message, octets: encodeMessage(message) }, { timeoutMs: 5000 }).then((answer) => {
      const flags = new Set(answer.message.flags);
      if (lies(answer.message)) flags.add('ad');
      socket.send(encodeMessage({ ...answer.message, flags }), peer.port, peer.address);
    });
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  stops.push(
    () =>
      new Promise((resolve) =>
        socket.close(() => {
          resolve(undefined);
        }),
      ),
  );
  return { host: '127.0.0.1', port: socket.address().port };
}

test('Unbound that validates is proven to; an unsigned zone is insecure, and that is known', async () => {
  const { resolver, found } = resolverAt(VALIDATING);
  expect(await resolver.lookup(HOST, 'A')).toMatchObject({ secure: true, notValidated: undefined });
  expect(await resolver.lookup('mx.unsigned.nl', 'A')).toMatchObject({ secure: false, notValidated: undefined });
  expect(found).toEqual(['Proven']);
});

test('Unbound that does not validate is told apart: nothing is known of a signed zone, nor of an unsigned one', async () => {
  const { resolver, found } = resolverAt(NOT_VALIDATING);
  for (const name of [HOST, 'mx.unsigned.nl'])
    expect(await resolver.lookup(name, 'A')).toMatchObject({ status: 'Found', ...NOT_VALIDATED });
  expect(found).toEqual(['No']);
});

test('BIND that validates is proven to, BIND that does not is told apart', async () => {
  const [tag = '', algorithm = '', type = '', digest = ''] = readFileSync(chain.trustAnchorFile, 'utf8')
    .trim()
    .split(' ')
    .slice(3);
  for (const [address, validation] of [
    ['10.53.1.15', 'yes'],
    ['10.53.1.16', 'no'],
  ] as const) {
    const folder = join(dir, `bind-${validation}`);
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'named.conf'),
      `options {
  directory "${folder}"; pid-file none; session-keyfile none;
  listen-on { ${address}; }; listen-on-v6 { none; }; query-source address ${address};
  recursion yes; allow-recursion { any; }; dnssec-validation ${validation}; qname-minimization off;
};
controls { };
trust-anchors { . static-ds ${tag} ${algorithm} ${type} "${digest}"; };
zone "." { type hint; file "${chain.rootHintsFile}"; };
`,
    );
    const bind = await runBind({ dir: folder, address });
    stops.push(() => bind.program.stop());
    const { resolver, found } = resolverAt({ host: address, port: 53 });
    const lookup = await resolver.lookup(HOST, 'A');
    expect(found).toEqual([validation === 'yes' ? 'Proven' : 'No']);
    expect(lookup).toMatchObject(validation === 'yes' ? { secure: true, notValidated: undefined } : NOT_VALIDATED);
  }
});

test.each([NOT_VALIDATING, VALIDATING])(
  'one that calls everything secure is found out (behind it: %j)',
  async (upstream) => {
    const { resolver, found } = resolverAt(await liar(upstream, () => true));
    expect(await resolver.lookup('mx.unsigned.nl', 'A')).toMatchObject(NOT_VALIDATED);
    expect(found).toEqual(['No']);
  },
);

test('one that calls secure whatever has a signature is believed; that nothing is proven of it is told', async () => {
  const isSigned = ({ answers, authorities }: Message): boolean =>
    [...answers, ...authorities].some((record) => record.type === RRType.RRSIG);
  const { resolver, found } = resolverAt(await liar(NOT_VALIDATING, isSigned));
  expect(await resolver.lookup(HOST, 'A')).toMatchObject({ secure: true });
  expect(found).toEqual(['NotProven']);
});

test('of several, one that validates is asked', async () => {
  const { resolver } = resolverAt(NOT_VALIDATING, VALIDATING);
  expect(await resolver.lookup(HOST, 'A')).toMatchObject({ secure: true, notValidated: undefined });
});

test('it is looked at again after five minutes; while it cannot be, what was found holds', async () => {
  const folder = join(dir, 'changing');
  const start = (modules: 'validator iterator' | 'iterator') =>
    startUnbound({ dir: folder, address: '10.53.1.17', port: 53, chain, modules });
  let unbound = await start('validator iterator');
  const { resolver, found, clock } = resolverAt({ host: '10.53.1.17', port: 53 });
  await resolver.lookup(HOST, 'A');
  await unbound.stop();
  unbound = await start('iterator');
  stops.push(() => unbound.stop());
  await resolver.lookup(HOST, 'A');
  expect(found).toEqual(['Proven']);
  clock.now += 5 * 60_000;
  expect(await resolver.lookup(HOST, 'A')).toMatchObject(NOT_VALIDATED);
  expect(found).toEqual(['Proven', 'No']);
});

test('a key tag is the one that dnssec-dsfromkey computes', async () => {
  const dnskey =
    (await chain.dig('+short', '+nosplit', 'example.nl', 'DNSKEY')).trim().split('\n')[0]?.split(' ') ?? [];
  const [flags = '', protocol = '', algorithm = '', key = ''] = dnskey;
  const rdata = Buffer.concat([
    Buffer.from([Number(flags) >>> 8, Number(flags) & 255, Number(protocol), Number(algorithm)]),
    Buffer.from(key, 'base64'),
  ]);
  const ds = await resolverAt(VALIDATING).resolver.lookup('example.nl', 'DS');
  expect(keyTag(rdata)).toBe(ds.records[0]?.rdata.readUInt16BE(0));
});
