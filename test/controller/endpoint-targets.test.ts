/** Where the endpoints of a host are; one that has none is not passed over. */
import { expect, test } from '@jest/globals';
import { endpointTargets } from '../../src/controller/endpoint-targets.ts';
import type { HostFacts } from '../../src/controller/look-up.ts';
import type { MailServer } from '../../src/api/mail-server.ts';
import { known, unknown } from '../../src/core/facts.ts';
import { transient } from '../../src/core/errors.ts';

const OWNER = { owner: '_25._tcp.mx1.example.nl', hostname: 'mx1.example.nl', port: 25 } as const;
const security = unknown(transient('ResolverTimeout', 'nobody asked'));

async function placesOf(addresses: HostFacts['addresses']): Promise<readonly string[]> {
  const mailServer = { metadata: { namespace: 'mail' }, spec: { verification: {} } } as MailServer;
  const hosts = new Map([[OWNER.hostname, { addresses, security }]]);
  const { targets, unresolved } = await endpointTargets(mailServer, [OWNER], ['RSA', 'ECDSA'], hosts, () => {
    throw new Error('it names no Service');
  });
  return [
    ...targets.map(({ address, keyAlgorithm }) => `${address} ${keyAlgorithm}`),
    ...unresolved.map(({ presented }) => (presented.kind === 'Presented' ? '' : presented.error)),
  ];
}

test.each<[string, HostFacts['addresses'], readonly string[]]>([
  ['its address, once for each kind of key', known(['192.0.2.25']), ['192.0.2.25 RSA', '192.0.2.25 ECDSA']],
  ['not known', security, ['ResolverTimeout']],
  ['nowhere, where it has no address', known([]), ['ProbeUnavailable']],
])('the endpoints of a host are: %s', async (_, addresses, expected) => {
  expect(await placesOf(addresses)).toEqual(expected);
});
