/** Those who let go are not held up: what makes no difference to a withdrawal is not asked, and what can be refused then is no error. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/process.ts';
import { FRESH_RESOLVER, startSite, type Site } from '../support/site.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { startDnsGate, type DnsGate } from './dns-gate.ts';
import { createTenant, recordsOf, type Tenant } from './tenant.ts';

let site: Site;
let operator: RunningOperator;
/** What the operator asks its resolver, and the primary. */
let resolver: DnsGate;
let primary: DnsGate;
beforeAll(async () => {
  site = await startSite();
  resolver = await startDnsGate('10.53.0.13', FRESH_RESOLVER);
  primary = await startDnsGate('10.53.0.14', site.chain.primary.address);
  operator = await start();
});
afterAll(async () => {
  await operator.stop();
  await resolver.stop();
  await site.stop();
});

const start = (): Promise<RunningOperator> =>
  startOperator({
    dir: site.dir,
    controlPlane: site.controlPlane,
    resolver: resolver.server,
    args: ['--log-level=debug'],
  });

async function published(name: string): Promise<{ tenant: Tenant; records: readonly string[] }> {
  const tenant = await createTenant(site, name, { server: primary.server });
  const certificate = await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=True');
  return { tenant, records: await recordsOf(certificate) };
}

test('publish: false: the host is not looked up and no server is connected to', async () => {
  const tenant = await createTenant(site, 'not-published', { server: primary.server });
  await tenant.renew();
  await tenant.mailServer({ publish: false, verification: { probe: 'Enabled' } });
  await tenant.until('Ready=True Withdrawn');
  await tenant.until('DNSSECSecure=Unknown NotLookedUp');
  expect(primary.saw('not-published')).toBe(true);
  expect(resolver.saw('not-published')).toBe(false);

  await tenant.patch({ publish: true });
  await tenant.until('DNSSECSecure=True');
  expect(resolver.saw('not-published')).toBe(true);
});

test('a namespace that goes with its MailServer: the records are withdrawn, and nothing is tried that it refuses', async () => {
  const { tenant } = await published('going');
  await site.kubectl('delete', 'namespace', tenant.namespace, '--timeout=240s');
  expect(await tenant.published()).toEqual([]);
  expect((await operator.get('/metrics')).body).not.toMatch(/rest_client_requests_total\{code="403"/);
});

test('abandoned while the primary is away: nothing is asked, and only what follows is told', async () => {
  const { tenant, records } = await published('abandoned');
  await operator.stop();
  await primary.stop();
  await tenant.kubectl('annotate', 'mailserver/mx', 'tlsa-operator.io/abandon-records=true');
  await tenant.kubectl('delete', 'mailserver/mx', '--wait=false');
  operator = await start();
  await tenant.kubectl('wait', 'mailserver/mx', '--for=delete', '--timeout=240s');
  expect(await tenant.published()).toEqual(records);
  const warnings = '--field-selector=involvedObject.kind=MailServer,type=Warning';
  const told = () => tenant.kubectl('get', 'events', warnings, '--output=jsonpath={.items[*].reason}');
  expect(await eventually('it is told', told)).toBe('RecordsLeft');
});
