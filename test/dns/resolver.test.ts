import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeTlsa, formatTlsa } from '../../src/core/tlsa.ts';
import { Rcode, RRClass, RRType } from '../../src/dns/constants.ts';
import { encodeName } from '../../src/dns/name-codec.ts';
import type { QueryType } from '../../src/dns/query.ts';
import { createResolver, type Lookup, type Resolver } from '../../src/dns/resolver.ts';
import { addressOf, type ResourceRecord } from '../../src/dns/resource-record.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { mustRun } from '../support/process.ts';
import { startUnbound, type UnboundServer } from '../support/unbound.ts';
import { answerTo, startFakeServer, type FakeServer, type Handler } from './fake-server.ts';

const DIGEST = 'ab'.repeat(32);
const MANY = Array.from({ length: 40 }, (_, index) => `3 1 1 ${index.toString(16).padStart(2, '0').repeat(32)}`);

describe('look-ups through a validating resolver', () => {
  const dir = mkdtempSync(join(tmpdir(), 'resolver-'));
  let chain: DnssecChain;
  let unbound: UnboundServer;
  let resolver: Resolver;

  beforeAll(async () => {
    chain = await startDnssecChain({
      dir,
      addresses: { primary: '10.53.1.10', secondary: '10.53.1.11', parent: '10.53.1.12' },
      records: [
        { name: 'mx1.example.nl', type: 'A', data: '192.0.2.1' },
        { name: 'mx1.example.nl', type: 'AAAA', data: '2001:db8::1' },
        { name: '_25._tcp.mx1.example.nl', type: 'TLSA', data: `3 1 1 ${DIGEST}`, ttl: 300 },
        ...MANY.map((data) => ({ name: '_25._tcp.many.example.nl', type: 'TLSA', data })),
        { name: 'alias.example.nl', type: 'CNAME', data: 'alias2.example.nl' },
        { name: 'alias2.example.nl', type: 'CNAME', data: 'mx1.example.nl' },
        { name: 'out.example.nl', type: 'CNAME', data: 'mx.insecure.nl' },
        { name: 'into-bogus.example.nl', type: 'CNAME', data: 'mx.bogus.nl' },
        { name: 'nowhere.example.nl', type: 'CNAME', data: 'missing.example.nl' },
        { name: '*.wild.example.nl', type: 'A', data: '192.0.2.2' },
        { name: '*.wildalias.example.nl', type: 'CNAME', data: 'mx1.example.nl' },
      ],
      moreZones: [
        { name: 'bogus.nl', delegation: 'WrongDS', records: [{ name: 'mx.bogus.nl', type: 'A', data: '192.0.2.3' }] },
        {
          name: 'insecure.nl',
          delegation: 'NoDS',
          records: [{ name: 'mx.insecure.nl', type: 'A', data: '192.0.2.4' }],
        },
        {
          name: 'unsigned.nl',
          delegation: 'Unsigned',
          records: [{ name: 'mx.unsigned.nl', type: 'A', data: '192.0.2.5' }],
        },
      ],
    });
    unbound = await startUnbound({ dir: join(dir, 'unbound'), address: '10.53.1.13', port: 53, chain });
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

  test('a secure TLSA record', async () => {
    const owner = '_25._tcp.mx1.example.nl';
    const { records, ...rest } = await resolver.lookup(owner, 'TLSA');
    expect(records.map(({ rdata }) => formatTlsa(decodeTlsa(rdata)))).toEqual([`3 1 1 ${DIGEST}`]);
    expect(rest).toEqual({
      status: 'Found',
      secure: true,
      ttlSeconds: 300,
      canonicalName: owner,
      aliased: false,
      wildcard: false,
    });
  });

  test('an RRset that needs TCP', async () => {
    const { records, secure } = await resolver.lookup('_25._tcp.many.example.nl', 'TLSA');
    expect(secure).toBe(true);
    expect(records.map(({ rdata }) => formatTlsa(decodeTlsa(rdata))).sort()).toEqual(MANY);
  });

  type Expected = Pick<Lookup, 'status' | 'secure'> & Partial<Lookup>;
  test.each<[string, QueryType, Expected]>([
    ['example.nl', 'SOA', { status: 'Found', secure: true }],
    ['nl', 'DNSKEY', { status: 'Found', secure: true }],
    ['example.nl', 'DS', { status: 'Found', secure: true }],
    ['mx1.example.nl', 'TLSA', { status: 'NoData', secure: true, ttlSeconds: 5 }],
    ['_tcp.mx1.example.nl', 'TLSA', { status: 'NoData', secure: true }],
    ['missing.example.nl', 'A', { status: 'NoName', secure: true, ttlSeconds: 5 }],
    ['missing.nl', 'A', { status: 'NoName', secure: true }],
    ['insecure.nl', 'DS', { status: 'NoData', secure: true }],
    ['mx.insecure.nl', 'A', { status: 'Found', secure: false }],
    ['missing.insecure.nl', 'A', { status: 'NoName', secure: false }],
    ['mx.unsigned.nl', 'A', { status: 'Found', secure: false, wildcard: false }],
    ['alias.example.nl', 'A', { status: 'Found', secure: true, aliased: true, canonicalName: 'mx1.example.nl' }],
    ['alias.example.nl', 'CNAME', { status: 'Found', secure: true, aliased: false, canonicalName: 'alias.example.nl' }],
    ['alias.example.nl', 'TLSA', { status: 'NoData', secure: true, aliased: true, canonicalName: 'mx1.example.nl' }],
    ['out.example.nl', 'A', { status: 'Found', secure: false, aliased: true, canonicalName: 'mx.insecure.nl' }],
    ['nowhere.example.nl', 'A', { status: 'NoName', secure: true, aliased: true, canonicalName: 'missing.example.nl' }],
    ['mx7.wild.example.nl', 'A', { status: 'Found', secure: true, wildcard: true, aliased: false }],
    ['*.wild.example.nl', 'A', { status: 'Found', secure: true, wildcard: false }],
    ['mx7.wildalias.example.nl', 'A', { status: 'Found', secure: true, wildcard: true, aliased: true }],
  ])('%s %s', async (name, type, expected) => {
    expect(await resolver.lookup(name, type)).toMatchObject(expected);
  });

  test('addresses are what dig says', async () => {
    for (const type of ['A', 'AAAA'] as const) {
      const { records } = await resolver.lookup('mx1.example.nl', type);
      const dig = await mustRun('dig', [`@${unbound.address}`, '+short', 'mx1.example.nl', type]);
      expect(records.map(addressOf)).toEqual(dig.trim().split('\n'));
    }
  });

  test.each(['mx.bogus.nl', 'missing.bogus.nl', 'bogus.nl', 'into-bogus.example.nl'])(
    '%s is bogus, never an answer',
    async (name) => {
      await expect(resolver.lookup(name, 'A')).rejects.toMatchObject({ code: 'Bogus', kind: 'Transient' });
    },
  );

  test('an authoritative server is no resolver, and its referral is not "no such name"', async () => {
    const authoritative = createResolver({
      servers: [{ host: chain.parent.address, port: 53 }],
      monotonic: () => performance.now(),
    });
    await expect(authoritative.lookup('mx1.example.nl', 'A')).rejects.toMatchObject({ code: 'ResolverNotRecursive' });
  });
});

describe('a resolver that does not answer', () => {
  const fakes: FakeServer[] = [];
  afterEach(async () => {
    await Promise.all(fakes.splice(0).map(({ stop }) => stop()));
  });

  const name = '_25._tcp.mx1.example.nl';
  const RECURSIVE = { flags: new Set(['qr', 'ra', 'ad'] as const) };
  /** Of all names, but for what a resolver is asked to see whether it validates. */
  const denial: Handler = (request) => [
    answerTo(
      request,
      request.questions[0]?.type === RRType.SOA && request.questions[0].name === '.'
        ? { ...RECURSIVE, answers: [ROOT_SOA] }
        : { ...RECURSIVE, rcode: Rcode.NXDomain },
    ),
  ];
  const ROOT_SOA: ResourceRecord = {
    name: '.',
    type: RRType.SOA,
    class: RRClass.IN,
    ttlSeconds: 60,
    rdata: Buffer.concat([encodeName('.'), encodeName('.'), Buffer.alloc(20)]),
  };
  const rcode =
    (code: number): Handler =>
    (request) => [answerTo(request, { ...RECURSIVE, rcode: code })];
  const cname = (owner: string, target: string): ResourceRecord => ({
    name: owner,
    type: RRType.CNAME,
    class: RRClass.IN,
    ttlSeconds: 60,
    rdata: encodeName(target),
  });

  async function lookup(...handlers: readonly Handler[]): Promise<Lookup> {
    const servers = await Promise.all(handlers.map((handler) => startFakeServer(handler)));
    fakes.push(...servers);
    return createResolver({ servers, timeoutMs: 100, monotonic: () => performance.now() }).lookup(name, 'TLSA');
  }

  test.each<[string, Handler, string]>([
    ['says nothing', () => 'Hang', 'ResolverTimeout'],
    ['fails, also without checking', rcode(Rcode.ServFail), 'ResolverServerFailure'],
    ['refuses', rcode(Rcode.Refused), 'ResolverRefused'],
    ['says garbage', ({ id }) => [Buffer.from([id >>> 8, id & 0xff, 1])], 'ResolverAnswerMalformed'],
    [
      'goes round in circles',
      (request) => [answerTo(request, { ...RECURSIVE, answers: [cname(name, name)] })],
      'ResolverAnswerMalformed',
    ],
    ['does not recurse', (request) => [answerTo(request)], 'ResolverNotRecursive'],
  ])('one that %s', async (_what, handler, code) => {
    await expect(lookup(handler)).rejects.toMatchObject({ name: 'OperatorError', code });
  });

  test('no error is ever "there is no such record"', async () => {
    for (let code = 0; code < 16; code++) {
      if (code === Rcode.NoError || code === Rcode.NXDomain) continue;
      await expect(lookup(rcode(code))).rejects.toMatchObject({ name: 'OperatorError' });
    }
  });

  test('fails with checking, but answers without: bogus', async () => {
    const validating: Handler = (request) => [
      answerTo(request, { ...RECURSIVE, rcode: request.flags.has('cd') ? Rcode.NoError : Rcode.ServFail }),
    ];
    await expect(lookup(validating)).rejects.toMatchObject({ code: 'Bogus' });
    await expect(lookup(validating, denial)).rejects.toMatchObject({ code: 'Bogus' });
  });

  test('the next one is asked', async () => {
    expect(await lookup(() => 'Hang', rcode(Rcode.ServFail), rcode(Rcode.Refused), denial)).toMatchObject({
      status: 'NoName',
      secure: true,
    });
  });

  test('none is configured', async () => {
    await expect(lookup()).rejects.toMatchObject({ code: 'ResolverNotConfigured' });
  });

  test('the caller gives up', async () => {
    const resolver = createResolver({
      servers: [await startFakeServer(denial).then((fake) => (fakes.push(fake), fake))],
      monotonic: () => performance.now(),
    });
    await expect(resolver.lookup(name, 'TLSA', AbortSignal.abort())).rejects.toMatchObject({ code: 'Aborted' });
  });
});
