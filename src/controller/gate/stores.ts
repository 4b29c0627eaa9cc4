/** What Gate watches. */
import type { Certificate } from '../../api/certificate.ts';
import type { ClusterDaneIssuer, DaneIssuer } from '../../api/dane-issuer.ts';
import { GROUP } from '../../api/object.ts';
import {
  CERTIFICATE_REQUESTS,
  CLUSTER_DANE_ISSUERS,
  DANE_ISSUERS,
  objectKey,
  type KubeObject,
  type PartialObject,
} from '../../kube/resource.ts';
import type { Caller } from '../../kube/cluster.ts';
import { listIfInstalled, type ListOptions } from '../../kube/list.ts';
import { reflect, type ReflectorOptions } from '../../kube/reflector.ts';
import { Store } from '../../kube/store.ts';
import type { Logger } from '../../observe/log.ts';
import { PARENT_UID } from './child-requests.ts';
import { certificateOf, seenRequest, type IssuerRef, type SeenRequest } from './seen-request.ts';

export interface GateStores {
  readonly daneIssuers: Store<DaneIssuer>;
  readonly clusterDaneIssuers: Store<ClusterDaneIssuer>;
  /** Those that name an issuer of ours. `certificate`: by the Certificate that they are for (`requestsFor`). */
  readonly requests: Store<SeenRequest, 'certificate' | 'issuer'>;
  /** Those that we made, by the UID of the request that they are for. */
  readonly children: Store<SeenRequest, 'parent'>;
}

/** As those read it who decide. */
export interface GateView {
  readonly daneIssuers: Pick<GateStores['daneIssuers'], 'get'>;
  readonly clusterDaneIssuers: Pick<GateStores['clusterDaneIssuers'], 'get'>;
  readonly requests: Pick<GateStores['requests'], 'byIndex'>;
  readonly children: Pick<GateStores['children'], 'byIndex'>;
}

export function createGateStores(log: Logger): GateStores {
  return {
    daneIssuers: new Store(log),
    clusterDaneIssuers: new Store(log),
    requests: new Store<SeenRequest, 'certificate' | 'issuer'>(log, {
      certificate: (request) => {
        const uid = certificateOf(request)?.uid;
        return uid === undefined ? [] : [objectKey(request.metadata.namespace, uid)];
      },
      issuer: ({ issuerRef, metadata }) => [issuerKey(issuerRef, metadata.namespace)],
    }),
    children: new Store<SeenRequest, 'parent'>(log, {
      parent: ({ metadata }) => [metadata.labels?.[PARENT_UID] ?? []].flat(),
    }),
  };
}

/** One of another namespace may name it too; that is none of its. */
export function requestsFor(
  { metadata }: Pick<Certificate, 'metadata'>,
  { requests }: Pick<GateView, 'requests'>,
): readonly SeenRequest[] {
  return requests.byIndex('certificate', objectKey(metadata.namespace, metadata.uid));
}

/** `DaneIssuer/namespace/name` or `ClusterDaneIssuer/name`. */
export function issuerKey({ kind, name }: Pick<IssuerRef, 'kind' | 'name'>, namespace: string | undefined): string {
  return `${kind}/${objectKey(kind === 'ClusterDaneIssuer' ? undefined : namespace, name)}`;
}

const REQUESTS = {
  resource: CERTIFICATE_REQUESTS,
  keep: seenRequest,
  fieldSelector: `spec.issuerRef.group=${GROUP}`,
} as const;
const CHILDREN = { resource: CERTIFICATE_REQUESTS, keep: seenRequest, labelSelector: PARENT_UID } as const;

export async function watchGate(
  stores: GateStores,
  watchNamespaces: readonly string[] | undefined,
  common: Pick<ReflectorOptions<PartialObject>, 'cluster' | 'clock' | 'random' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const namespaced = { ...common, namespaces: watchNamespaces };
  // Who has Roles only may not look at what is in no namespace.
  if (watchNamespaces !== undefined) stores.clusterDaneIssuers.markSynced();
  await Promise.all([
    reflect({ ...namespaced, resource: DANE_ISSUERS, store: stores.daneIssuers }, signal),
    reflect({ ...namespaced, ...REQUESTS, optional: true, store: stores.requests }, signal),
    reflect({ ...namespaced, ...CHILDREN, optional: true, store: stores.children }, signal),
    ...(watchNamespaces === undefined
      ? [reflect({ ...common, resource: CLUSTER_DANE_ISSUERS, store: stores.clusterDaneIssuers }, signal)]
      : []),
  ]);
}

/** Once, and no more: what there is now. */
export async function listGate(
  stores: GateStores,
  watchNamespaces: readonly string[] | undefined,
  cluster: Caller,
  signal: AbortSignal,
): Promise<void> {
  const fill = async <T extends KubeObject>(store: Pick<Store<T>, 'replace'>, what: ListOptions): Promise<void> => {
    store.replace(await listIfInstalled<T>(cluster, what, signal), what.namespace);
  };
  const scopes: readonly (string | undefined)[] = watchNamespaces ?? [undefined];
  await Promise.all([
    ...scopes.flatMap((namespace) => [
      fill(stores.daneIssuers, { resource: DANE_ISSUERS, namespace }),
      fill(stores.requests, { ...REQUESTS, namespace }),
      fill(stores.children, { ...CHILDREN, namespace }),
    ]),
    ...(watchNamespaces === undefined ? [fill(stores.clusterDaneIssuers, { resource: CLUSTER_DANE_ISSUERS })] : []),
  ]);
}

/** Gate is off: none of it is watched, and nobody waits for it. */
export function nothingOfGate({ daneIssuers, clusterDaneIssuers, requests, children }: GateStores): void {
  for (const store of [daneIssuers, clusterDaneIssuers, requests, children]) store.markSynced();
}
