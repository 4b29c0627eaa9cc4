/**
 * A Kubernetes control plane of one's own on loopback: etcd, the API server with RBAC and service account tokens, and, when
 * asked for, the controllers that delete. No nodes, so no pods run. Ready after about four seconds.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustKubectl } from './kubectl.ts';
import { eventually, startProgram, type RunningProgram } from './process.ts';
import { toolPath, type Tool } from './tools.ts';

export interface ControlPlaneOptions {
  /** Holds data, keys and logs, and is kept at stop. Without it: a folder in the system's temporary one, removed at stop. */
  readonly dataDir?: string;
  /** Also runs kube-controller-manager: without it nothing is garbage-collected and no namespace is ever gone. */
  readonly controllerManager?: boolean;
}

export interface ControlPlane {
  readonly dataDir: string;
  readonly url: string;
  readonly caFile: string;
  /** A user in system:masters, whom RBAC does not ask. */
  readonly adminToken: string;
  readonly kubeconfigPath: string;
  /** What the ServiceAccounts of this namespace have asked for so far, whatever came of it. */
  readonly askedFor: (namespace: string) => readonly AuditEvent[];
  /** A token as a pod would have it (TokenRequest): what it may do is what RBAC says. The ServiceAccount must exist. */
  readonly tokenForServiceAccount: (namespace: string, name: string) => Promise<string>;
  /** Writes a kubeconfig with such a token and returns its path. `server`: another way to the API server. */
  readonly kubeconfigForServiceAccount: (namespace: string, name: string, server?: string) => Promise<string>;
  /**
   * What kubelet does for a pod of this ServiceAccount: writes its files where a pod has them (hack/in-netns.sh mounts the folder), and
   * returns its environment. A double: no kubelet runs here.
   */
  readonly podOfServiceAccount: (namespace: string, name: string) => Promise<Readonly<Record<string, string>>>;
  /** An outage: connections break, and new ones are refused until `startApiServer`. What etcd holds stays. */
  readonly stopApiServer: () => Promise<void>;
  readonly startApiServer: () => Promise<void>;
  readonly restartApiServer: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface AuditEvent {
  readonly verb: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly user: { readonly username: string };
  readonly userAgent: string;
  readonly responseStatus?: { readonly code: number };
}

const POD_DIR = '/run/secrets/kubernetes.io/serviceaccount';

// Objects whose owner is gone, namespaces that are being deleted, ClusterRoles that others aggregate into.
const controllers = ['garbage-collector-controller', 'namespace-controller', 'clusterrole-aggregation-controller'];

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'control-plane-'));
  mkdirSync(dataDir, { recursive: true });
  const inDataDir = (name: string) => join(dataDir, name);
  const [etcdPort, etcdPeerPort, apiServerPort] = await freePorts();
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const url = `https://127.0.0.1:${apiServerPort}`;
  const caFile = inDataDir('apiserver.crt'); // made by the API server: its certificate and the CA that signed it
  const kubeconfigPath = inDataDir('admin.kubeconfig');
  const adminToken = randomBytes(24).toString('hex');
  writeCredentials(inDataDir, adminToken);

  const started = new Map<Tool, RunningProgram>();
  const start = (tool: Tool, args: readonly string[]) => {
    const program = { name: tool, command: toolPath(tool), args, logFile: inDataDir(`${tool}.log`) };
    started.set(tool, startProgram(program));
  };
  const startApiServer = async () => {
    start('kube-apiserver', apiServerArgs(inDataDir, apiServerPort, etcdUrl));
    await ready(url, caFile, adminToken, () => {
      const ended = [...started].find(([, program]) => !program.running());
      return ended === undefined ? undefined : new ProgramEndedError(...ended);
    });
  };
  // It takes 60 s to heed SIGTERM, waiting for its watches to end.
  const stopApiServer = async () => {
    await started.get('kube-apiserver')?.stop('SIGKILL');
  };
  const stop = async () => {
    await Promise.all([...started.values()].map((program) => program.stop('SIGKILL')));
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  const tokenForServiceAccount = async (namespace: string, name: string) => {
    const args = ['create', 'token', name, `--namespace=${namespace}`, '--duration=24h'];
    return (await mustKubectl(kubeconfigPath, ...args)).trim();
  };

  try {
    start('etcd', etcdArgs(inDataDir('etcd'), etcdUrl, `http://127.0.0.1:${etcdPeerPort}`));
    await startApiServer();
    writeKubeconfig(kubeconfigPath, url, caFile, adminToken);
    if (options.controllerManager === true) {
      start('kube-controller-manager', [
        `--kubeconfig=${kubeconfigPath}`,
        `--controllers=${controllers.join(',')}`,
        '--leader-elect=false',
        '--secure-port=0',
      ]);
    }
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    dataDir,
    url,
    caFile,
    adminToken,
    kubeconfigPath,
    tokenForServiceAccount,
    askedFor: (namespace) =>
      readFileSync(inDataDir('audit.log'), 'utf8')
        .split('\n')
        // The last line may be under way.
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditEvent)
        .filter(({ user }) => user.username.startsWith(`system:serviceaccount:${namespace}:`)),
    kubeconfigForServiceAccount: async (namespace, name, server = url) => {
      const path = inDataDir(`${namespace}.${name}.${new URL(server).port}.kubeconfig`);
      writeKubeconfig(path, server, caFile, await tokenForServiceAccount(namespace, name));
      return path;
    },
    podOfServiceAccount: async (namespace, name) => {
      mkdirSync(POD_DIR, { recursive: true });
      copyFileSync(caFile, join(POD_DIR, 'ca.crt'));
      writeFileSync(join(POD_DIR, 'token'), await tokenForServiceAccount(namespace, name));
      return { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${apiServerPort}` };
    },
    stopApiServer,
    startApiServer,
    restartApiServer: async () => {
      await stopApiServer();
      await startApiServer();
    },
    stop,
  };
}

function etcdArgs(dataDir: string, url: string, peerUrl: string): string[] {
  return [
    `--data-dir=${dataDir}`,
    '--unsafe-no-fsync', // nothing here outlives the machine
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--log-level=warn',
  ];
}

function apiServerArgs(inDataDir: (name: string) => string, port: number, etcdUrl: string): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--cert-dir=${inDataDir('')}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    '--endpoint-reconciler-type=none', // nobody reaches it by the Service, and 127.0.0.1 is refused as an endpoint
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    `--audit-policy-file=${inDataDir('audit-policy.json')}`,
    `--audit-log-path=${inDataDir('audit.log')}`,
    `--token-auth-file=${inDataDir('tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${inDataDir('service-account.pub')}`,
    `--service-account-signing-key-file=${inDataDir('service-account.key')}`,
    '--disable-admission-plugins=ServiceAccount', // a pod would wait for a CA that no controller publishes
  ];
}

function writeCredentials(inDataDir: (name: string) => string, adminToken: string): void {
  const write = (name: string, text: string | Buffer) => {
    writeFileSync(inDataDir(name), text, { mode: 0o600 });
  };
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  write('service-account.pub', publicKey.export({ format: 'pem', type: 'spki' }));
  write('service-account.key', privateKey.export({ format: 'pem', type: 'sec1' }));
  write(
    'audit-policy.json',
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }],
    }),
  );
  write('tokens.csv', `${adminToken},admin,admin,"system:masters"\n`);
}

/** JSON, which is YAML. */
function writeKubeconfig(path: string, server: string, caFile: string, token: string): void {
  const name = 'test';
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': readFileSync(caFile).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  };
  writeFileSync(path, JSON.stringify(kubeconfig, undefined, 2), { mode: 0o600 });
}

/** Ready also means that there is a namespace `default`, which comes a moment later than /readyz. */
async function ready(url: string, caFile: string, token: string, ended: () => Error | undefined): Promise<void> {
  for (const path of ['/readyz', '/api/v1/namespaces/default']) {
    const outcome = await eventually(
      `${url}${path} answers`,
      async () => ended() ?? (await statusOf(new URL(path, url), readFileSync(caFile), token)) === 200,
    );
    if (outcome !== true) throw outcome;
  }
}

function statusOf(url: URL, ca: Buffer, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { ca, agent: false, timeout: 5000, headers: { Authorization: `Bearer ${token}` } };
    const call = request(url, options, (response) => {
      response.resume().once('close', () => {
        resolve(response.statusCode);
      });
    });
    call.once('timeout', () => call.destroy(new Error(`${url.pathname}: no answer within 5 s`)));
    call.once('error', reject);
    call.end();
  });
}

/** Three ports that are free on loopback: all held open at once, so that they differ. */
async function freePorts(): Promise<[number, number, number]> {
  const hold = async () => {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return server;
  };
  const servers = [await hold(), await hold(), await hold()] as const;
  const ports = servers.map((server) => (server.address() as AddressInfo).port) as [number, number, number];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

class ProgramEndedError extends Error {
  readonly code = 'ERR_TEST_PROGRAM_ENDED';

  constructor(tool: Tool, program: RunningProgram) {
    super(`${tool} ended before the control plane was ready; the end of its log:\n${program.log().slice(-2000)}`);
    this.name = 'ProgramEndedError';
  }
}
