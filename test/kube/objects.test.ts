/** Calls, typed reads and writes, events: against a real API server. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { Cluster, loadCluster, type ApiRequest, type Caller } from '../../src/kube/cluster.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import { createObject, getObject, getSecret, patchMetadata, replaceStatus } from '../../src/kube/objects.ts';
import { EVENTS, MAIL_SERVERS, pathOf, SECRETS, type KubeObject, type Secret } from '../../src/kube/resource.ts';
import { serviceAccount } from '../../src/kube/service-account.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { mustKubectl } from '../support/kubectl.ts';
import { eventually } from '../support/process.ts';
import {
  clusterByPort,
  CONFIG_MAPS,
  create,
  createNamespace,
  installMailServers,
  log,
  type ConfigMap,
} from './api-server.ts';
import { FakeClock } from './fake-clock.ts';
import { startTcpProxy } from './tcp-proxy.ts';

interface MailServer extends KubeObject {
  readonly spec: { readonly hostnames: readonly string[] };
  readonly status?: { readonly step: string };
}

let controlPlane: ControlPlane;
let cluster: Cluster;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  cluster = await loadCluster({ kubeconfig: controlPlane.kubeconfigPath });
  await createNamespace(cluster, 'mail');
  await installMailServers(controlPlane);
  await eventually('the kind is served', () => cluster.call({ method: 'GET', path: pathOf(MAIL_SERVERS) }));
});

afterAll(async () => {
  await cluster.close();
  await controlPlane.stop();
});

const mailServer = (name: string): Promise<MailServer> =>
  create<MailServer>(cluster, MAIL_SERVERS, 'mail', { metadata: { name }, spec: { hostnames: ['mx1.example.nl'] } });

describe('calls', () => {
  test('share connections, and are counted', async () => {
    const proxy = await startTcpProxy(Number(new URL(controlPlane.url).port));
    const counted: string[] = [];
    const pooled = await clusterByPort(controlPlane, proxy.port, (...labels) => counted.push(labels.join(' ')));
    const get = () => getSecret(pooled, 'mail', 'none');
    for (let calls = 0; calls < 50; calls += 1) await get();
    expect(proxy.opened()).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 100 }, get));
    expect(proxy.opened()).toBeLessThanOrEqual(16);
    expect(counted).toHaveLength(150);
    expect(new Set(counted)).toEqual(new Set([`GET 404 127.0.0.1:${proxy.port}`]));

    proxy.cut();
    await expect(get()).rejects.toMatchObject({ code: 'APIServerUnavailable', kind: 'Transient', status: undefined });
    expect(counted.at(-1)).toBe(`GET <error> 127.0.0.1:${proxy.port}`);
    await pooled.close();
    await proxy.close();
  });

  test('work while more watches are open than a pool of calls has connections', async () => {
    await create<Secret>(cluster, SECRETS, 'mail', { metadata: { name: 'watched' } });
    const stop = new AbortController();
    const watch = { method: 'GET', path: pathOf(SECRETS), query: { watch: 'true' }, signal: stop.signal } as const;
    const watches = Array.from({ length: 20 }, () => cluster.stream(watch));
    await Promise.all(watches.map((bytes) => bytes.next()));
    expect(await getSecret(cluster, 'mail', 'none')).toBeUndefined();
    const ends = watches.map((bytes) => bytes.next());
    stop.abort();
    for (const end of ends) await expect(end).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('end when their time is over, or when they are called off', async () => {
    const accepted: Socket[] = [];
    const silent = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const hung = await clusterByPort(controlPlane, port);
    const path = pathOf(SECRETS);
    await expect(hung.call({ method: 'GET', path, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'APIServerUnavailable',
      message: `GET ${path}: no answer from the API server at 127.0.0.1:${port} in time`,
    });
    await expect(hung.stream({ method: 'GET', path, timeoutMs: 50 }).next()).rejects.toMatchObject({
      code: 'APIServerUnavailable',
    });
    const stop = new AbortController();
    const called = hung.call({ method: 'GET', path, signal: stop.signal });
    stop.abort();
    await expect(called).rejects.toBe(stop.signal.reason);
    await hung.close();
    silent.close();
    for (const socket of accepted) socket.destroy();
  });

  test('that RBAC forbids say so, with what to do and not a word of the server', async () => {
    await mustKubectl(controlPlane.kubeconfigPath, 'create', 'serviceaccount', 'nobody', '--namespace=mail');
    const kubeconfig = await controlPlane.kubeconfigForServiceAccount('mail', 'nobody');
    const nobody = await loadCluster({ kubeconfig });
    const error: unknown = await getSecret(nobody, 'mail', 'tls').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'APIServerForbidden', kind: 'Transient', status: 403 });
    expect(String(error)).toBe(
      'OperatorError: GET /api/v1/namespaces/mail/secrets/tls: the API server answered 403: not allowed: apply the RBAC rules of this version to our ServiceAccount',
    );
    await nobody.close();
  });

  test('trust a CA that was rotated, without a restart', async () => {
    const caFile = join(controlPlane.dataDir, 'rotated-ca.crt');
    const kubeconfig = join(controlPlane.dataDir, 'rotated.kubeconfig');
    const content = readFileSync(controlPlane.kubeconfigPath, 'utf8');
    writeFileSync(
      kubeconfig,
      content.replace(/"certificate-authority-data": "[^"]*"/, `"certificate-authority": "${caFile}"`),
    );
    writeFileSync(caFile, rootCertificates[0] ?? '');
    const rotated = await loadCluster({ kubeconfig });
    await expect(getSecret(rotated, 'mail', 'none')).rejects.toMatchObject({ code: 'APIServerUnavailable' });
    copyFileSync(controlPlane.caFile, caFile);
    expect(await getSecret(rotated, 'mail', 'none')).toBeUndefined();
    await rotated.close();
  });

  test('are made as the ServiceAccount of the pod, with its new token when the old one may be gone', async () => {
    await mustKubectl(controlPlane.kubeconfigPath, 'create', 'serviceaccount', 'pod', '--namespace=mail');
    const env = await controlPlane.podOfServiceAccount('mail', 'nobody');
    let now = 0;
    const pod = new Cluster(serviceAccount(env, () => now));
    const whoami = async (): Promise<string> => {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const { status } = await pod.call<{ status: { userInfo: { username: string } } }>({ method: 'POST', path, body });
      return status.userInfo.username;
    };
    expect(await whoami()).toBe('system:serviceaccount:mail:nobody');
    await controlPlane.podOfServiceAccount('mail', 'pod');
    now += 60_000;
    expect(await whoami()).toBe('system:serviceaccount:mail:pod');
    await pod.close();
    expect((await loadCluster({ env })).server).toBe(controlPlane.url);
  });

  test('with an unreadable or empty kubeconfig are not begun', async () => {
    const message = 'kubeconfig: /none: cannot be read (ENOENT)';
    await expect(loadCluster({ kubeconfig: '/none' })).rejects.toThrow(message);
    await expect(loadCluster({ kubeconfig: '/dev/null' })).rejects.toThrow(/^kubeconfig: /);
  });
});

describe('objects', () => {
  test('are read, or said not to be there', async () => {
    expect(await getSecret(cluster, 'mail', 'missing')).toBeUndefined();
    const data = { 'tls.crt': 'Y3J0' };
    await create<Secret>(cluster, SECRETS, 'mail', { metadata: { name: 'some' }, data });
    expect((await getSecret(cluster, 'mail', 'some'))?.data).toEqual(data);
  });

  test('that exist already are a conflict when they are to be made', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'mail', name: 'once' } };
    const first = await createObject<ConfigMap>(cluster, CONFIG_MAPS, object);
    expect(first).toMatchObject({ outcome: 'Written', object: { metadata: { name: 'once' } } });
    expect(await createObject<ConfigMap>(cluster, CONFIG_MAPS, object)).toEqual({ outcome: 'Conflict' });
  });

  test('have their status written only by who has seen the last version, and nothing but the status', async () => {
    const seen = await mailServer('status');
    const mine = { ...seen, spec: { hostnames: ['other.example.nl'] }, status: { step: 'Publishing' } };
    const written = await replaceStatus(cluster, MAIL_SERVERS, mine);
    expect(written).toMatchObject({
      outcome: 'Written',
      object: { spec: { hostnames: ['mx1.example.nl'] }, status: { step: 'Publishing' } },
    });
    expect(await replaceStatus(cluster, MAIL_SERVERS, { ...seen, status: { step: 'Stale' } })).toEqual({
      outcome: 'Conflict',
    });
    const now = await getObject<MailServer>(cluster, MAIL_SERVERS, seen.metadata);
    expect(now?.status).toEqual({ step: 'Publishing' });
  });

  test('that are gone, or were made anew, are a conflict', async () => {
    const seen = await mailServer('anew');
    await mustKubectl(controlPlane.kubeconfigPath, 'delete', 'mailserver', 'anew', '--namespace=mail');
    const status = { ...seen, status: { step: 'Late' } };
    expect(await replaceStatus(cluster, MAIL_SERVERS, status)).toEqual({ outcome: 'Conflict' });
    await mailServer('anew');
    expect(await replaceStatus(cluster, MAIL_SERVERS, status)).toEqual({ outcome: 'Conflict' });
    expect(await patchMetadata(cluster, MAIL_SERVERS, seen, { finalizers: ['a.io/b'] })).toEqual({
      outcome: 'Conflict',
    });
  });

  test('get finalizers and annotations without losing those of others; a stale view is a conflict', async () => {
    const seen = await mailServer('patched');
    const first = await patchMetadata(cluster, MAIL_SERVERS, seen, {
      finalizers: ['tlsa-operator.io/withdraw'],
      annotations: { mine: 'a', others: 'b' },
    });
    if (first.outcome !== 'Written') throw new Error('the first view is not stale');
    const second = await patchMetadata(cluster, MAIL_SERVERS, first.object, { annotations: { mine: null } });
    expect(second).toMatchObject({
      object: { metadata: { finalizers: ['tlsa-operator.io/withdraw'], annotations: { others: 'b' } } },
    });
    expect(await patchMetadata(cluster, MAIL_SERVERS, seen, { finalizers: [] })).toEqual({ outcome: 'Conflict' });
  });

  test('that the API server refuses are an error', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'mail', name: 'Not A Name' } };
    await expect(createObject<ConfigMap>(cluster, CONFIG_MAPS, object)).rejects.toMatchObject({
      code: 'APIServerRefused',
      status: 422,
    });
  });
});

describe('events', () => {
  interface Event extends KubeObject {
    readonly count: number;
    readonly message: string;
    readonly involvedObject: { readonly uid: string };
  }

  const eventsOf = async ({ metadata: { namespace = 'default', uid } }: KubeObject): Promise<readonly Event[]> => {
    const { items } = await cluster.call<{ items: Event[] }>({ method: 'GET', path: pathOf(EVENTS, { namespace }) });
    return items.filter(({ involvedObject }) => involvedObject.uid === uid);
  };
  const recorder = () => {
    const clock = new FakeClock();
    return { clock, events: new EventRecorder({ cluster, clock, random: Math.random, log }) };
  };

  test('are shown by kubectl describe', async () => {
    const object = await mailServer('described');
    const { events } = recorder();
    events.record(object, 'Normal', 'Published', 'one record was published');
    await events.flush();
    const described = await mustKubectl(
      controlPlane.kubeconfigPath,
      'describe',
      'mailserver/described',
      '--namespace=mail',
    );
    expect(described).toMatch(/Normal +Published .* tlsa-operator +one record was published/);
  });

  test('that recur are one event with a count, written once a minute at the most', async () => {
    const object = await mailServer('recurring');
    const { clock, events } = recorder();
    for (let times = 0; times < 5; times += 1) {
      events.record(object, 'Warning', 'ProbeFailed', 'no answer');
      await events.flush();
    }
    expect((await eventsOf(object)).map(({ count }) => count)).toEqual([1]);
    await clock.pass(61_000);
    events.record(object, 'Warning', 'ProbeFailed', 'no answer');
    await events.flush();
    expect((await eventsOf(object)).map(({ count }) => count)).toEqual([6]);
    await clock.pass(11 * 60_000);
    events.record(object, 'Warning', 'ProbeFailed', 'no answer');
    await events.flush();
    expect((await eventsOf(object)).map(({ count }) => count).sort()).toEqual([1, 6]);
  });

  test('that somebody deleted come back when they recur', async () => {
    const object = await mailServer('deleted');
    const { clock, events } = recorder();
    const record = async () => {
      events.record(object, 'Warning', 'ProbeFailed', 'no answer');
      await events.flush();
      await clock.pass(61_000);
    };
    await record();
    await mustKubectl(controlPlane.kubeconfigPath, 'delete', 'events', '--all', '--namespace=mail');
    await record();
    await record();
    expect((await eventsOf(object)).map(({ count }) => count)).toEqual([3]);
  });

  test('of one object are bounded, and do not silence another', async () => {
    const noisy = await mailServer('noisy');
    const quiet = await mailServer('quiet');
    const { clock, events } = recorder();
    for (let number = 0; number < 100; number += 1) events.record(noisy, 'Normal', 'Noise', `number ${number}`);
    events.record(quiet, 'Normal', 'Published', 'one record was published');
    await events.flush();
    expect(await eventsOf(noisy)).toHaveLength(25);
    expect(await eventsOf(quiet)).toHaveLength(1);
    await clock.pass(5 * 60_000);
    for (let number = 0; number < 3; number += 1) events.record(noisy, 'Normal', 'Noise', `later number ${number}`);
    await events.flush();
    expect(await eventsOf(noisy)).toHaveLength(26);
  });

  test('of cluster-scoped objects are in the namespace default', async () => {
    const namespace = await cluster.call<KubeObject>({ method: 'GET', path: '/api/v1/namespaces/mail' });
    const { events } = recorder();
    events.record(namespace, 'Normal', 'Seen', 'seen');
    await events.flush();
    expect(await eventsOf(namespace)).toHaveLength(1);
  });

  test.each(['the request', 'the answer'])(
    'are not lost with the connection that %s is on, and made once',
    async (lost) => {
      const object = await mailServer(`without-${lost.replace(' ', '-')}`);
      const dead = await clusterByPort(controlPlane, 1);
      let calls = 0;
      const breaking: Caller = {
        call: async <T>(request: ApiRequest): Promise<T> => {
          calls += 1;
          if (calls > 1) return cluster.call<T>(request);
          if (lost === 'the answer') await cluster.call<T>(request);
          return dead.call<T>(request);
        },
      };
      const events = new EventRecorder({ cluster: breaking, clock: new FakeClock(), random: Math.random, log });
      events.record(object, 'Normal', 'Published', 'one record was published');
      await events.flush();
      expect(await eventsOf(object)).toHaveLength(1);
    },
  );

  test('that cannot be written harm nobody', async () => {
    const object = await mailServer('unlucky');
    const dead = await clusterByPort(controlPlane, 1);
    const events = new EventRecorder({ cluster: dead, clock: new FakeClock(), random: Math.random, log });
    events.record(object, 'Normal', 'Published', 'one record was published');
    await expect(events.flush()).resolves.toBeUndefined();
    await dead.close();
  });
});
