/** What kubelet would run: the containers of the release as processes, with the arguments, environment and configuration that they have there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RELEASE } from '../../support/helm.ts';
import { imageFlags } from '../../support/operator.ts';
import { eventually, startProgram, type RunningProgram } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';

const PROGRAM = join(import.meta.dirname, '../../../dist/main.js');

export interface Pod {
  readonly operator: RunningProgram;
  /** `/readyz` of the health page, by the address that it was given. */
  readonly readyz: () => Promise<{ readonly status: number; readonly body: string }>;
  readonly stop: () => Promise<void>;
}

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

export async function startPod(site: Site, name: string): Promise<Pod> {
  const get = async (object: string, path: string): Promise<unknown> =>
    JSON.parse(await site.kubectl('get', object, `--namespace=${RELEASE}`, `--output=jsonpath=${path}`));
  const spec = (await get(`deployment/${RELEASE}`, '{.spec.template.spec}')) as {
    readonly serviceAccountName: string;
    readonly containers: readonly Container[];
  };
  const [operator, resolver] = spec.containers;
  if (operator === undefined || resolver === undefined) throw new Error('two containers are wanted');

  const { 'unbound.conf': config = '' } = (await get(`configmap/${RELEASE}-resolver`, '{.data}')) as Record<
    string,
    string
  >;
  const configFile = join(site.dir, `${name}-unbound.conf`);
  writeFileSync(configFile, config);
  const unbound = startProgram({
    name: 'unbound',
    command: 'unbound',
    args: ['-d', '-c', configFile],
    logFile: join(site.dir, `${name}-unbound.log`),
  });

  const pod = await site.controlPlane.podOfServiceAccount(RELEASE, spec.serviceAccountName);
  const env = Object.fromEntries((operator.env ?? []).map((variable) => [variable.name, variable.value]));
  const program = startProgram({
    name: 'operator',
    command: process.execPath,
    args: [...imageFlags(), PROGRAM, ...(operator.args ?? [])],
    env: { ...pod, ...env, KUBECONFIG: '' },
    logFile: join(site.dir, `${name}.log`),
  });
  const readyz = async (): Promise<{ status: number; body: string }> => {
    const response = await fetch('http://127.0.0.1:8081/readyz');
    return { status: response.status, body: await response.text() };
  };
  await eventually('the operator answers', async () => {
    if (!program.running() || !unbound.running()) throw new Error(program.log() + unbound.log());
    return readyz();
  });
  return {
    operator: program,
    readyz,
    stop: async () => {
      await program.stop();
      await unbound.stop();
    },
  };
}
