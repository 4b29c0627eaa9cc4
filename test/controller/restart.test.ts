/** A restart is no news: what stands in status and in the DNS stays as it is, to the letter. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import { createTenant } from './tenant.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.stop());

test('a restart writes no status and sends no UPDATE', async () => {
  const before = await site.startOperator({ name: 'before' });
  const tenant = await createTenant(site, 'restarted');
  await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=True');
  await tenant.pass();
  await before.stop();
  const state = async () => ({
    resourceVersion: (await tenant.get()).metadata.resourceVersion,
    serial: await site.chain.dig('+short', site.chain.zone, 'SOA'),
  });
  const left = await state();

  const after = await site.startOperator({ name: 'after' });
  await eventually('it has asked the name server, and nothing is left to do', async () => {
    const { body } = await after.get('/metrics');
    return (
      /^tlsa_operator_dns_requests_total\{.*operation="read".*\} [1-9]/m.test(body) &&
      /^workqueue_unfinished_work_seconds\{name="mailserver".*\} 0$/m.test(body) &&
      /^workqueue_depth\{name="mailserver".*\} 0$/m.test(body)
    );
  });
  expect(await state()).toEqual(left);
});
