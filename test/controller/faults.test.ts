/** The operator dies, or what it depends on does: what it was about goes on and ends right, and nothing is lost. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MailServer } from '../../src/api/mail-server.ts';
import { runBind, type BindServer } from '../support/bind.ts';
import { apply, field } from '../support/kubectl.ts';
import { OPERATOR_NAMESPACE, type RunningOperator } from '../support/operator.ts';
import type { Issued } from '../support/pki.ts';
import { eventually, mustRun, startProgram } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import { toolPath } from '../support/tools.ts';
import { startDnsGate, type DnsGate } from './dns-gate.ts';
import { createTenant, everIssued, issue, recordsOf, type Tenant, type TenantOptions } from './tenant.ts';

let site: Site;
/** The way to the primary where it is to be in our hand. */
let gate: DnsGate;
/** The one that runs now. */
let operator: RunningOperator;
let primaryAgain: BindServer | undefined;
beforeAll(async () => {
  site = await startSite();
  gate = await startDnsGate('10.53.0.13', site.chain.primary.address);
  operator = await start();
});
afterAll(async () => {
  await site.stop();
  await gate.stop();
  await primaryAgain?.program.stop();
});

let lives = 0;

/** Without a lease, which a killed one would leave behind for 15 s; that is a test of its own. */
function start(...args: readonly string[]): Promise<RunningOperator> {
  lives += 1;
  const wanted = args.length > 0 ? args : ['--leader-elect=false'];
  return site.startOperator({ name: `operator-${lives}`, args: ['--log-level=debug', ...wanted] });
}

const kill = (one: RunningOperator): Promise<number | undefined> => one.program.stop('SIGKILL');

type Made = Readonly<{ tenant: Tenant; certificate: Issued }>;

async function made(name: string, options: TenantOptions = {}): Promise<Made> {
  const tenant = await createTenant(site, name, options);
  const certificate = await tenant.renew();
  await tenant.mailServer();
  return { tenant, certificate };
}

async function published(...parameters: Parameters<typeof made>): Promise<Made> {
  const all = await made(...parameters);
  await all.tenant.until('Ready=True');
  return all;
}

/** Counts what is written to the MailServers of a namespace from now on. */
async function countChanges(tenant: Tenant, mailServers: number) {
  const program = startProgram({
    name: 'kubectl get --watch',
    command: toolPath('kubectl'),
    args: [
      `--kubeconfig=${site.kubeconfig}`,
      `--cache-dir=${site.kubeconfig}.cache`,
      `--namespace=${tenant.namespace}`,
      'get',
      'mailservers',
      '--watch',
      '--output=name',
    ],
    logFile: join(site.dir, `watch-${lives}`),
  });
  const lines = (): number => program.log().split('\n').length - 1;
  await eventually('the watch shows what there is', () => lines() >= mailServers);
  return { changes: () => lines() - mailServers, stop: () => program.stop() };
}

/** The history of an owner where nothing stood. */
const BEFORE_US = [
  { n: 1, kind: 'Unknown' },
  { n: 2, kind: 'Written', records: [] },
];
const recordSetOf = async (tenant: Tenant) => (await tenant.get()).status.recordSets?.[0];

/** Begun first, looked at last: many lives of the operator pass in between. */
let patient: Tenant;

test('a certificate is renewed', async () => {
  const { tenant, certificate: former } = await published('patient');
  const certificate = await tenant.renew();
  await tenant.untilPublished(await recordsOf(former, certificate));
  patient = tenant;
});

test.each([
  ['killed', 'SIGKILL', undefined],
  ['ended', 'SIGTERM', 0],
] as const)(
  '%s when the intent is stored and the UPDATE has not arrived: the next life makes it',
  async (how, signal, code) => {
    gate.letUpdates('Stop');
    const sent = gate.updates();
    const { tenant, certificate } = await made(`${how}-before-update`, { server: gate.server });
    await eventually('the UPDATE is on its way', () => gate.updates() > sent);
    // Within the Deployment's terminationGracePeriodSeconds.
    expect(await operator.program.stop(signal, 30_000)).toBe(code);
    expect(await recordSetOf(tenant)).toMatchObject({ intent: { remove: [] }, versions: BEFORE_US });
    expect(await tenant.published()).toEqual([]);

    gate.letUpdates('Pass');
    operator = await start();
    await tenant.until('Ready=True');
    expect(await tenant.published()).toEqual(await recordsOf(certificate));
    expect((await recordSetOf(tenant))?.versions).toMatchObject([...BEFORE_US, { n: 3, kind: 'Written' }]);
  },
);

test('killed when the UPDATE is done and its answer lost: the next life recognizes its own work', async () => {
  gate.letUpdates('LoseAnswers');
  const lost = gate.lost();
  const { tenant, certificate } = await made('after-update', { server: gate.server });
  await eventually('the answer is lost', () => gate.lost() > lost);
  await kill(operator);
  const records = await recordsOf(certificate);
  expect(await tenant.published()).toEqual(records);
  expect(await recordSetOf(tenant)).toMatchObject({ intent: { remove: [] }, versions: BEFORE_US });

  gate.letUpdates('Pass');
  const sent = gate.updates();
  operator = await start();
  await tenant.until('Ready=True');
  expect(await tenant.published()).toEqual(records);
  expect(gate.updates()).toBe(sent);
  expect((await recordSetOf(tenant))?.versions).toMatchObject([...BEFORE_US, { n: 3, kind: 'Written' }]);
});

test('killed at any moment of a rollover: every life ends with one set of records, each written once', async () => {
  const tenant = await createTenant(site, 'any-moment');
  // Many at once, so that each kill meets some of them at another point.
  const hosts = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, hostname: `${name}.${tenant.hostname}` }));
  const certificates: Issued[] = [];
  const renew = async (): Promise<void> => {
    const certificate = await issue(...hosts.map(({ hostname }) => hostname));
    certificates.push(certificate);
    await tenant.store(certificate);
  };
  const allPublished = async (): Promise<void> => {
    const records = await recordsOf(...certificates);
    await eventually('all are confirmed', async () => {
      const { items } = JSON.parse(await tenant.kubectl('get', 'mailservers', '--output=json')) as {
        items: MailServer[];
      };
      return items.every(({ status: { recordSets: [recordSet] = [] } }) => {
        const newest = recordSet?.versions.at(-1);
        return recordSet?.intent === undefined && newest?.records.length === records.length;
      });
    });
    for (const { hostname } of hosts) expect(await tenant.published(hostname)).toEqual(records);
  };
  await renew();
  const spec = { rollover: { retireAfter: '24h' } };
  for (const { name, hostname } of hosts) await tenant.mailServer({ ...spec, hostnames: [hostname] }, name);
  await allPublished();
  // A renewal takes two status writes of each at least: the intent, and that it was done.
  for (const writes of [1, 4, 7, 9, 11]) {
    await kill(operator);
    await renew();
    const seen = await countChanges(tenant, hosts.length);
    const doomed = await start();
    await eventually('that many statuses are written', () => seen.changes() >= writes);
    await kill(doomed);
    operator = await start();
    await allPublished();
    await seen.stop();
  }
});

test('the primary is gone for a while: no record goes; what happened meanwhile is made up for', async () => {
  const { tenant, certificate: former } = await published('outage');
  const { tenant: left } = await published('left');
  const records = await left.published();
  const { primary } = site.chain;
  await primary.program.stop();
  const certificate = await tenant.renew();
  await tenant.until('RecordsPublished=False PrimaryUnreachable');
  await tenant.until('Ready=False');

  await left.kubectl('delete', 'mailserver/mx', '--wait=false');
  await left.until('RecordsPublished=False PrimaryUnreachable');
  expect((await left.get()).metadata.finalizers).toEqual(['tlsa-operator.io/withdraw']);
  await left.kubectl('annotate', 'mailserver/mx', 'tlsa-operator.io/abandon-records=true');
  await left.kubectl('wait', 'mailserver/mx', '--for=delete', '--timeout=240s');

  primaryAgain = await runBind({ dir: join(site.dir, 'dns/primary'), address: primary.address });
  expect(await left.published()).toEqual(records);
  expect(await tenant.published()).toEqual(expect.arrayContaining(await recordsOf(former)));
  await tenant.untilPublished(await recordsOf(former, certificate));
  await tenant.until('Ready=True');
});

test('the API server is gone for a while: the same process goes on', async () => {
  const { tenant, certificate: former } = await published('api-outage');
  await site.controlPlane.restartApiServer();
  const certificate = await tenant.renew();
  await tenant.untilPublished(await recordsOf(former, certificate));
  const { tenant: another } = await published('after-api-outage');
  await another.until('Ready=True');
  expect(operator.program.running()).toBe(true);
});

test('of two replicas one leads; when it is killed, the other takes over; SIGTERM gives the lease up', async () => {
  expect(await operator.stop()).toBe(0);
  const leads = async ({ get }: RunningOperator): Promise<boolean> =>
    (await get('/metrics')).body.includes('leader_election_master_status{name="tlsa-operator"} 1');
  const leader = await start('--leader-elect=true');
  await eventually('the first leads', () => leads(leader));
  operator = await start('--leader-elect=true');
  await eventually('the second is ready to', async () => (await operator.get('/readyz')).status === 200);
  await published('first-leader');
  expect(await leads(operator)).toBe(false);

  await kill(leader);
  const { tenant, certificate } = await made('second-leader');
  await eventually('the second leads', () => leads(operator));
  await tenant.until('Ready=True');
  expect(await tenant.published()).toEqual(await recordsOf(certificate));

  expect(await operator.stop()).toBe(0);
  const holder = await field(site.kubeconfig, OPERATOR_NAMESPACE, 'lease/tlsa-operator', '{.spec.holderIdentity}');
  expect(holder).toBe('');
});

test('CRDs of another version: it says what to run and writes nothing until that was done', async () => {
  await operator.stop();
  const program = join(import.meta.dirname, '../../dist/main.js');
  const crds = await mustRun(process.execPath, [program, 'crd']);
  await apply(site.kubeconfig, crds.replace(/(schema-hash: )\S+/g, '$1of-another-version'));
  operator = await start();
  const readyz = await eventually('all else is ready', async () => {
    const { status, body } = await operator.get('/readyz');
    return body.includes('[+] watches: ok') && !body.includes('not compared yet') && { status, body };
  });
  expect(readyz.status).toBe(503);
  expect(readyz.body).toContain('run: tlsa-operator crd | kubectl apply --server-side -f -');
  const { tenant, certificate } = await made('old-crds');
  const { body } = await operator.get('/metrics');
  expect(body).not.toMatch(/method="(PUT|POST|PATCH)"/);
  expect((await tenant.get()).status.recordSets).toBeUndefined();

  await mustRun('sh', [
    '-ec',
    '"$0" "$1" crd | "$2" --kubeconfig="$3" apply --server-side -f -',
    process.execPath,
    program,
    toolPath('kubectl'),
    site.kubeconfig,
  ]);
  await tenant.until('Ready=True');
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  expect((await operator.get('/readyz')).status).toBe(200);
});

test('after all these lives, the former certificate is retired a minute after it went, and its record is gone', async () => {
  const [former] = everIssued;
  if (former === undefined) throw new Error('no certificate was issued');
  await eventually('its record is gone', async () => (await patient.published()).length === 2);
  await patient.until('Ready=True');
});

test('no private key and no TSIG secret shows up anywhere', async () => {
  const objects = 'mailservers,dnsproviders,clusterdnsproviders,events,leases';
  const logs = readdirSync(site.dir).filter((name) => name.endsWith('.log'));
  const places = {
    ...Object.fromEntries(logs.map((name) => [name, readFileSync(join(site.dir, name), 'latin1')])),
    objects: await site.kubectl('get', objects, '--all-namespaces', '--show-managed-fields', '--output=json'),
    metrics: (await operator.get('/metrics')).body,
  };
  expect(logs).toHaveLength(lives);
  expect(places.objects).toContain('CertificateFound');
  const tsig = Buffer.from(site.chain.tsigKey.secret, 'base64');
  const needles = [
    ...(['base64', 'base64url', 'hex', 'latin1'] as const).map((encoding) => tsig.toString(encoding)),
    ...everIssued.flatMap(({ keyPem }) => {
      const lines = keyPem.trim().split('\n').slice(1, -1);
      const secrets = [...lines, Buffer.from(keyPem).toString('base64').slice(60, 120)];
      return [...secrets, Buffer.from(lines.join(''), 'base64').toString('hex').slice(80, 140)];
    }),
  ];
  const found = Object.entries(places).flatMap(([place, text]) =>
    needles.filter((needle) => text.includes(needle)).map(() => place),
  );
  expect(found).toEqual([]);
});
