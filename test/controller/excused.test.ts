/** When a Service's endpoints stand for the addresses of the host, and which failures are none. */
import { expect, test } from '@jest/globals';
import type { ProbedEndpoint } from '../../src/controller/endpoint-probes.ts';
import { excused } from '../../src/controller/excused.ts';
import { parseChain, type Chain } from '../../src/core/certificate.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import type { Code } from '../../src/core/reasons.ts';
import { makeLeaf } from '../support/pki.ts';

const chain: Chain = parseChain((await makeLeaf({ names: ['mx1.example.nl'] })).pem);
const serving = [{ ...summarize(chain), state: 'Serving', since: '2026-11-22T12:00:00Z' }] as const;

type Outcome = Code | 'Presented' | 'Skipped';

function endpoint(source: 'Host' | 'Service', outcome: Outcome, more: Partial<ProbedEndpoint> = {}): ProbedEndpoint {
  return {
    hostname: 'mx1.example.nl',
    source,
    address: '192.0.2.1',
    port: 25,
    listenPort: 25,
    keyAlgorithm: 'ECDSA',
    presented:
      outcome === 'Presented'
        ? { kind: 'Presented', chain, summary: summarize(chain) }
        : outcome === 'Skipped'
          ? { kind: 'Skipped', error: 'NetworkUnreachable' }
          : { kind: 'Failed', error: outcome, message: 'as told' },
    looks: [],
    ...more,
  };
}

const host = (outcome: Outcome): ProbedEndpoint => endpoint('Host', outcome);
const pod = (outcome: Outcome): ProbedEndpoint => endpoint('Service', outcome);

test.each<[string, readonly ProbedEndpoint[], readonly string[]]>([
  [
    'no connection to the host, and the pod answers',
    [host('ConnectionRefused'), pod('Presented')],
    ['Skipped', 'Presented'],
  ],
  [
    'several addresses, none of which can be reached',
    [host('ConnectionTimeout'), host('HostUnreachable'), host('Skipped'), pod('Presented')],
    ['Skipped', 'Skipped', 'Skipped', 'Presented'],
  ],
  ['no Service', [host('ConnectionRefused')], ['Failed']],
  ['the pod fails too', [host('ConnectionRefused'), pod('ConnectionRefused')], ['Failed', 'Failed']],
  [
    'one of several pods fails: that one counts',
    [host('ConnectionRefused'), pod('Presented'), pod('Timeout')],
    ['Skipped', 'Presented', 'Failed'],
  ],
  [
    'one address accepts connections: then the other one is down',
    [host('ConnectionRefused'), host('Presented'), pod('Presented')],
    ['Failed', 'Presented', 'Presented'],
  ],
  ['the host answers, but not as it should', [host('TLSHandshakeFailed'), pod('Presented')], ['Failed', 'Presented']],
  [
    'another host, another port: each for itself',
    [
      host('ConnectionRefused'),
      endpoint('Service', 'Presented', { hostname: 'mx2.example.nl' }),
      endpoint('Service', 'Presented', { port: 465 }),
    ],
    ['Failed', 'Presented', 'Presented'],
  ],
  [
    'a kind of key that no Secret holds any more',
    [endpoint('Host', 'KeyAlgorithmNotPresented', { keyAlgorithm: 'RSA' })],
    ['Skipped'],
  ],
  ['a kind of key that should be there', [host('KeyAlgorithmNotPresented')], ['Failed']],
])('%s', (_, endpoints, kinds) => {
  expect(excused(endpoints, serving).map(({ presented }) => presented.kind)).toEqual(kinds);
});

test('what is skipped keeps its code', () => {
  const [first] = excused([host('ConnectionTimeout'), pod('Presented')], serving);
  expect(first?.presented).toEqual({ kind: 'Skipped', error: 'ConnectionTimeout' });
});
