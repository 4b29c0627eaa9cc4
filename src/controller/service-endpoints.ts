/** Where the ready endpoints of the Service listen that `spec.verification.serviceRef` names. */
import { stalled, transient } from '../core/errors.ts';
import { known, unknown, type Known } from '../core/facts.ts';
import type { EndpointSlice, ServicePort, ServiceWithSlices } from '../kube/services.ts';

/** undefined where there is no such Service. */
export type ReadService = (namespace: string, name: string) => Promise<ServiceWithSlices | undefined>;

export interface ServiceEndpoint {
  readonly address: string;
  readonly listenPort: number;
}

/** Each is connected to, for every host and kind of key. */
const MAX_ENDPOINTS = 32;

/** Errors: `ServiceNotFound`, `ServiceHasNoPort`, `TooManyAddresses`. */
export function serviceEndpoints(
  found: ServiceWithSlices | undefined,
  name: string,
  port: number,
): Known<readonly ServiceEndpoint[]> {
  if (found === undefined) {
    return unknown(
      transient(
        'ServiceNotFound',
        `there is no Service ${name} in this namespace (yet); spec.verification.serviceRef names it`,
      ),
    );
  }
  const servicePort = found.service.spec.ports?.find((one) => one.port === port && isTCP(one));
  if (servicePort === undefined) {
    return unknown(
      transient(
        'ServiceHasNoPort',
        `Service ${name} has no TCP port ${port}; add it there, or give this port a MailServer of its own`,
      ),
    );
  }
  const endpoints = found.slices.flatMap((slice) => readyEndpoints(slice, servicePort));
  // One may stand in two slices for a moment.
  const distinct = new Map(endpoints.map((endpoint) => [`${endpoint.address} ${endpoint.listenPort}`, endpoint]));
  if (distinct.size > MAX_ENDPOINTS) {
    return unknown(
      stalled(
        'TooManyAddresses',
        `Service ${name} has ${distinct.size} ready endpoints; at most ${MAX_ENDPOINTS} are probed: leave spec.verification.serviceRef out, or name a Service with fewer`,
      ),
    );
  }
  // In one order: what is looked at is the same then.
  return known([...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint));
}

function readyEndpoints(
  { addressType, endpoints, ports }: EndpointSlice,
  { name = '' }: ServicePort,
): ServiceEndpoint[] {
  const listenPort = ports?.find((one) => (one.name ?? '') === name && isTCP(one))?.port;
  if (listenPort === undefined || addressType === 'FQDN') return [];
  return endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.map((address) => ({ address, listenPort })));
}

function isTCP({ protocol = 'TCP' }: { readonly protocol?: string }): boolean {
  return protocol === 'TCP';
}
