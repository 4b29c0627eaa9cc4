/** What is peculiar to Route 53, on the double alone: accounts, zones, limits, and as whom it is asked. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DnsProvider, Zone } from '../../src/dns/providers/provider.ts';
import { RequestRates } from '../../src/dns/providers/request-rates.ts';
import { createRoute53Provider, type Route53Options } from '../../src/dns/providers/route53/index.ts';
import { fromRoute53, sortKey, toRoute53 } from '../../src/dns/providers/route53/names.ts';
import '../support/one-realm.ts';
import { startRoute53, type Route53Double, type Route53Key } from '../support/route53.ts';
import { a, at, b, defined, set } from './conformance/suite.ts';

const KEY: Route53Key = { id: 'AKIADOUBLE', secret: 'secret-of-the-double' };
const OWNER = '_25._tcp.mx1.example.nl';
/** The double is not as slow as AWS may be. */
const soon = (ms: number): Promise<unknown> => sleep(ms / 20);
const stalled = (code: string): object => ({ name: 'OperatorError', kind: 'Stalled', code });

let double: Route53Double | undefined;
afterEach(async () => {
  await double?.stop();
  double = undefined;
});

type Zones = Parameters<typeof startRoute53>[0]['zones'];
const ONE: Zones = [{ id: 'Z1', name: 'example.nl' }];

async function provided(
  options: Partial<Parameters<typeof startRoute53>[0]>,
  changed: Partial<Route53Options> = {},
): Promise<DnsProvider> {
  double = await startRoute53({ keys: [KEY], zones: ONE, ...options });
  return providerAt(double.endpoint, changed);
}

function providerAt(endpoint: string, changed: Partial<Route53Options> = {}): DnsProvider {
  return createRoute53Provider({
    region: 'us-east-1',
    endpoint,
    hostedZoneIDs: [],
    zones: [],
    accessKey: KEY,
    forTenant: false,
    rate: new RequestRates(() => performance.now(), soon).join('tests', 'tests', 1_000),
    now: Date.now,
    random: Math.random,
    sleep: soon,
    ...changed,
  });
}

const requested = (action: string): readonly unknown[] =>
  defined(double).requests.filter((request) => request.action === action);

describe('hosted zones', () => {
  test('of very many, the longest above a name, in a handful of requests for all names', async () => {
    const others = Array.from({ length: 350 }, (_, index) => ({ id: `ZO${index}`, name: `z${index}.nl` }));
    const zones = [...others, ...ONE, { id: 'Z2', name: 'mail.example.nl' }, { id: 'Z3', name: 'ample.nl' }];
    const provider = await provided({ zones });
    const names = Array.from({ length: 50 }, (_, index) => `_25._tcp.mx${index}.mail.example.nl`);
    const found = await Promise.all([...names, OWNER].map((name) => provider.findZone(name)));
    expect(found.map((zone) => zone?.id)).toEqual([...names.map(() => 'Z2'), 'Z1']);
    expect(await provider.findZone('mx1.not-there.nl')).toBeUndefined();
    expect(await provider.findZone('mx1.example.org')).toBeUndefined();
    expect(requested('ListHostedZonesByName').length).toBeLessThan(8);
  });

  test('a private one of the same name is not taken', async () => {
    const provider = await provided({ zones: [{ id: 'Z0', name: 'example.nl', isPrivate: true }, ...ONE] });
    expect(await provider.findZone(OWNER)).toMatchObject({ id: 'Z1' });
  });

  test('two public ones of one name: refused, until hostedZoneIDs says which', async () => {
    const zones = [...ONE, { id: 'Z9', name: 'example.nl' }];
    const provider = await provided({ zones });
    const refusal = { ...stalled('ZoneAmbiguous'), message: expect.stringMatching(/Z\d and Z\d .*hostedZoneIDs/) };
    await expect(provider.findZone(OWNER)).rejects.toMatchObject(refusal);
    const { endpoint } = defined(double);
    expect(await providerAt(endpoint, { hostedZoneIDs: ['Z9'] }).findZone(OWNER)).toMatchObject({ id: 'Z9' });
    await expect(providerAt(endpoint, { hostedZoneIDs: ['Z9', 'Z1'] }).findZone(OWNER)).rejects.toMatchObject(refusal);
  });

  test('one that is listed by its ID and is private, or not there', async () => {
    const provider = await provided(
      { zones: [{ id: 'Z1', name: 'example.nl', isPrivate: true }] },
      { hostedZoneIDs: ['Z1'] },
    );
    await expect(provider.authenticate()).rejects.toMatchObject(stalled('ZoneIsPrivate'));
    const another = providerAt(defined(double).endpoint, { hostedZoneIDs: ['Z404'] });
    await expect(another.authenticate()).rejects.toMatchObject(stalled('ZoneNotAtProvider'));
  });

  test('only those whose names are listed; one that is listed and not there is said', async () => {
    const provider = await provided(
      { zones: [...ONE, { id: 'Z2', name: 'other.nl' }] },
      { zones: ['example.nl', 'missing.nl'] },
    );
    expect(await provider.findZone(OWNER)).toMatchObject({ id: 'Z1' });
    expect(await provider.findZone('mx1.other.nl')).toBeUndefined();
    await expect(provider.findZone('mx1.missing.nl')).rejects.toMatchObject(stalled('ZoneNotAtProvider'));
  });

  test.each([
    ['SIGNING', 'Signing'],
    ['NOT_SIGNING', 'NotSigning'],
    ['ACTION_NEEDED', 'Unknown'],
  ] as const)('that says %s of DNSSEC', async (signing, expected) => {
    const provider = await provided({ zones: [{ id: 'Z1', name: 'example.nl', signing }] });
    expect(await provider.findZone(OWNER)).toMatchObject({ signing: expected });
  });

  test('whose signing the policy does not let us see', async () => {
    const provider = await provided({ keys: [{ ...KEY, may: (action) => action !== 'GetDNSSEC' }] });
    expect(await provider.findZone(OWNER)).toMatchObject({ signing: 'Unknown' });
  });
});

describe('record sets', () => {
  const zone: Zone = { name: 'example.nl', id: 'Z1', signing: 'Signing' };
  const put = (values: readonly string[], more: object = {}): Promise<void> =>
    defined(double).edit('example.nl', OWNER, 'TLSA', (before) => ({ ...before, values, ...more }));
  const [A, B] = [`3 1 1 ${'01'.repeat(32)}`, `3 1 1 ${'02'.repeat(32)}`];

  test('written by somebody else in other words are replaced as they are', async () => {
    const provider = await provided({});
    await put([`3 1 1 ${'aB'.repeat(32)}`]);
    const expected = await provider.read(zone, OWNER);
    expect(await provider.change(zone, [at(OWNER, [a], { expected })])).toMatchObject([{ outcome: 'Applied' }]);
    expect(await provider.read(zone, OWNER)).toMatchObject({ records: [a, { data: 'ab'.repeat(32) }] });
  });

  test('whose TTL somebody changed meanwhile are not overwritten', async () => {
    const provider = await provided({});
    await put([A], { ttl: 300 });
    expect(await provider.change(zone, [at(OWNER, [b], { expected: set(60, a) })])).toEqual([{ outcome: 'Conflict' }]);
  });

  test('with a routing policy are left alone', async () => {
    const provider = await provided({});
    await put([A], { setIdentifier: 'blue' });
    await expect(provider.read(zone, OWNER)).rejects.toMatchObject(stalled('RoutingPolicyInTheWay'));
    expect(await provider.change(zone, [at(OWNER, [b], { expected: set(60, a) })])).toMatchObject([
      { outcome: 'Refused', error: stalled('RoutingPolicyInTheWay') },
    ]);
  });

  test('are found behind very many others', async () => {
    const records = Array.from({ length: 400 }, (_, index) => ({
      name: `a${index}.mx1.example.nl`,
      type: 'A',
      data: '192.0.2.1',
    }));
    const provider = await provided({ zones: [{ id: 'Z1', name: 'example.nl', records }] });
    await put([A, B]);
    expect(await provider.read(zone, OWNER)).toEqual(set(60, a, b));
  });

  test('more than a batch may hold go in several, and one that fits in none is said', async () => {
    const provider = await provided({});
    const full = Array.from({ length: 5 }, (_, index) => ({
      usage: 2,
      selector: 0,
      matchingType: 0,
      data: `0${index}`.repeat(1_900),
    }));
    const owners = ['_25._tcp.a', '_25._tcp.b', '_25._tcp.c'].map((name) => `${name}.example.nl`);
    const changes = owners.map((owner) => at(owner, full));
    expect(await provider.change(zone, changes)).toMatchObject(changes.map(() => ({ outcome: 'Applied' })));
    expect(requested('ChangeResourceRecordSets')).toHaveLength(3);
    const again = at(owners[0] ?? '', [a], { expected: set(60, ...full) });
    expect(await provider.change(zone, [again])).toMatchObject([
      { outcome: 'Refused', error: stalled('RecordSetTooLarge') },
    ]);
  });

  test('a change is settled once Route 53 says so', async () => {
    const provider = await provided({});
    const release = defined(double).holdPending();
    const [result] = await provider.change(zone, [at(OWNER, [a])]);
    const changeID = result?.outcome === 'Applied' ? (result.changeID ?? '') : '';
    expect(await provider.settled?.(zone, changeID)).toBe(false);
    release();
    await defined(double).insync();
    expect(await provider.settled?.(zone, changeID)).toBe(true);
  });

  test('nothing goes out while another leads', async () => {
    const provider = await provided({}, { maySend: () => false });
    expect(await provider.change(zone, [at(OWNER, [a])])).toMatchObject([
      { outcome: 'Refused', error: { kind: 'Transient', code: 'Aborted' } },
    ]);
    expect(requested('ChangeResourceRecordSets')).toHaveLength(0);
  });
});

describe('too many requests', () => {
  const zone: Zone = { name: 'example.nl', id: 'Z1', signing: 'Signing' };

  test('are made again, later', async () => {
    const provider = await provided({ perSecond: 20 });
    await Promise.all(Array.from({ length: 40 }, () => provider.read(zone, OWNER)));
    expect(defined(double).requests.some(({ error }) => error === 'Throttling')).toBe(true);
  });

  test('for ever, and it is said', async () => {
    const provider = await provided({ perSecond: 0 });
    const throttled = { kind: 'Transient', code: 'APIThrottled' };
    await expect(provider.read(zone, OWNER)).rejects.toMatchObject(throttled);
    expect(await provider.change(zone, [at(OWNER, [a])])).toMatchObject([{ outcome: 'Refused', error: throttled }]);
  });

  test('of one zone at a time: who comes while it is busy waits for his turn', async () => {
    const provider = await provided({ publish: () => sleep(50) });
    const owners = [1, 2, 3].map((index) => `_25._tcp.mx${index}.example.nl`);
    const results = await Promise.all(owners.map((owner) => provider.change(zone, [at(owner, [a])])));
    expect(results.flat()).toMatchObject(owners.map(() => ({ outcome: 'Applied' })));
    expect(defined(double).requests.some(({ error }) => error === 'PriorRequestNotComplete')).toBe(true);
  });
});

describe('as whom', () => {
  const role = { arn: 'arn:aws:iam::123456789012:role/dns', externalID: 'ours' };
  const environment = { ...process.env };
  afterEach(() => {
    process.env = { ...environment };
  });

  test('a role, assumed with a key and an external ID', async () => {
    const assumed = { id: 'ASIADOUBLE', secret: 'another-secret' };
    double = await startRoute53({
      keys: [{ ...KEY, may: () => false }],
      zones: ONE,
      role: { ...role, by: KEY.id, key: assumed },
    });
    process.env['AWS_ENDPOINT_URL_STS'] = double.endpoint;
    const { endpoint } = double;
    await providerAt(endpoint, { role }).authenticate();
    expect(double.requests.at(-1)).toEqual({ action: 'ListHostedZonesByName', accessKey: assumed.id });
    for (const wrong of [undefined, { arn: role.arn }, { ...role, arn: `${role.arn}2` }]) {
      await expect(providerAt(endpoint, { role: wrong }).authenticate()).rejects.toMatchObject(stalled('AccessDenied'));
    }
  });

  test('the identity of the pod where no key is given; never for a tenant', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = KEY.id;
    process.env['AWS_SECRET_ACCESS_KEY'] = KEY.secret;
    const provider = await provided({}, { accessKey: undefined });
    await provider.authenticate();
    const { endpoint, requests } = defined(double);
    const before = requests.length;
    const forTenant = { forTenant: true, accessKey: undefined };
    expect(() => providerAt(endpoint, forTenant)).toThrow(expect.objectContaining(stalled('CredentialNotFound')));
    const another = { forTenant: true, accessKey: { id: 'AKIAOTHER', secret: 'x' } };
    expect(() => providerAt(endpoint, { ...another, role })).toThrow(
      expect.objectContaining(stalled('CredentialNotFound')),
    );
    await expect(providerAt(endpoint, { ...another, forTenant: false }).authenticate()).rejects.toMatchObject(
      stalled('CredentialRefused'),
    );
    expect(requests.slice(before).map(({ accessKey }) => accessKey)).toEqual(['AKIAOTHER']);
  });

  test('none', async () => {
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
    const provider = await provided({}, { accessKey: undefined });
    const missing = { kind: 'Transient', code: 'IdentityNotFound' };
    await expect(provider.authenticate()).rejects.toMatchObject(missing);
    expect(defined(double).requests).toEqual([]);
  });

  test('a tenant is not led to this machine', async () => {
    await provided({});
    const { port } = new URL(defined(double).endpoint);
    const provider = providerAt(`http://localhost:${port}`, { forTenant: true });
    await expect(provider.authenticate()).rejects.toMatchObject(stalled('APIAddressRefused'));
    expect(defined(double).requests).toEqual([]);
  });
});

test('what the API says is never repeated', async () => {
  const zone: Zone = { name: 'example.nl', id: 'Z404', signing: 'Signing' };
  const provider = await provided({ keys: [{ ...KEY, may: (action) => action === 'GetHostedZone' }] });
  const errors = await Promise.all([
    provider.authenticate().catch((error: unknown) => error),
    provider.read(zone, OWNER).catch((error: unknown) => error),
    provider
      .change(zone, [at(OWNER, [a])])
      .then(([result]) => (result && 'error' in result ? result.error : undefined)),
  ]);
  for (const error of errors as Error[]) {
    expect(error).toMatchObject({ name: 'OperatorError' });
    expect(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(/double/);
  }
});

test('a redirect is not followed', async () => {
  double = await startRoute53({ keys: [KEY], zones: ONE });
  const { endpoint, requests } = double;
  const redirecting = createServer((request, response) => {
    response.writeHead(307, { location: `${endpoint}${request.url ?? ''}` }).end();
  }).listen(0, '127.0.0.1');
  await once(redirecting, 'listening');
  const { port } = redirecting.address() as AddressInfo;
  await expect(providerAt(`http://127.0.0.1:${port}`).authenticate()).rejects.toMatchObject({
    code: 'APIAnswerMalformed',
  });
  expect(requests).toEqual([]);
  redirecting.close();
});

test.each([
  ['_25._tcp.mx1.example.nl', '_25._tcp.mx1.example.nl.', 'nl.example.mx1._tcp._25.'],
  ['*.example.nl', '\\052.example.nl.', 'nl.example.\\052.'],
  ['a\\.b.nl', 'a\\056b.nl.', 'nl.a\\056b.'],
  ['a\\032\\\\b.nl', 'a\\040\\134b.nl.', 'nl.a\\040\\134b.'],
])('%s is written %s', (name, text, key) => {
  expect(toRoute53(name)).toBe(text);
  expect(fromRoute53(text)).toBe(name);
  expect(sortKey(text)).toBe(key);
});
