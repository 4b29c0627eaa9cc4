/** The reflector against a real API server, and the network between them taken away. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadCluster, type Cluster } from '../../src/kube/cluster.ts';
import { reflect, type ReflectorOptions } from '../../src/kube/reflector.ts';
import {
  keyOf,
  MAIL_SERVERS,
  SECRETS,
  type KubeObject,
  type PartialObject,
  type Secret,
} from '../../src/kube/resource.ts';
import { Store } from '../../src/kube/store.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { mustKubectl } from '../support/kubectl.ts';
import { eventually } from '../support/process.ts';
import {
  clusterByPort,
  CONFIG_MAPS,
  create,
  createNamespace,
  installMailServers,
  surroundings,
  type ConfigMap,
} from './api-server.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

let controlPlane: ControlPlane;
let proxy: TcpProxy;
/** Straight to the API server: the world. */
let world: Cluster;
/** By the proxy: us. */
let cluster: Cluster;
const lists: string[] = [];
const stop = new AbortController();
const reflectors: Promise<void>[] = [];

beforeAll(async () => {
  controlPlane = await startControlPlane();
  proxy = await startTcpProxy(Number(new URL(controlPlane.url).port));
  world = await loadCluster({ kubeconfig: controlPlane.kubeconfigPath });
  cluster = await clusterByPort(controlPlane, proxy.port, (method) => lists.push(method));
});

afterAll(async () => {
  stop.abort();
  await Promise.all(reflectors);
  await cluster.close();
  await world.close();
  await proxy.close();
  await controlPlane.stop();
});

function storeOf<T extends KubeObject>(
  options: Omit<ReflectorOptions<T>, 'cluster' | 'store' | 'clock' | 'random' | 'log'>,
) {
  const store = new Store<T>(surroundings.log);
  const changes: string[] = [];
  store.subscribe(({ old, object }) => {
    changes.push(
      `${old === undefined ? '' : '-'}${object === undefined ? '' : '+'}${(object ?? old)?.metadata.name ?? ''}`,
    );
  });
  reflectors.push(reflect<T>({ cluster, store, ...surroundings, ...options }, stop.signal));
  return { store, changes };
}

const configMap = (namespace: string, name: string, value = ''): Promise<ConfigMap> =>
  create<ConfigMap>(world, CONFIG_MAPS, namespace, { metadata: { name }, data: { value } });

const remove = (namespace: string, name: string): Promise<string> =>
  mustKubectl(controlPlane.kubeconfigPath, 'delete', 'configmap', name, `--namespace=${namespace}`);

test('lists of more than one page are complete, and changes follow', async () => {
  await createNamespace(world, 'pages');
  const names = Array.from({ length: 25 }, (_, number) => `item-${number}`);
  await Promise.all(names.map((name) => configMap('pages', name)));
  const before = lists.length;
  const { store, changes } = storeOf<ConfigMap>({ resource: CONFIG_MAPS, namespaces: ['pages'], pageSize: 10 });
  await store.synced;
  expect(store.list().map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(names));
  expect(lists.length - before).toBe(3);

  await configMap('pages', 'new');
  await eventually('the new object', () => store.get('pages/new'));
  await remove('pages', 'item-7');
  await eventually('the deletion', () => store.get('pages/item-7') === undefined);
  expect(changes.slice(-2)).toEqual(['+new', '-item-7']);
  expect(store.get('pages/new')).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(store.get('pages/item-1')).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(JSON.stringify(store.list())).not.toContain('managedFields');
});

test('of Secrets it has metadata only, of the wanted type, and no copy that kubectl apply left', async () => {
  await createNamespace(world, 'secrets');
  const key = Buffer.from('PRIVATE KEY').toString('base64');
  const data = { 'tls.crt': key, 'tls.key': key };
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls', namespace: 'secrets' }, data };
  const { store } = storeOf<PartialObject>({
    resource: SECRETS,
    metadataOnly: true,
    fieldSelector: 'type=kubernetes.io/tls',
  });
  await store.synced;
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(manifest),
    'example.org/original': JSON.stringify(manifest),
    'tlsa-operator.io/serving-for': 'mx1',
  };
  const tls = { metadata: { name: 'tls', annotations }, type: 'kubernetes.io/tls', data };
  await create<Secret>(world, SECRETS, 'secrets', { metadata: { name: 'opaque' }, data });
  await create<Secret>(world, SECRETS, 'secrets', tls);
  const watched = await eventually('the Secret', () => store.get('secrets/tls'));
  const listed = storeOf<PartialObject>({
    resource: SECRETS,
    metadataOnly: true,
    fieldSelector: 'type=kubernetes.io/tls',
  }).store;
  await listed.synced;
  for (const secret of [watched, listed.get('secrets/tls')]) {
    expect(secret).toMatchObject({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { annotations: { 'tlsa-operator.io/serving-for': 'mx1' } },
    });
    expect(JSON.stringify(secret)).not.toContain(key);
  }
  expect(store.list()).toHaveLength(1);
});

test('only the wanted namespaces and labels are there', async () => {
  for (const namespace of ['one', 'two', 'three']) await createNamespace(world, namespace);
  const { store } = storeOf<ConfigMap>({ resource: CONFIG_MAPS, namespaces: ['one', 'two'], labelSelector: 'wanted' });
  await store.synced;
  for (const namespace of ['three', 'one', 'two']) {
    await configMap(namespace, 'plain');
    await create<ConfigMap>(world, CONFIG_MAPS, namespace, { metadata: { name: 'wanted', labels: { wanted: '' } } });
  }
  await eventually('both objects', () => store.list().length === 2);
  expect(store.list().map(keyOf).sort()).toEqual(['one/wanted', 'two/wanted']);
});

test('what happened while the network was away is there afterwards; an object made anew goes before it comes', async () => {
  await createNamespace(world, 'away');
  for (const name of ['stays', 'goes', 'anew']) await configMap('away', name);
  const { store, changes } = storeOf<ConfigMap>({ resource: CONFIG_MAPS, namespaces: ['away'] });
  await store.synced;
  proxy.cut();
  await remove('away', 'goes');
  await remove('away', 'anew');
  await configMap('away', 'anew', 'again');
  await configMap('away', 'comes');
  proxy.mend();
  await eventually('the new object', () => store.get('away/comes'));
  expect(changes.slice(3)).toEqual(['-goes', '-anew', '+anew', '+comes']);
  expect(store.get('away/anew')?.data).toEqual({ value: 'again' });
  expect(store.list()).toHaveLength(3);
});

test('an API server that was away, and forgot what it told us, is listed again', async () => {
  await createNamespace(world, 'restart');
  for (const name of ['stays', 'goes', 'anew']) await configMap('restart', name);
  const { store, changes } = storeOf<ConfigMap>({ resource: CONFIG_MAPS, namespaces: ['restart'] });
  await store.synced;
  proxy.cut();
  await remove('restart', 'goes');
  await remove('restart', 'anew');
  await configMap('restart', 'anew', 'again');
  await controlPlane.restartApiServer();
  proxy.mend();
  await eventually('the new object', () => store.get('restart/anew')?.data?.['value'] === 'again');
  expect(changes.slice(3).sort()).toEqual(['+anew', '-anew', '-goes']);
  await configMap('restart', 'later');
  await eventually('a later object', () => store.get('restart/later'));
  expect(store.list()).toHaveLength(3);
});

test('a kind that does not exist yet is there once its CRD is', async () => {
  const { store } = storeOf<KubeObject>({ resource: MAIL_SERVERS });
  await installMailServers(controlPlane);
  await store.synced;
  expect(store.list()).toEqual([]);
});
