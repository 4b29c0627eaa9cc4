/** Leader election on a real Lease, in real time. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadCluster, type Cluster } from '../../src/kube/cluster.ts';
import { runLeaderElection } from '../../src/kube/lease.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { field } from '../support/kubectl.ts';
import { eventually } from '../support/process.ts';
import { createNamespace, surroundings } from './api-server.ts';

let controlPlane: ControlPlane;
let cluster: Cluster;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  cluster = await loadCluster({ kubeconfig: controlPlane.kubeconfigPath });
  await createNamespace(cluster, 'operator');
});

afterAll(async () => {
  await cluster.close();
  await controlPlane.stop();
});

function candidate(identity: string) {
  const stop = new AbortController();
  let leads = false;
  const onStartedLeading = (): void => {
    leads = true;
  };
  const election = { cluster, namespace: 'operator', name: 'leader', identity, onStartedLeading, ...surroundings };
  const ended = runLeaderElection(election, stop.signal).finally(() => {
    leads = false;
  });
  return {
    leads: () => leads,
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}

const leaseField = (name: string) => field(controlPlane.kubeconfigPath, 'operator', 'lease/leader', `{.spec.${name}}`);

test('the first leads and renews; when it stops, the second leads', async () => {
  const first = candidate('first');
  await eventually('the first leads', first.leads);
  const second = candidate('second');
  const firstRenewal = await leaseField('renewTime');
  await eventually('the first renews', async () => (await leaseField('renewTime')) !== firstRenewal);
  expect(second.leads()).toBe(false);
  expect(await leaseField('holderIdentity')).toBe('first');

  expect(await first.stop()).toBe('Released');
  await eventually('the second leads', second.leads);
  expect(await leaseField('holderIdentity')).toBe('second');
  expect(await second.stop()).toBe('Released');
  expect(await leaseField('holderIdentity')).toBe('');
});
