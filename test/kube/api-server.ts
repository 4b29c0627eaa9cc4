/** What the tests of this folder share when they talk to a real API server. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/kube/clock.ts';
import { loadCluster, type Cluster } from '../../src/kube/cluster.ts';
import { apiVersionOf, MAIL_SERVERS, pathOf, type KubeObject, type Resource } from '../../src/kube/resource.ts';
import { createLogger } from '../../src/observe/log.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { apply } from '../support/kubectl.ts';

export const CONFIG_MAPS: Resource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const log = createLogger({ level: 'silent', format: 'json' });
export const surroundings = { clock: systemClock, random: Math.random, log };

/** The same access by another way, e.g. a proxy's port. */
export function clusterByPort(
  controlPlane: ControlPlane,
  port: number,
  observe?: (method: string) => void,
): Promise<Cluster> {
  const path = join(controlPlane.dataDir, `port-${port}.kubeconfig`);
  const kubeconfig = readFileSync(controlPlane.kubeconfigPath, 'utf8');
  writeFileSync(path, kubeconfig.replaceAll(controlPlane.url, `https://127.0.0.1:${port}`), { mode: 0o600 });
  return loadCluster({ kubeconfig: path, ...(observe === undefined ? {} : { observe }) });
}

export async function createNamespace(cluster: Cluster, name: string): Promise<void> {
  await cluster.call({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
}

export function create<T extends KubeObject>(
  cluster: Cluster,
  resource: Resource,
  namespace: string,
  object: Omit<T, 'apiVersion' | 'kind' | 'metadata'> & { readonly metadata: object },
): Promise<T> {
  const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
  return cluster.call<T>({ method: 'POST', path: pathOf(resource, { namespace }), body });
}

/** A kind with a status of its own; what the schema says is no matter here. */
export async function installMailServers(controlPlane: ControlPlane): Promise<void> {
  const { group, version, kind, plural } = MAIL_SERVERS;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
  await apply(controlPlane.kubeconfigPath, JSON.stringify(crd));
}
