import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { kubectl, mustKubectl } from '../support/kubectl.ts';
import { installOperator } from '../support/operator.ts';
import { run } from '../support/process.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');

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

  test('configures a resolver that Unbound accepts', async () => {
    const { code, stdout, stderr } = await run('unbound-checkconf', [join(DEPLOY, 'unbound.conf')]);
    expect({ code, said: stdout + stderr }).toMatchObject({ code: 0 });
  });
});
