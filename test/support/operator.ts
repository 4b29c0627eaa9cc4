/** The operator as users run it: the built program, under its own ServiceAccount with the RBAC of deploy/. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { mustKubectl } from './kubectl.ts';
import { eventually, startProgram, type RunningProgram } from './process.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROGRAM = join(ROOT, 'dist/main.js');
const PLURALS = ['mailservers', 'dnsproviders', 'clusterdnsproviders', 'daneissuers', 'clusterdaneissuers'];
const CRDS = PLURALS.map((plural) => `crd/${plural}.tlsa-operator.io`);
export const OPERATOR_NAMESPACE = 'tlsa-operator';

/** Those of Node in the image. */
export function imageFlags(): readonly string[] {
  const [, command] = /^ENTRYPOINT (\["node",.*)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  return (JSON.parse(command ?? '[]') as string[]).slice(1, -1);
}

export interface RunningOperator {
  readonly program: RunningProgram;
  /** What it was given. */
  readonly kubeconfig: string;
  /** A page of the health and metrics server: `/readyz`, `/metrics`. */
  readonly get: (path: string) => Promise<{ readonly status: number; readonly body: string }>;
  readonly stop: () => Promise<number | undefined>;
}

/** CRDs, namespace, RBAC and the rest, exactly as `kubectl apply -k deploy/` does it; no kubelet runs, so no pod starts. */
export async function installOperator(kubeconfig: string): Promise<void> {
  // Some objects are of kinds, or in a namespace, that the same command brings: kubectl orders them, and the server takes a moment.
  await mustKubectl(kubeconfig, 'apply', '--server-side', '-k', join(ROOT, 'deploy'));
  await mustKubectl(kubeconfig, 'wait', '--for=condition=Established', '--timeout=240s', ...CRDS);
}

export async function startOperator(options: {
  readonly dir: string;
  readonly controlPlane: Pick<ControlPlane, 'kubeconfigForServiceAccount'>;
  /** A validating resolver, `address:port`. */
  readonly resolver: string;
  /** Tells several replicas apart. */
  readonly name?: string;
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default: with a token made now. */
  readonly kubeconfig?: string;
  /** Another way to the API server than the straight one. */
  readonly serverUrl?: string;
}): Promise<RunningOperator> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run make build`);
  const { dir, name = 'operator' } = options;
  mkdirSync(dir, { recursive: true });
  const kubeconfig =
    options.kubeconfig ??
    (await options.controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'tlsa-operator', options.serverUrl));
  const program = startProgram({
    name,
    command: process.execPath,
    args: [
      ...imageFlags(),
      ...(options.nodeArgs ?? []),
      PROGRAM,
      'run',
      `--kubeconfig=${kubeconfig}`,
      `--operator-namespace=${OPERATOR_NAMESPACE}`,
      `--resolver=${options.resolver}`,
      '--probe-deny-cidr=none',
      '--health-address=127.0.0.1:0',
      '--metrics-address=127.0.0.1:0',
      ...(options.args ?? []),
    ],
    logFile: join(dir, `${name}.log`),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const addresses = await eventually('the operator says where it listens', () => {
    if (!program.running()) throw new Error(`the operator ended:\n${program.log()}`);
    const line = program
      .log()
      .split('\n')
      .find((candidate) => candidate.includes('"msg":"starting"'));
    return line === undefined ? undefined : (JSON.parse(line) as { health: string; metrics: string });
  });
  return {
    program,
    kubeconfig,
    get: async (path) => {
      const host = path === '/metrics' ? addresses.metrics : addresses.health;
      const response = await fetch(`http://${host}${path}`);
      return { status: response.status, body: await response.text() };
    },
    stop: () => program.stop(),
  };
}

/** What kubelet does for a pod that mounts a Secret: writes its files anew when it changes. A double: no kubelet runs here. */
export function writeSecretFiles(
  dir: string,
  data: Readonly<Record<string, string>>,
): { chainFile: string; keyFile: string } {
  mkdirSync(dir, { recursive: true });
  const write = (key: string): string => {
    const file = join(dir, key);
    writeFileSync(file, Buffer.from(data[key] ?? '', 'base64'), { mode: 0o600 });
    return file;
  };
  return { chainFile: write('tls.crt'), keyFile: write('tls.key') };
}
