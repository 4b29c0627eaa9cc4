/**
 * Where the benchmarks run: BIND with a signed zone, a validating Unbound that caches as the one of deploy/ does, etcd, a Kubernetes API
 * server, and the built operator under its own ServiceAccount. No other controllers: they would share the processors.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCluster, type Cluster } from '../src/kube/cluster.ts';
import { startControlPlane, type ControlPlane } from '../test/support/control-plane.ts';
import { startDnssecChain, type ChainOptions, type DnssecChain } from '../test/support/dnssec-chain.ts';
import { apply, mustKubectl } from '../test/support/kubectl.ts';
import { installOperator, OPERATOR_NAMESPACE, startOperator, type RunningOperator } from '../test/support/operator.ts';
import { startUnbound } from '../test/support/unbound.ts';
import { STATISTICS_STATEMENT } from './primary.ts';

const RESOLVER = { address: '127.0.0.1', port: 53 };

export interface BenchSite {
  readonly dir: string;
  readonly chain: DnssecChain;
  /** As cluster admin. */
  readonly cluster: Cluster;
  readonly kubeconfig: string;
  readonly kubeconfigForServiceAccount: ControlPlane['kubeconfigForServiceAccount'];
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  readonly startOperator: (...args: readonly string[]) => Promise<RunningOperator>;
  readonly stop: () => Promise<void>;
}

/** With a namespace for each of `namespaces` and DNSProvider `bind` in it. */
export async function startBenchSite(
  options: Omit<ChainOptions, 'dir' | 'primaryStatements'> & { readonly namespaces: readonly string[] },
): Promise<BenchSite> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  const [chain, controlPlane] = await Promise.all([
    startDnssecChain({ ...options, dir: join(dir, 'dns'), primaryStatements: [STATISTICS_STATEMENT] }),
    startControlPlane({ dataDir: join(dir, 'kubernetes') }),
  ]);
  const unbound = await startUnbound({ ...RESOLVER, dir: join(dir, 'unbound'), chain });
  const kubeconfig = controlPlane.kubeconfigPath;
  await installOperator(kubeconfig);
  for (const namespace of options.namespaces) await apply(kubeconfig, manifests(namespace, chain));
  const cluster = await loadCluster({ kubeconfig });
  let starts = 0;
  return {
    dir,
    chain,
    cluster,
    kubeconfig,
    kubeconfigForServiceAccount: controlPlane.kubeconfigForServiceAccount,
    kubectl: (...args) => mustKubectl(kubeconfig, ...args),
    startOperator: async (...args) =>
      startOperator({
        dir,
        controlPlane,
        resolver: `${RESOLVER.address}:${RESOLVER.port}`,
        name: `operator-${++starts}`,
        args,
        // As in its pod: what reads a kubeconfig takes memory that no pod needs.
        kubeconfig: '',
        env: await controlPlane.podOfServiceAccount(OPERATOR_NAMESPACE, 'tlsa-operator'),
      }),
    stop: async () => {
      await cluster.close();
      await Promise.all([unbound.stop(), controlPlane.stop(), chain.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const manifests = (namespace: string, { zone, primary, tsigKey }: DnssecChain): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}}
---
apiVersion: v1
kind: Secret
metadata: {name: bind-tsig, namespace: ${namespace}}
stringData: {key: ${tsigKey.secret}}
---
apiVersion: tlsa-operator.io/v1alpha1
kind: DNSProvider
metadata: {name: bind, namespace: ${namespace}}
spec:
  zones: [${zone}]
  rfc2136:
    server: ${primary.address}
    tsigKeyName: ${tsigKey.name}
    tsigAlgorithm: ${tsigKey.algorithm}
    tsigSecretRef: {name: bind-tsig, key: key}
`;
