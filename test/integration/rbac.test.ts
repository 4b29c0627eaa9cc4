/**
 * What the operator may do is an exact set: every verb on every resource that the API server has is tried under its ServiceAccount, and
 * only what operator-rights.ts lists is not refused. test/controller/tenants.test.ts shows that all of that is used.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { Agent, fetch } from 'undici';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { applyFile, kubectl, mustKubectl } from '../support/kubectl.ts';
import { installOperator, OPERATOR_NAMESPACE } from '../support/operator.ts';
import { certManagerManifests } from '../support/tools.ts';
import { EVERYBODYS_RIGHTS, GATE_RIGHTS, OPERATOR_RIGHTS, type Right } from './operator-rights.ts';
import { rightsOf, rulesOf } from './rules-review.ts';

const GATE = join(import.meta.dirname, '../../deploy/components/gate/gate.yaml');
const RIGHTS = [...OPERATOR_RIGHTS, ...EVERYBODYS_RIGHTS];

let cluster: ControlPlane;
let token: string;
let agent: Agent;
beforeAll(async () => {
  cluster = await startControlPlane();
  const [certManagerCRDs] = certManagerManifests();
  await applyFile(cluster.kubeconfigPath, certManagerCRDs);
  await installOperator(cluster.kubeconfigPath);
  token = await cluster.tokenForServiceAccount(OPERATOR_NAMESPACE, 'tlsa-operator');
  agent = new Agent({ connect: { ca: readFileSync(cluster.caFile) } });
});
afterAll(async () => {
  await agent.close();
  await cluster.stop();
});

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function statusOf({ method, path, headers = {}, body }: Request): Promise<number> {
  const response = await fetch(new URL(path, cluster.url), {
    dispatcher: agent,
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    body: body ?? null,
  });
  await response.arrayBuffer();
  if (response.status !== 429) return response.status;
  // A young server fills its caches.
  await delay(Number(response.headers.get('retry-after') ?? 1) * 1000);
  return statusOf({ method, path, headers, ...(body === undefined ? {} : { body }) });
}

/** One resource or subresource of the server, as discovery tells of it. */
interface Offered {
  readonly base: string;
  readonly group: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

async function everyResource(): Promise<Offered[]> {
  const get = async (path: string) =>
    JSON.parse(await mustKubectl(cluster.kubeconfigPath, 'get', '--raw', path)) as {
      groups: { versions: { groupVersion: string }[] }[];
      resources: { name: string; namespaced: boolean }[];
    };
  const { groups } = await get('/apis');
  const bases = [
    ['/api/v1', ''],
    ...groups.flatMap(({ versions }) =>
      versions.map(({ groupVersion }) => [`/apis/${groupVersion}`, groupVersion.split('/')[0] ?? '']),
    ),
  ] as [string, string][];
  const found = await Promise.all(
    bases.map(async ([base, group]) =>
      (await get(base)).resources.map(({ name, namespaced }) => ({ base, group, resource: name, namespaced })),
    ),
  );
  return found.flat();
}

interface Try extends Request {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

const ON_ONE = { get: 'GET', update: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;
const ON_ALL = { list: 'GET', watch: 'GET', create: 'POST', deletecollection: 'DELETE' } as const;

/** In a namespace of somebody, in the operator's, and over all; by a name like any other, and by those that rules name. */
function triesOf({ base, group, resource, namespaced }: Offered): Try[] {
  const [plural = '', subresource] = resource.split('/');
  const names = ['any', ...RIGHTS.flatMap((right) => (right.resource === resource ? (right.names ?? []) : []))];
  const places = namespaced ? ['default', OPERATOR_NAMESPACE] : [undefined];
  const dryRun = { dryRun: 'All' };
  const attempt = (verb: string, method: string, namespace: string | undefined, name: string | undefined): Try => {
    const parts = [base, ...(namespace ? ['namespaces', namespace] : []), plural, name, subresource];
    const query = new URLSearchParams(
      method === 'GET' ? (verb === 'watch' ? { watch: '1', timeoutSeconds: '1' } : { limit: '1' }) : dryRun,
    );
    return {
      verb,
      method,
      group,
      resource,
      namespace,
      name,
      path: `${parts.filter((part) => part !== undefined).join('/')}?${query.toString()}`,
      headers: {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }),
    };
  };
  const onOne = places.flatMap((namespace) =>
    names.flatMap((name) => [
      ...Object.entries(ON_ONE).map(([verb, method]) => attempt(verb, method, namespace, name)),
      ...(subresource === undefined ? [] : [attempt('create', 'POST', namespace, name)]),
    ]),
  );
  if (subresource !== undefined) return onOne;
  return [
    ...onOne,
    ...places.flatMap((namespace) =>
      Object.entries(ON_ALL).map(([verb, method]) => attempt(verb, method, namespace, undefined)),
    ),
    ...(namespaced ? (['list', 'watch'] as const).map((verb) => attempt(verb, 'GET', undefined, undefined)) : []),
  ];
}

function isGranted({ verb, group, resource, namespace, name }: Try, rights: readonly Right[]): boolean {
  return rights.some(
    (right) =>
      right.group === group &&
      right.resource === resource &&
      Object.hasOwn(right.verbs, verb) &&
      (right.namespace ?? namespace) === namespace &&
      (right.names === undefined || (name !== undefined && right.names.includes(name))),
  );
}

const told = ({ verb, group, resource, namespace, name }: Try): string =>
  `${verb} ${group === '' ? '' : `${group} `}${resource}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;

/** What is not refused, and what these rights grant, of all that there is. */
async function passedAndGranted(rights: readonly Right[]): Promise<[passed: string[], granted: string[]]> {
  const tries = (await everyResource()).flatMap(triesOf);
  expect(tries.length).toBeGreaterThan(1000);
  const limit = pLimit(16);
  const statuses = await Promise.all(tries.map((one) => limit(() => statusOf(one))));
  expect(statuses.filter((status) => status === 401 || status >= 500)).toEqual([]);
  const passed = tries.filter((_, index) => statuses[index] !== 403).map(told);
  const granted = tries.filter((one) => isGranted(one, rights)).map(told);
  return [passed.toSorted(), granted.toSorted()];
}

test('every verb on every resource is refused, but for those that it needs', async () => {
  const [passed, granted] = await passedAndGranted(RIGHTS);
  expect(granted).toEqual(expect.arrayContaining(['list secrets', 'get secrets any in default']));
  expect(passed).toEqual(granted);
});

test('what the server says that it may do, beyond what everybody may, is that list: no wildcard, no kind that is not here', async () => {
  const operator = await cluster.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'tlsa-operator');
  for (const namespace of ['default', OPERATOR_NAMESPACE]) {
    expect(await rulesOf(cluster, operator, namespace)).toEqual(rightsOf(OPERATOR_RIGHTS, namespace));
  }
});

describe('it cannot become more than it is', () => {
  test.each([
    ['be another user', { 'impersonate-user': 'admin' }],
    ['be another ServiceAccount', { 'impersonate-user': 'system:serviceaccount:kube-system:default' }],
    ['be in another group', { 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' }],
  ])('%s', async (_what, headers) => {
    expect(await statusOf({ method: 'GET', path: '/api/v1/namespaces/default/secrets', headers })).toBe(403);
  });

  test.each(['/metrics', '/logs/', '/debug/pprof/', '/configz'])('read %s of the server', async (path) => {
    expect(await statusOf({ method: 'GET', path })).toBe(403);
  });

  test('give itself a role, or change one of its own', async () => {
    const kubeconfig = await cluster.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'tlsa-operator');
    for (const args of [
      [
        'create',
        'clusterrolebinding',
        'more',
        '--clusterrole=cluster-admin',
        '--serviceaccount=tlsa-operator:tlsa-operator',
      ],
      ['create', 'rolebinding', 'more', '--clusterrole=admin', '--serviceaccount=tlsa-operator:tlsa-operator'],
      ['patch', 'clusterrole', 'tlsa-operator', '--type=merge', '--patch={"rules":[]}'],
      ['create', 'token', 'default', '--namespace=kube-system'],
    ]) {
      const { code, stderr } = await kubectl(kubeconfig, ...args);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/forbidden/i)]);
    }
  });
});

test('Gate adds what it needs, and no more: it approves nothing and writes no Secret', async () => {
  await applyFile(cluster.kubeconfigPath, GATE);
  const [passed, granted] = await passedAndGranted([...RIGHTS, ...GATE_RIGHTS]);
  expect(granted).toContain('update cert-manager.io certificaterequests/status any in default');
  expect(passed).toEqual(granted);
  const operator = await cluster.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'tlsa-operator');
  expect(await rulesOf(cluster, operator, 'default')).toEqual(
    rightsOf([...OPERATOR_RIGHTS, ...GATE_RIGHTS], 'default'),
  );
});
