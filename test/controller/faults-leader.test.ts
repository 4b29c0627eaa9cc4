/** The leader is paused, as a machine that is moved or put to sleep is; another leads meanwhile; then it goes on as if nothing had been. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunningOperator } from '../support/operator.ts';
import { eventually } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import { startDnsGate, type DnsGate } from './dns-gate.ts';
import { createTenant, issue, recordsOf } from './tenant.ts';

let site: Site;
let gate: DnsGate;
beforeAll(async () => {
  site = await startSite();
  gate = await startDnsGate('10.53.0.13', site.chain.primary.address);
});
afterAll(async () => {
  await site.stop();
  await gate.stop();
});

async function metric({ get }: RunningOperator, sample: string): Promise<number> {
  const { body } = await get('/metrics');
  return Number(
    body
      .split('\n')
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length),
  );
}
const leads = async (operator: RunningOperator): Promise<boolean> =>
  (await metric(operator, 'leader_election_master_status{name="tlsa-operator"}')) === 1;

test('with an UPDATE on its way and one behind it: when it goes on it sends nothing, writes nothing, and ends', async () => {
  const first = await site.startOperator({ name: 'first' });
  await eventually('the first leads', () => leads(first));
  const second = await site.startOperator({ name: 'second' });
  const tenant = await createTenant(site, 'paused', { server: gate.server });
  const hostnames = ['a', 'b'].map((label) => `${label}.${tenant.hostname}`);
  const names = ['mx-a', 'mx-b'];
  const former = await issue(...hostnames);
  await tenant.store(former);
  for (const [index, name] of names.entries())
    await tenant.mailServer({ hostnames: hostnames.slice(index, index + 1), rollover: { retireAfter: '24h' } }, name);
  for (const name of names) await tenant.until('Ready=True', `mailserver/${name}`);

  gate.letUpdates('Stop');
  const sent = gate.updates();
  const certificate = await issue(...hostnames);
  await tenant.store(certificate);
  await eventually('one UPDATE is on its way', () => gate.updates() === sent + 1);
  await eventually('another pass is waiting too', async () => {
    const queue = '{name="mailserver",controller="mailserver"}';
    const [all, longest] = await Promise.all(
      ['unfinished_work_seconds', 'longest_running_processor_seconds'].map((name) =>
        metric(first, `workqueue_${name}${queue}`),
      ),
    );
    return (all ?? 0) - (longest ?? 0) > 1;
  });
  first.program.signal('SIGSTOP');
  gate.letUpdates('Pass');

  await eventually('the second leads', () => leads(second));
  const records = await recordsOf(former, certificate);
  for (const hostname of hostnames) await tenant.untilPublished(records, hostname);
  for (const name of names) await tenant.until('Ready=True', `mailserver/${name}`);
  // Somebody puts the DNS back to what the first has in mind: the name server would take its UPDATE.
  const [ours = ''] = (await recordsOf(certificate)).filter((record) => record.startsWith('3'));
  await site.chain.nsupdate(...hostnames.map((hostname) => `delete _25._tcp.${hostname}. TLSA ${ours}`));
  const versions = async (): Promise<string> =>
    tenant.kubectl('get', 'mailservers', '--output=jsonpath={.items[*].metadata.resourceVersion}');
  const before = { updates: gate.updates(), versions: await versions() };

  first.program.signal('SIGCONT');
  expect(await first.program.ended).toBe(3);
  expect({ updates: gate.updates(), versions: await versions() }).toEqual(before);
  for (const hostname of hostnames) expect(await tenant.published(hostname)).toEqual(await recordsOf(former));

  expect(await leads(second)).toBe(true);
  for (const name of names) await tenant.pass(name);
  for (const hostname of hostnames) await tenant.untilPublished(records, hostname);
});
