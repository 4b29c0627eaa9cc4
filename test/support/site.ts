/**
 * The whole at work: a private DNSSEC chain, validating resolvers, a Kubernetes control plane with the operator installed as users do
 * it. The demo shows it, and the tests of the whole share it: started once per file, with a namespace and a hostname per scenario.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCertManager, type CertManager } from './cert-manager.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { startDnssecChain, type ChainOptions, type DnssecChain } from './dnssec-chain.ts';
import { mustKubectl } from './kubectl.ts';
import { installOperator, startOperator, type RunningOperator } from './operator.ts';
import { startUnbound } from './unbound.ts';

/** As senders have it: keeps an answer for its TTL. */
export const SENDERS_RESOLVER = '127.0.0.1';
/** Keeps nothing, so that what it answers is what is published now. The operator asks this one. */
export const FRESH_RESOLVER = '127.0.0.2';

/** Starts one part; `log` is the file or folder below the site's where it says what it does. */
export type Step = <T>(what: string, log: string, start: () => Promise<T>) => Promise<T>;

export interface SiteOptions extends Omit<ChainOptions, 'dir'> {
  /** Holds data and logs, and is kept at stop. Without it: a folder in the system's temporary one, removed at stop. */
  readonly dir?: string;
  /** Also runs cert-manager's controllers. */
  readonly certManager?: boolean;
  /** How the operator is installed; default: `kubectl apply -k deploy/`. */
  readonly install?: (kubeconfig: string) => Promise<void>;
  /** Wraps each start, to tell about it. */
  readonly step?: Step;
}

export interface Site {
  readonly dir: string;
  readonly chain: DnssecChain;
  readonly controlPlane: ControlPlane;
  readonly kubeconfig: string;
  /** kubectl as cluster admin; anything but exit code 0 is an error. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Under its own ServiceAccount and the RBAC of deploy/. Ends with the site at the latest. */
  readonly startOperator: (options?: OperatorOptions) => Promise<RunningOperator>;
  /** Kills cert-manager, does this while it is gone, and starts it again. */
  readonly withoutCertManager: (meanwhile: () => Promise<void>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const silently: Step = (_what, _log, start) => start();

type OperatorOptions = Partial<Omit<Parameters<typeof startOperator>[0], 'dir' | 'controlPlane'>>;

export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const { certManager = false, install = installOperator, step = silently, ...chainOptions } = options;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'site-'));
  // Postfix drops its privileges and must still find its folder.
  chmodSync(dir, 0o711);
  const stops: (() => Promise<unknown>)[] = [];
  const started = async <T extends { readonly stop: () => Promise<unknown> }>(program: Promise<T>): Promise<T> => {
    const running = await program;
    stops.push(() => running.stop());
    return running;
  };
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  try {
    const chain = await step('BIND: a private DNSSEC chain (root, top-level domain, zone)', 'dns', () =>
      started(startDnssecChain({ ...chainOptions, dir: join(dir, 'dns') })),
    );
    await step('Unbound, validating: one with a cache, as senders have it, and one without', 'unbound', async () => {
      const common = { port: 53, chain };
      await started(startUnbound({ ...common, dir: join(dir, 'unbound'), address: SENDERS_RESOLVER }));
      const fresh = { dir: join(dir, 'unbound-fresh'), address: FRESH_RESOLVER, cache: 'None' } as const;
      await started(startUnbound({ ...common, ...fresh }));
    });
    const controlPlane = await step('etcd and kube-apiserver', 'kubernetes', () =>
      started(startControlPlane({ dataDir: join(dir, 'kubernetes'), controllerManager: true })),
    );
    let running: CertManager | undefined;
    if (certManager) {
      running = await step("cert-manager's controllers", 'kubernetes/cert-manager.log', () =>
        started(startCertManager(controlPlane)),
      );
    }
    const kubeconfig = controlPlane.kubeconfigPath;
    await step('kubectl apply -k deploy/', 'kubernetes', () => install(kubeconfig));
    return {
      dir,
      chain,
      controlPlane,
      kubeconfig,
      kubectl: (...args) => mustKubectl(kubeconfig, ...args),
      startOperator: (operator) =>
        step('the operator, under its own ServiceAccount and the RBAC of deploy/', 'operator.log', () =>
          started(startOperator({ dir, controlPlane, resolver: `${FRESH_RESOLVER}:53`, ...operator })),
        ),
      withoutCertManager: async (meanwhile) => {
        await running?.program.stop('SIGKILL');
        try {
          await meanwhile();
        } finally {
          running = await started(startCertManager(controlPlane));
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
