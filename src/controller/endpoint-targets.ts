/** Where the endpoints of a MailServer are: the addresses of its hosts, and the ready endpoints of its Service. */
import type { MailServer } from '../api/mail-server.ts';
import type { OperatorError } from '../core/errors.ts';
import { known, type Endpoint, type Known } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { probeUnavailable } from '../core/unreached.ts';
import { attempt } from './attempt.ts';
import type { ServiceWithSlices } from '../kube/services.ts';
import type { EndpointTarget } from './endpoint-probes.ts';
import type { HostFacts } from './look-up.ts';
import type { DesiredOwner } from './objects.ts';
import { serviceEndpoints, type ReadService } from './service-endpoints.ts';

export interface Targets {
  readonly targets: readonly EndpointTarget[];
  /** Where they are could not be found out, or there are none: one such host says nothing about the others. */
  readonly unresolved: readonly Endpoint[];
}

type Place = Pick<EndpointTarget, 'source' | 'address' | 'listenPort'>;

export async function endpointTargets(
  { metadata, spec }: MailServer,
  owners: readonly DesiredOwner[],
  keyAlgorithms: readonly EndpointTarget['keyAlgorithm'][],
  hosts: ReadonlyMap<Name, HostFacts>,
  readService: ReadService,
): Promise<Targets> {
  const { serviceRef } = spec.verification;
  const service = serviceRef && (await attempt(() => readService(metadata.namespace, serviceRef.name)));
  const servicePlaces = (port: number): Known<readonly Place[]> => {
    if (serviceRef === undefined || service === undefined) return known([]);
    return service.known ? placesOf(service.value, serviceRef.name, port) : service;
  };
  const targets: EndpointTarget[] = [];
  const unresolved: Endpoint[] = [];
  for (const { hostname, port } of owners) {
    const places = [hostPlaces(hosts.get(hostname), port), servicePlaces(port)];
    if (places.every((found) => found.known && found.value.length === 0))
      unresolved.push(notFound(hostname, port, probeUnavailable(`${hostname} port ${port}`, [])));
    for (const found of places) {
      if (!found.known) unresolved.push(notFound(hostname, port, found.error));
      for (const place of found.known ? found.value : []) {
        targets.push(...keyAlgorithms.map((keyAlgorithm) => ({ hostname, ...place, port, keyAlgorithm })));
      }
    }
  }
  return { targets, unresolved };
}

function hostPlaces(host: HostFacts | undefined, port: number): Known<readonly Place[]> {
  const addresses = host?.addresses ?? known([]);
  if (!addresses.known) return addresses;
  return known(addresses.value.map((address) => ({ source: 'Host', address, listenPort: port })));
}

function placesOf(service: ServiceWithSlices | undefined, name: string, port: number): Known<readonly Place[]> {
  const endpoints = serviceEndpoints(service, name, port);
  return endpoints.known ? known(endpoints.value.map((endpoint) => ({ source: 'Service', ...endpoint }))) : endpoints;
}

function notFound(hostname: Name, port: number, { code, message }: OperatorError): Endpoint {
  return {
    hostname,
    address: '',
    port,
    keyAlgorithm: '',
    presented: { kind: 'Failed', error: code, message },
    looks: [],
  };
}
