/** What a person is told when something is missing or wrong, that nothing is lost by it, and that correcting it is enough. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSite, type Site } from '../support/site.ts';
import { createTenant, dnsProvider, issue, recordsOf, tsigSecret } from './tenant.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite({
    moreZones: [
      { name: 'unsigned.nl', delegation: 'Unsigned' },
      { name: 'island.nl', delegation: 'NoDS' },
      { name: 'bogus.nl', delegation: 'WrongDS' },
    ],
  });
  await site.startOperator();
});
afterAll(() => site.stop());

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
  ['unsigned.nl', 'NotSigning'],
  ['island.nl', 'Signing'],
])('%s, which DNSSEC does not secure: nothing is written, unless dnssec is Warn', async (zone, signing) => {
  const before = await serial(zone);
  const tenant = await createTenant(site, zone.replace('.', '-'), { zone });
  const certificate = await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=False Insecure');
  await tenant.until('Stalled=True Insecure');
  await tenant.pass();
  expect(await serial(zone)).toBe(before);

  await tenant.patch({ verification: { probe: 'Disabled', dnssec: 'Warn' } });
  await tenant.until('Ready=True');
  await tenant.until('DNSSECSecure=False Insecure');
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
