/** The command `plan` beside a real API server and BIND: it tells what the operator then does, why it waits, and writes nothing. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { ForeseenMailServer } from '../../src/controller/foresee.ts';
import { cli, type Ran } from '../cli/cli.ts';
import { OPERATOR_NAMESPACE } from '../support/operator.ts';
import { eventually } from '../support/process.ts';
import { FRESH_RESOLVER, startSite, type Site } from '../support/site.ts';
import { startDnsGate } from './dns-gate.ts';
import { createTenant, issue, recordsOf, type Tenant } from './tenant.ts';

const ROLE = join(import.meta.dirname, '../../deploy/promote/role.yaml');
const LIVE = 'mx1-tls-live';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.stop());

const plan = (...args: readonly string[]): Promise<Ran> =>
  cli(['plan', `--kubeconfig=${site.kubeconfig}`, `--resolver=${FRESH_RESOLVER}`, '--probe-deny-cidr=none', ...args]);

async function planOf({ namespace }: Tenant): Promise<ForeseenMailServer & { readonly code: number }> {
  const { code, stdout, stderr } = await plan('-n', namespace, 'mx', '-o', 'json');
  expect(stderr).toBe('');
  const { mailServers } = JSON.parse(stdout) as { readonly mailServers: readonly ForeseenMailServer[] };
  const [first] = mailServers;
  if (first === undefined || mailServers.length > 1) throw new Error(stdout);
  return { ...first, code };
}

/** Everything that it could have written; the control plane renews leases of its own. */
async function written(): Promise<string> {
  const kinds = 'mailservers,dnsproviders,clusterdnsproviders,secrets,events,leases,namespaces';
  const versions =
    '--output=jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
  const objects = (await site.kubectl('get', kinds, '--all-namespaces', versions)).split('\n');
  const others = objects.filter((line) => !line.startsWith('Lease ') || line.startsWith('Lease tlsa-operator '));
  return [...others, await serial()].join('\n');
}

const serial = (): Promise<string> => site.chain.dig('+short', '+norec', site.chain.zone, 'SOA');

test('of a new MailServer: the records that come, and nothing is written; then the operator does so', async () => {
  const tenant = await createTenant(site, 'new');
  const certificate = await tenant.renew();
  await tenant.mailServer();
  const before = await written();
  const { code, now, owners } = await planOf(tenant);
  expect(code).toBe(0);
  expect(now).toBe('ChangeRecordSets');
  const records = await recordsOf(certificate);
  const owner = `_25._tcp.${tenant.hostname}`;
  expect(owners).toMatchObject([
    { owner, zone: site.chain.zone, provider: 'DNSProvider/bind', action: 'Publish', ttlSeconds: 60 },
  ]);
  expect(owners[0]?.records?.map(({ data, change }) => `${change} ${data}`).sort()).toEqual(
    records.map((record) => `Add ${record}`),
  );
  const { code: alsoCode, stdout } = await plan();
  expect(alsoCode).toBe(0);
  expect(stdout).toMatch(/^MailServer new\/mx at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n {2}now {8}records are changed\n/);
  for (const record of records) expect(stdout).toContain(`+ ${record} `);
  expect(await written()).toBe(before);

  const operator = await site.startOperator({ name: 'new' });
  await tenant.until('Ready=True');
  expect(await tenant.published()).toEqual(records);
  await operator.stop();
});

test('a wait is explained: which certificate waits, why, and until when', async () => {
  const operator = await site.startOperator({ name: 'waiting' });
  const tenant = await createTenant(site, 'waiting');
  await tenant.kubectl('apply', `--filename=${ROLE}`);
  const renew = async () => {
    const certificate = await issue(tenant.hostname);
    await tenant.store(certificate, 'tls', { 'tlsa-operator.io/promote-to': LIVE });
    return certificate;
  };
  await renew();
  await tenant.mailServer({ certificates: [{ secretName: 'tls', servingSecretName: LIVE }] });
  await tenant.until('Ready=True Published');
  await renew();
  const opensAt = await eventually(
    'the gate has a time',
    async () => (await tenant.get()).status.certificates?.[0]?.candidate?.gateOpensAt,
  );
  await operator.stop();

  const before = await written();
  const { now, candidates, owners, rollover } = await planOf(tenant);
  expect(now).toBe('Nothing');
  expect(rollover).toMatchObject({ step: 'WaitingForCaches', until: opensAt });
  expect(candidates).toMatchObject([{ secretName: 'tls', reason: 'WaitingForCaches', until: opensAt }]);
  const roles = owners[0]?.records?.map(({ role, change }) => `${change} ${role}`).sort();
  expect(roles).toEqual(['Keep Next', 'Keep Serving', 'Keep TrustAnchor']);
  expect(owners[0]?.held.at(-1)).toMatchObject({ current: true });
  expect(owners[0]?.held.length).toBeGreaterThan(1);
  const { stdout } = await plan('-n', tenant.namespace);
  expect(stdout).toContain(`WaitingForCaches until ${opensAt}`);
  expect(await written()).toBe(before);
});

test('records of others stay; without a word from the primary it is not known: exit code 3', async () => {
  const gate = await startDnsGate('10.53.0.13', site.chain.primary.address);
  const tenant = await createTenant(site, 'foreign', { server: gate.server });
  await tenant.renew();
  const others = `3 1 1 ${'ab'.repeat(32)}`;
  await site.chain.nsupdate(`add _25._tcp.${tenant.hostname}. 60 TLSA ${others}`);
  await tenant.mailServer();
  const { owners } = await planOf(tenant);
  expect(owners[0]?.records).toContainEqual({ data: others, role: 'Foreign', change: 'Keep' });
  await gate.stop();
  const { code, stdout } = await plan('-n', tenant.namespace);
  expect(code).toBe(3);
  expect(stdout).toContain('could not be found out');
});

test('what keeps records from being published stands there', async () => {
  const tenant = await createTenant(site, 'lacking');
  await tenant.mailServer({ providerRef: { name: 'none' } });
  const { code, owners, now } = await planOf(tenant);
  expect([code, now]).toEqual([3, 'Nothing']);
  expect(owners).toMatchObject([{ action: 'Waits', problem: { code: 'ProviderNotFound' } }]);
  await tenant.mailServer();
  expect(await planOf(tenant)).toMatchObject({ code: 0, now: 'Nothing' });
  const { stdout } = await plan('-n', tenant.namespace);
  expect(stdout).toContain('SecretNotFound');
});

test('a name that is not there, and two of them: exit code 2; an API server that is not there: 3', async () => {
  expect(await plan('nobody')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('nobody') });
  expect(await plan('one', 'two')).toMatchObject({ code: 2, stdout: '' });
  const away = await site.controlPlane.kubeconfigForServiceAccount(
    OPERATOR_NAMESPACE,
    'tlsa-operator',
    'https://127.0.0.1:9',
  );
  expect(await plan(`--kubeconfig=${away}`)).toMatchObject({ code: 3, stdout: '' });
});

test("the operator's own rights are enough", async () => {
  const kubeconfig = await site.controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'tlsa-operator');
  const tenant = await createTenant(site, 'enough');
  await tenant.renew();
  await tenant.mailServer({ verification: { probe: 'Enabled', serviceRef: { name: 'postfix' } } });
  const { code, stdout, stderr } = await plan('-n', tenant.namespace, `--kubeconfig=${kubeconfig}`);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('ServiceNotFound');
});
