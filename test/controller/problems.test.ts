/** What a person is told when something is missing or wrong, that nothing is lost by it, and that correcting it is enough. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { startBind, type BindServer } from '../support/bind.ts';
import type { ChainZone } from '../support/dnssec-chain.ts';
import type { RunningOperator } from '../support/operator.ts';
import { eventually, mustRun } from '../support/process.ts';
import { startSignedCopy } from '../support/signed-copy.ts';
import { startSite, type Site } from '../support/site.ts';
import { createTenant, dnsProvider, issue, recordsOf, tsigSecret, type Tenant } from './tenant.ts';

/** A name server that zones may have beside the primary. */
const OTHER = '10.53.1.16';
const withOther = (name: string): ChainZone => ({
  name,
  records: [
    { name, type: 'NS', data: `other.${name}` },
    { name: `other.${name}`, type: 'A', data: OTHER },
  ],
});

let site: Site;
let other: BindServer;
let operator: RunningOperator;
beforeAll(async () => {
  site = await startSite({
    moreZones: [
      withOther('aging.nl'),
      withOther('stuck.nl'),
      { name: 'orphan.nl' },
      { name: 'unsigned.nl', delegation: 'Unsigned' },
      { name: 'island.nl', delegation: 'NoDS' },
      { name: 'bogus.nl', delegation: 'WrongDS' },
    ],
  });
  other = await startBind({ dir: join(site.dir, 'other'), address: OTHER, statements: [] });
  operator = await site.startOperator();
});
afterAll(async () => {
  await other.program.stop();
  await site.stop();
});

/** Changes whenever anything in the zone does. */
const serial = async (zone: string): Promise<string | undefined> =>
  (await site.chain.dig('+short', '+norec', zone, 'SOA')).split(' ')[2];

test('a Secret that is gone, empty, damaged or without a certificate takes no record away', async () => {
  const tenant = await createTenant(site, 'secret');
  await tenant.mailServer();
  await tenant.until('Ready=False SecretNotFound');
  const certificate = await tenant.renew();
  await tenant.until('Ready=True');
  const records = await recordsOf(certificate);
  const { chainPem, keyPem } = certificate;

  await tenant.kubectl('delete', 'secret/tls');
  await tenant.until('CertificatesResolved=False SecretNotFound');
  for (const [chain, reason] of [
    ['', 'CertificateMissing'],
    ['garbage', 'NoCertificate'],
    [chainPem.slice(0, -300), 'InvalidCertificate'],
    [keyPem, 'NoCertificate'],
  ] as const) {
    await tenant.store({ chainPem: chain, keyPem });
    const { message } = await tenant.until(`CertificatesResolved=False ${reason}`);
    expect(message).toContain('secret/tls');
    expect(await tenant.published()).toEqual(records);
  }
  await tenant.until('Ready=False NoCertificate');
  // The certificate of before is not forgotten: a server may still present it.
  const next = await tenant.renew();
  await tenant.until('Ready=True');
  await tenant.untilPublished(await recordsOf(certificate, next));
});

test('a provider that does not exist (yet)', async () => {
  const tenant = await createTenant(site, 'no-provider');
  await tenant.kubectl('delete', 'dnsprovider/bind');
  await tenant.renew();
  await tenant.mailServer();
  const { message } = await tenant.until('ProviderReady=False ProviderNotFound');
  expect(message).toContain('DNSProvider/no-provider/bind');
  await tenant.patch({ providerRef: { name: 'nobody' } });
  await tenant.until('ProviderReady=False ProviderNotFound');
  await tenant.apply(dnsProvider(site));
  await tenant.patch({ providerRef: { name: 'bind' } });
  await tenant.until('Ready=True');
});

test.each([
  ['no-credential', 'CredentialNotFound', 'Unknown', { secret: undefined }],
  ['wrong-credential', 'BadSignature', 'False', { secret: Buffer.alloc(32, 'wrong').toString('base64') }],
  ['not-base64', 'InvalidTSIGSecret', 'Unknown', { secret: 'n*t base64' }],
  ['unknown-key', 'BadKey', 'False', { keyName: 'somebody-else' }],
] as const)(
  'a credential that will not do: %s -> %s; once corrected, it works',
  async (name, reason, authenticated, wrong) => {
    const tenant = await createTenant(site, name);
    await tenant.until('Ready=True', 'dnsprovider/bind');
    if ('keyName' in wrong) await tenant.apply(dnsProvider(site, undefined, wrong.keyName));
    else if (wrong.secret === undefined) await tenant.kubectl('delete', 'secret/tsig');
    else await tenant.apply(tsigSecret(site, wrong.secret));
    await tenant.touch('dnsprovider/bind');
    await tenant.until(`Ready=False ${reason}`, 'dnsprovider/bind');
    expect(await tenant.condition('Authenticated', 'dnsprovider/bind')).toMatchObject({ status: authenticated });

    const certificate = await tenant.renew();
    await tenant.mailServer();
    await tenant.until(`ProviderReady=False ${reason}`);
    await tenant.until(`Ready=False ${reason}`);
    expect(await tenant.published()).toEqual([]);

    await tenant.apply(tsigSecret(site), dnsProvider(site));
    await tenant.touch('dnsprovider/bind');
    await tenant.until('Ready=True', 'dnsprovider/bind');
    await tenant.until('Ready=True');
    expect(await tenant.published()).toEqual(await recordsOf(certificate));
  },
);

test.each([
  ['unsigned.nl', 'NotSigning', 'ZoneNotSigned'],
  ['island.nl', 'Signing', 'DSMissing'],
])('%s, which DNSSEC does not secure: nothing is written, unless dnssec is Warn', async (zone, signing, reason) => {
  const before = await serial(zone);
  const tenant = await createTenant(site, zone.replace('.', '-'), { zone });
  const certificate = await tenant.renew();
  await tenant.mailServer();
  const { message } = await tenant.until(`Ready=False ${reason}`);
  expect(message).toContain(`zone ${zone} `);
  await tenant.until(`Stalled=True ${reason}`);
  await tenant.pass();
  expect(await serial(zone)).toBe(before);

  await tenant.patch({ verification: { probe: 'Disabled', dnssec: 'Warn' } });
  await tenant.until('Ready=True');
  await tenant.until(`DNSSECSecure=False ${reason}`);
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  const { status } = await tenant.get('dnsprovider/bind');
  expect(status).toMatchObject({ zones: [{ name: zone, signing, dsAtParent: false }] });
});

test('a zone whose signatures do not fit its DS: nothing is written', async () => {
  const before = await serial('bogus.nl');
  const tenant = await createTenant(site, 'bogus-nl', { zone: 'bogus.nl' });
  await tenant.renew();
  await tenant.mailServer({ verification: { probe: 'Disabled', dnssec: 'Warn' } });
  await tenant.until('DNSSECSecure=False Bogus');
  await tenant.until('Ready=False Bogus');
  await tenant.pass();
  expect(await serial('bogus.nl')).toBe(before);
});

test('a zone that the provider does not hold, or may not change', async () => {
  const tenant = await createTenant(site, 'elsewhere', { zone: 'example.org' });
  await tenant.store(await issue(tenant.hostname));
  await tenant.mailServer();
  await tenant.until('Accepted=False ZoneNotFound');
  await tenant.until('Ready=False ZoneNotFound');
});

test('a record of others that status has no room for: it is said and nothing is changed, until it is gone', async () => {
  const tenant = await createTenant(site, 'crowded');
  const certificate = await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=True');
  const records = await recordsOf(certificate);
  const other = `3 0 0 ${'ab'.repeat(9000)}`;
  await site.chain.nsupdate(`add _25._tcp.${tenant.hostname}. 60 TLSA ${other}`);
  await tenant.pass();
  const { message } = await tenant.until('Ready=False StatusTooLarge');
  expect(message).toContain(`_25._tcp.${tenant.hostname}`);

  const renewed = await tenant.renew();
  await tenant.pass();
  const before = await tenant.get();
  await tenant.pass();
  const withoutTheRequest = ({ status }: typeof before) => ({ ...status, lastHandledReconcileAt: '' });
  expect(withoutTheRequest(await tenant.get())).toEqual(withoutTheRequest(before));
  expect(await tenant.published()).toEqual([...records, other].sort());

  await site.chain.nsupdate(`delete _25._tcp.${tenant.hostname}. TLSA ${other}`);
  await tenant.pass();
  await tenant.until('Ready=True');
  await tenant.untilPublished(await recordsOf(certificate, renewed));
});

/** Status as it is after another look, but for the note that somebody asked for it. */
async function lookAgain(tenant: Tenant): Promise<unknown> {
  await tenant.pass();
  const { status } = await tenant.get();
  return { ...status, lastHandledReconcileAt: '' };
}

/** Looks until it is seen: what servers answered is remembered for seconds. Returns the message. */
async function lookUntil(tenant: Tenant, type: string, wanted: string, part = ''): Promise<string> {
  return eventually(`${type} is ${wanted}`, async () => {
    await tenant.pass();
    const { status = '', reason = '', message = '' } = (await tenant.condition(type)) ?? {};
    return `${status} ${reason}` === wanted && message.includes(part) && message;
  });
}

/** Runs in place of the server that is there without any zone. */
async function insteadOfOther(start: () => Promise<BindServer>): Promise<BindServer> {
  await other.program.stop();
  other = await start();
  return other;
}

test('signatures that run out at one of the servers: it is said of what, where and when, and once; renewed, all is well', async () => {
  const tenant = await createTenant(site, 'aging', { zone: 'aging.nl' });
  await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=True');
  await tenant.until('DNSSECSecure=True Secure');
  const serve = (name: string, validFor: number) =>
    insteadOfOther(() =>
      startSignedCopy({
        dir: join(site.dir, name),
        address: OTHER,
        chain: site.chain,
        zone: 'aging.nl',
        chainDir: join(site.dir, 'dns'),
        validSince: 13 * 86_400,
        validFor,
      }),
    );
  await serve('old', 86_400);
  const message = await lookUntil(tenant, 'DNSSECSecure', 'True SignaturesExpireSoon', `_25._tcp.${tenant.hostname}`);
  expect(message).toContain(
    `_25._tcp.${tenant.hostname} TLSA, aging.nl DNSKEY, aging.nl SOA at other.aging.nl run out at`,
  );
  const [, told = ''] = /run out at (\S+)/.exec(message) ?? [];
  expect(Math.abs(Date.parse(told) - Date.now() - 86_400_000)).toBeLessThan(300_000);
  expect(await lookAgain(tenant)).toEqual(await lookAgain(tenant));
  await tenant.until('Ready=True');
  const { body } = await operator.get('/metrics');
  expect(body).toContain(
    'tlsa_operator_mailserver_conditions{condition="DNSSECSecure",status="True",reason="SignaturesExpireSoon"} 1',
  );
  const reasons = async (): Promise<string> => tenant.kubectl('get', 'events', '--output=jsonpath={.items[*].reason}');
  await eventually('an event tells it', async () => (await reasons()).includes('SignaturesExpireSoon'));

  await serve('renewed', 14 * 86_400);
  await lookUntil(tenant, 'DNSSECSecure', 'True Secure');
});

test('a secondary that does not follow the primary any more: it is said which and since when, until it follows', async () => {
  const zone = 'stuck.nl';
  const tenant = await createTenant(site, 'stuck', { zone });
  await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=True');
  // Copies expire after eight seconds without a word, says the zone: six are too long. BIND does not go below minutes.
  await site.chain.nsupdate(`add ${zone}. 60 SOA ns.invalid. hostmaster.invalid. 100 2 2 8 5`);
  const statement = `zone "${zone}" { type secondary; file "copy"; primaries { ${site.chain.primary.address}; }; allow-notify { any; }; };`;
  await insteadOfOther(() => startBind({ dir: join(site.dir, 'stuck'), address: OTHER, statements: [statement] }));
  await eventually('the secondary has the zone', async () => (await site.chain.serialAt(OTHER, zone)) !== undefined);
  await lookUntil(tenant, 'Propagated', 'True AllServersAnswer');

  await site.chain.nsupdate(`add new.${zone}. 60 TXT new`);
  await tenant.pass();
  await tenant.until('Propagated=True AllServersAnswer');
  // Nobody asks for another look: it knows when it is time.
  const { message } = await tenant.until('Propagated=False TransferOverdue');
  expect(message).toMatch(/primary of stuck\.nl any more: other\.stuck\.nl \(since \S+Z; answers nothing from \S+Z\)/);
  expect(await lookAgain(tenant)).toEqual(await lookAgain(tenant));
  await tenant.until('Ready=True');

  await eventually('the secondary follows', async () => {
    if ((await site.chain.serialAt(OTHER, zone)) === (await serial(zone))) return true;
    await mustRun('dig', [`@${OTHER}`, '+opcode=NOTIFY', '+norec', '+aaflag', zone, 'SOA']);
    return false;
  });
  await lookUntil(tenant, 'Propagated', 'True AllServersAnswer');
});

test('a DS that vanishes from the parent is told while resolvers still have it; back again, all is well', async () => {
  const tenant = await createTenant(site, 'orphan', { zone: 'orphan.nl' });
  const certificate = await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=True');
  await tenant.until('DNSSECSecure=True Secure');
  await site.chain.setDS('orphan.nl', false);
  await tenant.pass();
  const { message } = await tenant.until('DNSSECSecure=True DSMissing');
  expect(message).toContain('no DS any more for orphan.nl');
  await tenant.until('Ready=True');
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  await site.chain.setDS('orphan.nl', true);
  await tenant.pass();
  await tenant.until('DNSSECSecure=True Secure');
});
