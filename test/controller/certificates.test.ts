/** Certificates that a Secret can hold and that must not be published; real cert-manager puts one of them there. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import { createTenant, issue, recordsOf } from './tenant.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite({ certManager: true });
  await site.startOperator();
});
afterAll(() => site.stop());

test("cert-manager's temporary certificate is never published; the real one is", async () => {
  const tenant = await createTenant(site, 'temporary');
  const certificate = (issuer: string): object => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'mx', annotations: { 'cert-manager.io/issue-temporary-certificate': 'true' } },
    spec: {
      secretName: 'tls',
      dnsNames: [tenant.hostname],
      privateKey: { algorithm: 'ECDSA' },
      issuerRef: { name: issuer },
    },
  });
  await tenant.apply(certificate('later'));
  await tenant.mailServer();
  await tenant.until('CertificatesResolved=False TemporaryCertificate');
  expect(await tenant.published()).toEqual([]);

  await tenant.apply({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name: 'later' },
    spec: { selfSigned: {} },
  });
  await tenant.until('Ready=True');
  await eventually('one 3 1 1', async () => /^3 1 1 [0-9a-f]{64}$/.test((await tenant.published()).join('\n')));
});

test('a key that does not fit its certificate is told, and takes nothing away', async () => {
  const tenant = await createTenant(site, 'misfit');
  const good = await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=True');
  const [one, other] = [await issue(tenant.hostname), await issue(tenant.hostname)];
  await tenant.store({ chainPem: one.chainPem, keyPem: other.keyPem });
  await tenant.until('CertificatesResolved=False KeyDoesNotFit');
  expect(await tenant.published()).toEqual(await recordsOf(good));
  await tenant.store(one);
  await tenant.until('CertificatesResolved=True');
  await tenant.untilPublished(await recordsOf(good, one));
});
