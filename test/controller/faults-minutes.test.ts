/** Faults that last minutes, side by side: an API server that is away, watches that are dead and do not say so, a clock that is wrong. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { startTcpProxy, type TcpProxy } from '../kube/tcp-proxy.ts';
import { field } from '../support/kubectl.ts';
import { OPERATOR_NAMESPACE, type RunningOperator } from '../support/operator.ts';
import type { Issued } from '../support/pki.ts';
import { eventually } from '../support/process.ts';
import { clockAhead } from '../support/shifted-clock.ts';
import { startSite, type Site } from '../support/site.ts';
import { createTenant, recordsOf, type Tenant } from './tenant.ts';

let site: Site;
let proxy: TcpProxy;
beforeAll(async () => {
  site = await startSite();
  proxy = await startTcpProxy(Number(new URL(site.controlPlane.url).port));
});
afterAll(async () => {
  await site.stop();
  await proxy.close();
});

const OUTAGE_MS = 120_000;

interface Scene {
  readonly tenant: Tenant;
  readonly certificate: Issued;
}

/** Each operator works in a namespace of its own. */
async function publish(namespace: string): Promise<Scene> {
  const tenant = await createTenant(site, namespace);
  const certificate = await tenant.renew();
  await tenant.mailServer();
  await tenant.until('Ready=True');
  return { tenant, certificate };
}

function start(namespace: string, options: Parameters<Site['startOperator']>[0] = {}): Promise<RunningOperator> {
  const args = [`--watch-namespaces=${namespace}`, '--log-level=debug', ...(options.args ?? ['--leader-elect=false'])];
  return site.startOperator({ name: namespace, ...options, args });
}

async function published(tenant: Tenant, records: readonly string[]): Promise<void> {
  const isPublished = async () => JSON.stringify(await tenant.published()) === JSON.stringify(records);
  await eventually(`the records of ${tenant.namespace} follow`, isPublished);
}

const holder = (): Promise<string> =>
  field(site.kubeconfig, OPERATOR_NAMESPACE, 'lease/tlsa-operator', '{.spec.holderIdentity}');

/** Begun before the outage, looked at after it. */
let withWrongClock: Scene & { readonly renewed: Issued };

test('the API server is away for two minutes; meanwhile the watches of one operator die silently', async () => {
  const silent = await start('silent', { serverUrl: `https://127.0.0.1:${proxy.port}` });
  const leader = await start('outage', { args: ['--leader-elect=true'] });
  const skewed = await start('skewed');
  const [behindProxy, outage, clock] = [await publish('silent'), await publish('outage'), await publish('skewed')];
  const renewed = await clock.tenant.renew();
  await clock.tenant.untilPublished(await recordsOf(clock.certificate, renewed));
  await clock.tenant.until('Ready=True');
  await skewed.program.stop('SIGKILL');
  withWrongClock = { ...clock, renewed };

  proxy.swallow();
  await site.controlPlane.stopApiServer();
  const over = delay(OUTAGE_MS);
  // The leader cannot renew, so it may not lead: it ends. What kubelet does then is ours to do.
  expect(await leader.program.ended).toBe(3);
  const again = await start('outage', {
    name: 'outage-again',
    args: ['--leader-elect=true'],
    kubeconfig: leader.kubeconfig,
  });
  await over;
  expect(again.program.running()).toBe(true);
  expect((await again.get('/healthz')).status).toBe(200);
  for (const { tenant, certificate } of [behindProxy, outage])
    expect(await tenant.published()).toEqual(await recordsOf(certificate));

  await site.controlPlane.startApiServer();
  const certificate = await outage.tenant.renew();
  const unseen = await behindProxy.tenant.renew();
  await published(outage.tenant, await recordsOf(outage.certificate, certificate));
  await outage.tenant.until('Ready=True');
  expect(await holder()).not.toBe('');
  expect(again.program.running()).toBe(true);

  await published(behindProxy.tenant, await recordsOf(behindProxy.certificate, unseen));
  expect(silent.program.running()).toBe(true);
  expect(silent.program.log()).toContain('the watch was silent for too long');
}, 1_200_000);

test('a clock that is two minutes ahead: it is said, and nothing is retired; with a right clock it is', async () => {
  const { tenant, certificate, renewed } = withWrongClock;
  // For more than a minute now the former certificate has not been in use.
  const both = await recordsOf(certificate, renewed);
  expect(await tenant.published()).toEqual(both);
  const wrong = await start('skewed', { name: 'wrong-clock', env: clockAhead(120) });
  await tenant.pass();
  const { body } = await wrong.get('/metrics');
  const skew = Number(/^tlsa_operator_clock_skew_seconds (.*)$/m.exec(body)?.[1]);
  expect(Math.abs(skew - 120)).toBeLessThan(10);
  expect(JSON.stringify((await tenant.get()).status)).toContain('ClockSkew');
  await tenant.pass();
  expect(await tenant.published()).toEqual(both);
  const passes = /^controller_runtime_reconcile_total\{controller="mailserver",result="success"\} (\d+)$/m;
  // What is overdue is not looked at without pause.
  expect(Number(passes.exec((await wrong.get('/metrics')).body)?.[1])).toBeLessThan(10);
  await wrong.stop();

  await start('skewed', { name: 'right-clock' });
  await tenant.untilPublished(await recordsOf(renewed));
  await tenant.until('Ready=True');
  expect(JSON.stringify((await tenant.get()).status)).not.toContain('ClockSkew');
});
