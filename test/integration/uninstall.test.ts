/** The ways out that docs/operations.md describes: in order, and when the operator was uninstalled first. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createTenant, dnsProvider, recordsOf, type Tenant } from '../controller/tenant.ts';
import { installOperator, type RunningOperator } from '../support/operator.ts';
import { eventually, mustRun } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import { toolPath } from '../support/tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'deploy');

let site: Site;
let operator: RunningOperator;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.stop());
beforeEach(async () => {
  await installOperator(site.kubeconfig);
  operator = await site.startOperator();
});

/** Runs the line of the page that holds this text, as it stands there. */
async function runDocumented(text: string): Promise<string> {
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const line = page.split('\n').find((candidate) => candidate.startsWith('kubectl') && candidate.includes(text));
  if (line === undefined) throw new Error(`docs/operations.md has no command with ${text}`);
  const PATH = `${dirname(toolPath('kubectl'))}:${process.env['PATH'] ?? ''}`;
  return mustRun('sh', ['-ec', line], { env: { PATH, KUBECONFIG: site.kubeconfig, KUBERC: 'off' } });
}

async function published(name: string): Promise<{ tenant: Tenant; records: readonly string[] }> {
  const tenant = await createTenant(site, name);
  const certificate = await tenant.renew();
  await tenant.mailServer({}, 'mx1');
  await tenant.until('Ready=True', 'mailserver/mx1');
  return { tenant, records: await recordsOf(certificate) };
}

/** The operator's pods go with its Deployment; the CRD of MailServers stays while one of them does. */
async function uninstallFirst(): Promise<void> {
  await operator.stop();
  await site.kubectl('delete', '-k', DEPLOY, '--wait=false');
  await eventually('all but the MailServers is gone', async () => {
    const left = await leftOvers();
    return left.length === 1 && left[0] === 'crd/mailservers.tlsa-operator.io';
  });
}

async function leftOvers(): Promise<string[]> {
  const kinds = 'crd,clusterroles,clusterrolebindings,namespaces';
  const names = await site.kubectl('get', kinds, '--output=name');
  return names
    .split('\n')
    .filter((name) => name.includes('tlsa-operator'))
    .map((name) => name.replace(/^customresourcedefinition[^/]*/, 'crd'));
}

const isGone = (tenant: Tenant): Promise<string> =>
  tenant.kubectl('wait', 'mailserver/mx1', '--for=delete', '--timeout=240s');

test('in order: MailServers first, then the operator; nothing is left, in the cluster or in the DNS', async () => {
  const { tenant } = await published('in-order');
  await site.kubectl('delete', 'mailservers', '--all', '-A', '--timeout=240s');
  expect(await tenant.published()).toEqual([]);
  await operator.stop();
  await site.kubectl('delete', '-k', DEPLOY, '--timeout=240s');
  expect(await leftOvers()).toEqual([]);
});

test('the operator first: the MailServer hangs, its records stay, and the documented command lets it go', async () => {
  const { tenant, records } = await published('mail');
  await uninstallFirst();
  const { metadata } = await tenant.get('mailserver/mx1');
  expect(metadata.deletionTimestamp).toBeDefined();
  expect(metadata.finalizers).toEqual(['tlsa-operator.io/withdraw']);

  await runDocumented('"finalizers":null');
  await eventually('the CRD can go too', async () => (await leftOvers()).length === 0);
  expect(await tenant.published()).toEqual(records);
});

test('the operator first, and installed again: with its DNSProvider it withdraws what it had published', async () => {
  const { tenant } = await published('again');
  await uninstallFirst();
  await installOperator(site.kubeconfig);
  await tenant.apply(dnsProvider(site));
  operator = await site.startOperator();
  await isGone(tenant);
  expect(await tenant.published()).toEqual([]);
  await eventually('its CRD goes', async () => !(await leftOvers()).includes('crd/mailservers.tlsa-operator.io'));
});
