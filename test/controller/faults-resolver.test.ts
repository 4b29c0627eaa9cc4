/** A resolver that does not validate: whether a zone is signed is then not known, which is another matter than that it is not. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { startSite, type Site } from '../support/site.ts';
import { startUnbound, type UnboundServer } from '../support/unbound.ts';
import { createTenant, recordsOf } from './tenant.ts';

let site: Site;
let notValidating: UnboundServer;
beforeAll(async () => {
  site = await startSite({
    moreZones: [{ name: 'unsigned.nl', delegation: 'Unsigned', records: [] }],
  });
  const { chain } = site;
  notValidating = await startUnbound({
    dir: join(site.dir, 'unbound-plain'),
    address: '127.0.0.3',
    port: 53,
    chain,
    modules: 'iterator',
  });
});
afterAll(async () => {
  await notValidating.stop();
  await site.stop();
});

test('nothing new is published at a signed zone, and the reason is the resolver; with one that validates all is well', async () => {
  const operator = await site.startOperator({ args: ['--leader-elect=false'], resolver: '127.0.0.3:53' });
  const tenant = await createTenant(site, 'resolver');
  const certificate = await tenant.renew();
  await tenant.mailServer();
  const { message } = await tenant.until('RecordsPublished=False ResolverDoesNotValidate');
  expect(message).toContain('127.0.0.3:53');
  await tenant.until('DNSSECSecure=Unknown ResolverDoesNotValidate');
  await tenant.until('Stalled=True ResolverDoesNotValidate');
  expect(await tenant.published()).toEqual([]);
  expect(operator.program.log()).toContain('the resolver does not validate DNSSEC');

  // Who does not need DNSSEC needs no such resolver.
  await tenant.mailServer(
    { hostnames: [`ignoring.${tenant.hostname}`], verification: { probe: 'Disabled', dnssec: 'Ignore' } },
    'ignoring',
  );
  await tenant.until('Ready=True', 'mailserver/ignoring');
  await operator.stop();

  const another = await site.startOperator({ name: 'another', args: ['--leader-elect=false'] });
  await tenant.until('Ready=True');
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  await tenant.until('DNSSECSecure=True Secure');
  expect(another.program.log()).toContain('the resolver validates');
});

test('an unsigned zone is told as such by a resolver that validates', async () => {
  const tenant = await createTenant(site, 'unsigned', { zone: 'unsigned.nl' });
  await tenant.renew();
  await tenant.mailServer();
  await tenant.until('RecordsPublished=False ZoneNotSigned');
  await tenant.until('DNSSECSecure=False ZoneNotSigned');
});
