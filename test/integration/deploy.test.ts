import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { deployFiles } from '../../hack/deploy-manifests.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { render, type Manifest, type Values } from '../support/helm.ts';
import { kubectl, mustKubectl } from '../support/kubectl.ts';
import { installOperator } from '../support/operator.ts';

const ROOT = join(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'deploy');

let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane();
  await installOperator(cluster.kubeconfigPath);
});

afterAll(async () => {
  await cluster.stop();
});

describe('kubectl apply -k deploy/', () => {
  test('a second time changes nothing', async () => {
    const { code, stdout } = await kubectl(cluster.kubeconfigPath, 'diff', '--server-side', '-k', DEPLOY);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  test('a second time as client-side apply has it: all unchanged', async () => {
    await mustKubectl(cluster.kubeconfigPath, 'apply', '-k', DEPLOY);
    const said = await mustKubectl(cluster.kubeconfigPath, 'apply', '-k', DEPLOY);
    const changed = said
      .trim()
      .split('\n')
      .filter((line) => !line.endsWith(' unchanged'));
    expect([said.includes('deployment.apps/tlsa-operator unchanged'), changed]).toEqual([true, []]);
  });

  test('gives the token to the container of the operator only', async () => {
    const pod = JSON.parse(
      await mustKubectl(
        cluster.kubeconfigPath,
        'get',
        'deployment/tlsa-operator',
        '-n',
        'tlsa-operator',
        '-o',
        'jsonpath={.spec.template.spec}',
      ),
    ) as {
      automountServiceAccountToken: boolean;
      containers: { name: string; volumeMounts: { mountPath: string }[] }[];
    };
    expect(pod.automountServiceAccountToken).toBe(false);
    const mounting = pod.containers.filter(({ volumeMounts }) =>
      volumeMounts.some(({ mountPath }) => mountPath.startsWith('/var/run/secrets')),
    );
    expect(mounting.map(({ name }) => name)).toEqual(['operator']);
  });

  test('has pods that its own namespace, which enforces the restricted standard, admits', async () => {
    const template = await mustKubectl(
      cluster.kubeconfigPath,
      'get',
      'deployment/tlsa-operator',
      '-n',
      'tlsa-operator',
      '-o',
      'jsonpath={.spec.template}',
    );
    const pod = { apiVersion: 'v1', kind: 'Pod', ...(JSON.parse(template) as object), metadata: { name: 'admitted' } };
    const file = join(cluster.dataDir, 'pod.json');
    await writeFile(file, JSON.stringify(pod));
    const { code, stderr } = await kubectl(
      cluster.kubeconfigPath,
      'create',
      '--dry-run=server',
      '-n',
      'tlsa-operator',
      '-f',
      file,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('deploy/ is the chart', () => {
  test('every file is what `make manifests` writes', async () => {
    const made = await deployFiles();
    const there = readdirSync(DEPLOY, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)));
    expect(Object.fromEntries(there.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))).toEqual(
      Object.fromEntries(made),
    );
  });

  test.each<[string, string, readonly string[], Values]>([
    ['deploy/', 'deploy', [], {}],
    ['deploy/namespaced', 'deploy/namespaced', [], { watchNamespaces: ['mail'] }],
    [
      'all components',
      'deploy',
      ['high-availability', 'network-policy', 'pod-monitor'],
      { replicas: 2, networkPolicy: { enabled: true }, podMonitor: { enabled: true } },
    ],
  ])('%s: the same objects as by Helm', async (_what, folder, components, values) => {
    const overlay = join(cluster.dataDir, 'overlay');
    await mkdir(overlay, { recursive: true });
    const up = (path: string) => relative(overlay, join(ROOT, path));
    const kustomization = {
      resources: [up(folder)],
      components: components.map((name) => up(`deploy/components/${name}`)),
    };
    await writeFile(join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
    const built = parseAllDocuments(await mustKubectl(cluster.kubeconfigPath, 'kustomize', overlay), {
      version: '1.1',
    });
    const ours = built.map((document) => document.toJS() as Manifest).filter(({ kind }) => kind !== 'Namespace');
    const helms = (await render(values)).filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined);
    expect(ours.map(plain).toSorted(byName)).toEqual(helms.map(plain).toSorted(byName));
  });
});

/** Without what Helm adds, and what kustomize adds. */
function plain(manifest: Manifest): Manifest {
  const text = JSON.stringify(manifest, (key, value: unknown) =>
    /^(helm\.sh\/.*|app\.kubernetes\.io\/managed-by|checksum\/resolver)$/.test(key) || isEmptied(value)
      ? undefined
      : value,
  );
  return JSON.parse(text.replaceAll(/"tlsa-operator-resolver-[0-9a-z]{10}"/g, '"tlsa-operator-resolver"')) as Manifest;
}

function isEmptied(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'checksum/resolver';
}

const byName = (a: Manifest, b: Manifest): number => (nameOf(a) < nameOf(b) ? -1 : 1);
const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;
