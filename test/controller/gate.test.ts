/**
 * Mode Gate, with cert-manager's real controllers: issued at once, held back until every sender has seen the records, then handed over. Many
 * scenarios side by side, as the shortest gate takes two and a half minutes. (Kills at moments by a seed: test/e2e/rollovers.test.ts.)
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { BindServer } from '../support/bind.ts';
import type { RunningOperator } from '../support/operator.ts';
import { startSite, type Site } from '../support/site.ts';
import { deniedTwice } from './gate/approval.ts';
import {
  certificateStatus,
  daneIssuer,
  keyIn,
  patiently,
  protectedHost,
  releaseNow,
  renew,
  servedKey,
  untilCandidate,
  untilIssued,
  untilServed,
  type Scenarios,
} from './gate/gated.ts';
import { migration } from './gate/migration.ts';
import { renewals } from './gate/renewals.ts';
import { requestsAndAnswers } from './gate/requests.ts';
import { lateZone, sharers, startLateServer } from './gate/sharers.ts';
import type { Tenant } from './tenant.ts';

const RBAC = join(import.meta.dirname, '../../deploy/components/gate/gate.yaml');

let site: Site;
let late: BindServer;
let operator: RunningOperator;
let lives = 0;

async function start(): Promise<void> {
  lives += 1;
  operator = await site.startOperator({
    name: `operator-${lives}`,
    args: [
      '--log-level=debug',
      '--leader-elect=false',
      '--gate=true',
      '--certificate-request-minimum-backoff-duration=2s',
    ],
  });
}

beforeAll(async () => {
  site = await startSite({ certManager: true, moreZones: [lateZone] });
  late = await startLateServer(site);
  await site.kubectl('apply', `--filename=${RBAC}`);
  await site.kubectl('delete', 'clusterrolebinding/tlsa-operator-gate-approve');
  await start();
});
afterAll(async () => {
  await late.program.stop();
  await site.stop();
});

/** Their gates open by themselves. */
const LONG = ['renewal', 'pair', 'storm', 'zones'];

let denied: Tenant;

test('nobody is asked before it is approved; who denies a request, or ours, ends it, and nothing is published', async () => {
  denied = await deniedTwice(site);
});

const SCENARIOS: Scenarios = {
  'once cert-manager may approve what is for our issuers, it does': async () => {
    await daneIssuer(denied, { name: 'issuing-ca' });
    await untilIssued(denied);
    await denied.until('Ready=True');
  },
  ...renewals(() => site),
  ...requestsAndAnswers(() => site),
  ...sharers(() => site),
  ...migration(() => site),
};

const scenarios = new Map<string, Promise<void>>();

/** All at once; each test waits for its own. */
test('the scenarios are under way', async () => {
  await site.kubectl('apply', `--filename=${RBAC}`);
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const running = scenario();
    running.catch(() => undefined);
    scenarios.set(name, running);
  }
});

test('cert-manager is gone when one is handed over, and the operator is killed, while all of them wait: both go on', async () => {
  const tenant = await protectedHost(site, 'outage');
  const first = await servedKey(tenant);
  await renew(tenant);
  const next = keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers'), 'Candidate');
  await patiently(
    'all know when their time is',
    () =>
      Promise.all(
        LONG.map((namespace) => site.kubectl('get', 'mailservers', `--namespace=${namespace}`, '--output=json')),
      ),
    (all) => all.every((mailServers) => mailServers.includes('"gateOpensAt"')),
  );
  await patiently(
    'an event that is not made yet dies with the operator: who counts on them has them',
    () => site.kubectl('get', 'events', '--namespace=failing', '--output=json'),
    (events) => events.includes('-3 failed'),
  );
  await site.withoutCertManager(async () => {
    await releaseNow(tenant, next);
    await untilCandidate(tenant, 'Released', 'HandedOver');
    await operator.program.stop('SIGKILL');
    await start();
    expect(keyIn((await certificateStatus(tenant)) ?? { chains: [] }, 'Serving')).toBe(first);
  });
  await untilServed(tenant, next);
});

test.each(Object.keys(SCENARIOS))('%s', async (name) => {
  await scenarios.get(name);
});
