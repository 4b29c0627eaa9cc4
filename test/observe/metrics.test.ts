import { expect, test } from '@jest/globals';
import { createMetrics } from '../../src/observe/metrics.ts';

test('the names are those of controller-runtime, so that dashboards for it work', async () => {
  const { registry } = createMetrics();
  const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'controller_runtime_reconcile_total',
      'controller_runtime_reconcile_errors_total',
      'controller_runtime_reconcile_time_seconds',
      'workqueue_depth',
      'workqueue_adds_total',
      'workqueue_retries_total',
      'workqueue_queue_duration_seconds',
      'workqueue_work_duration_seconds',
      'workqueue_unfinished_work_seconds',
      'workqueue_longest_running_processor_seconds',
      'rest_client_requests_total',
      'leader_election_master_status',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'tlsa_operator_dns_requests_total',
      'tlsa_operator_probe_total',
    ]),
  );
});

test('each report is counted where it belongs', async () => {
  const metrics = createMetrics();
  metrics.reconciled('mailserver', 'success', 0.1);
  metrics.reconciled('mailserver', 'error', 2);
  metrics.apiRequest('GET', '200', '10.0.0.1:443');
  metrics.leading('tlsa-operator', true);
  metrics.leading('tlsa-operator', false);
  metrics.dnsRequest('rfc2136', 'change', 'ok');
  metrics.probed('ok');
  const lines = (await metrics.registry.metrics()).split('\n');
  for (const line of [
    'controller_runtime_reconcile_total{controller="mailserver",result="success"} 1',
    'controller_runtime_reconcile_total{controller="mailserver",result="error"} 1',
    'controller_runtime_reconcile_errors_total{controller="mailserver"} 1',
    'controller_runtime_reconcile_time_seconds_sum{controller="mailserver"} 2.1',
    'rest_client_requests_total{code="200",method="GET",host="10.0.0.1:443"} 1',
    'leader_election_master_status{name="tlsa-operator"} 0',
    'tlsa_operator_dns_requests_total{provider="rfc2136",operation="change",code="ok"} 1',
    'tlsa_operator_probe_total{result="ok"} 1',
  ]) {
    expect(lines).toContain(line);
  }
});

test('MailServers are counted by condition at each scrape', async () => {
  const metrics = createMetrics();
  const secure = { type: 'DNSSECSecure', status: 'True', reason: 'Secure' };
  let conditions = [secure, secure, { type: 'DNSSECSecure', status: 'True', reason: 'SignaturesExpireSoon' }];
  metrics.conditions(() => conditions);
  const scraped = async () =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('tlsa_operator_mailserver'));
  const name = 'tlsa_operator_mailserver_conditions{condition="DNSSECSecure",status="True"';
  expect(await scraped()).toEqual([`${name},reason="Secure"} 2`, `${name},reason="SignaturesExpireSoon"} 1`]);
  conditions = [secure];
  expect(await scraped()).toEqual([`${name},reason="Secure"} 1`]);
});

test('two processes in one, as in tests, do not share numbers', async () => {
  createMetrics().probed('ok');
  expect(await createMetrics().registry.metrics()).not.toContain('tlsa_operator_probe_total{');
});
