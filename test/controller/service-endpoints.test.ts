/** Which endpoints of a Service are looked at, and where they listen. */
import { expect, test } from '@jest/globals';
import { serviceEndpoints } from '../../src/controller/service-endpoints.ts';
import type { EndpointSlice, ServicePort, ServiceWithSlices } from '../../src/kube/services.ts';

const metadata = { name: 'mail', uid: '1', resourceVersion: '1' };

function found(ports: readonly ServicePort[], ...slices: readonly Partial<EndpointSlice>[]): ServiceWithSlices {
  return {
    service: { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } },
    slices: slices.map((slice) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata,
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true } }],
      ports: [{ name: '', port: 2525, protocol: 'TCP' }],
      ...slice,
    })),
  };
}

const PORTS = [
  { name: 'submission', port: 587 },
  { name: 'smtp', port: 25, protocol: 'TCP' },
];
const at = (address: string, listenPort = 2525) => ({ address, listenPort });
const endpoint = (address: string, ready?: boolean) => ({
  addresses: [address],
  ...(ready === undefined ? {} : { conditions: { ready } }),
});

test.each<[string, ServiceWithSlices, readonly object[]]>([
  ['one port without a name', found([{ port: 25 }], {}), [at('10.1.0.1')]],
  [
    'the port of the same name, which may differ among pods',
    found(
      PORTS,
      {
        ports: [
          { name: 'submission', port: 2587 },
          { name: 'smtp', port: 2526 },
        ],
      },
      { ports: [{ name: 'smtp', port: 2527 }], endpoints: [endpoint('10.1.0.2', true)] },
    ),
    [at('10.1.0.1', 2526), at('10.1.0.2', 2527)],
  ],
  ['a slice without the port', found(PORTS, { ports: [{ name: 'submission', port: 2587 }] }, { ports: [] }), []],
  ['a port of UDP', found([{ port: 25 }], { ports: [{ name: '', port: 2525, protocol: 'UDP' }] }), []],
  [
    'ready, not ready, and who knows',
    found([{ port: 25 }], {
      endpoints: [endpoint('10.1.0.3'), endpoint('10.1.0.2', false), endpoint('10.1.0.1', true)],
    }),
    [at('10.1.0.1'), at('10.1.0.3')],
  ],
  [
    'both families, and one address twice',
    found([{ port: 25 }], {}, {}, { addressType: 'IPv6', endpoints: [endpoint('2001:db8::1', true)] }),
    [at('10.1.0.1'), at('2001:db8::1')],
  ],
  [
    'names instead of addresses',
    found([{ port: 25 }], { addressType: 'FQDN', endpoints: [endpoint('mx.example')] }),
    [],
  ],
  ['none at all', found([{ port: 25 }]), []],
])('%s', (_, service, endpoints) => {
  expect(serviceEndpoints(service, 'mail', 25)).toEqual({ known: true, value: endpoints });
});

test.each<[string, ServiceWithSlices | undefined, string]>([
  ['no Service', undefined, 'ServiceNotFound'],
  ['no such port', found([{ port: 587 }], {}), 'ServiceHasNoPort'],
  ['a port of UDP', found([{ port: 25, protocol: 'UDP' }], {}), 'ServiceHasNoPort'],
  [
    'too many endpoints',
    found([{ port: 25 }], { endpoints: Array.from({ length: 33 }, (_, n) => endpoint(`10.1.0.${n}`, true)) }),
    'TooManyAddresses',
  ],
])('%s is an error with what to do', (_, service, code) => {
  expect(serviceEndpoints(service, 'mail', 25)).toMatchObject({ known: false, error: { code } });
});
