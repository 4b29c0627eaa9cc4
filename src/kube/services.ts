/**
 * A Service and its EndpointSlices, asked for when they are wanted. A watch of all the EndpointSlices of a cluster would hold every
 * pod that any Service leads to.
 */
import type { Caller } from './cluster.ts';
import { getObject } from './objects.ts';
import { ENDPOINT_SLICES, pathOf, SERVICES, type KubeObject } from './resource.ts';

/** Those fields that are of use here. What is undefined has Kubernetes' default. */
export interface Service extends KubeObject {
  readonly spec: { readonly ports?: readonly ServicePort[] };
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  /** TCP. */
  readonly protocol?: string;
}

export interface EndpointSlice extends KubeObject {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly EndpointOfSlice[];
  /** Named as the ports of the Service are; the numbers are those where the pods listen. */
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[];
}

export interface EndpointOfSlice {
  readonly addresses: readonly string[];
  /** Unknown counts as ready. */
  readonly conditions?: { readonly ready?: boolean };
}

export interface ServiceWithSlices {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
}

/** undefined where there is no such Service. */
export async function readService(
  cluster: Caller,
  namespace: string,
  name: string,
): Promise<ServiceWithSlices | undefined> {
  const [service, { items }] = await Promise.all([
    getObject<Service>(cluster, SERVICES, { namespace, name }),
    cluster.call<{ readonly items: readonly EndpointSlice[] }>({
      method: 'GET',
      path: pathOf(ENDPOINT_SLICES, { namespace }),
      // Out of the API server's cache: cheap, and as new as a watch would be.
      query: { labelSelector: `kubernetes.io/service-name=${name}`, resourceVersion: '0' },
    }),
  ]);
  return service && { service, slices: items };
}
