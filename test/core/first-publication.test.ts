/** What is said of endpoints before the first publication: one sentence that says what to do. */
import { beforeAll, expect, test } from '@jest/globals';
import { known, type Endpoint, type Facts } from '../../src/core/facts.ts';
import { everyEndpointMatches } from '../../src/core/first-publication.ts';
import type { Code } from '../../src/core/reasons.ts';
import { daneEE } from '../../src/core/tlsa.ts';
import { HOST, leafOf, World, type Leaf } from '../support/planner-world.ts';

let leaf: Leaf;
beforeAll(async () => {
  leaf = await leafOf();
});

type Outcome = 'Presented' | 'AddressDenied' | 'NetworkUnreachable' | Code;

const endpoint = (outcome: Outcome, hostname = HOST): Endpoint => ({
  hostname,
  address: outcome === 'ResolverTimeout' ? '' : '192.0.2.25',
  port: 25,
  keyAlgorithm: 'ECDSA',
  presented:
    outcome === 'Presented'
      ? { kind: 'Presented', chain: leaf.chain, summary: leaf.summary }
      : outcome === 'AddressDenied' || outcome === 'NetworkUnreachable'
        ? { kind: 'Skipped', error: outcome }
        : { kind: 'Failed', error: outcome, message: 'as told' },
  looks: [],
});
const elsewhere = (outcome: Outcome): Endpoint => endpoint(outcome, `other.${HOST}`);

test.each<[string, () => readonly Endpoint[], string | undefined]>([
  ['all present it', () => [endpoint('Presented'), endpoint('Presented')], undefined],
  ['a family without a route', () => [endpoint('Presented'), endpoint('NetworkUnreachable')], undefined],
  ['one refuses', () => [endpoint('Presented'), endpoint('ConnectionRefused')], 'ConnectionRefused'],
  [
    'one does not speak TLS',
    () => [endpoint('ConnectionTimeout'), endpoint('STARTTLSNotOffered')],
    'ConnectionTimeout',
  ],
  [
    'no connection comes about',
    () => [endpoint('ConnectionTimeout'), endpoint('ConnectionRefused'), endpoint('HostUnreachable')],
    'ProbeUnavailable',
  ],
  ['nor to another host', () => [endpoint('ConnectionTimeout'), elsewhere('AddressDenied')], 'ProbeUnavailable'],
  ['but to another host', () => [endpoint('ConnectionTimeout'), elsewhere('Presented')], 'ConnectionTimeout'],
  [
    'another host has not been found',
    () => [endpoint('ConnectionTimeout'), elsewhere('ResolverTimeout')],
    'ConnectionTimeout',
  ],
  ['none may be probed', () => [endpoint('AddressDenied'), elsewhere('Presented')], 'ProbeUnavailable'],
  ['it has no address', () => [elsewhere('Presented')], 'ProbeUnavailable'],
])('%s', (_, endpoints, code) => {
  const world = new World();
  world.hold(leaf);
  const facts: Facts = { ...world.facts(), endpoints: known(endpoints()) };
  const [owner] = facts.owners;
  if (owner === undefined) throw new Error('the world has an owner');
  const problem = everyEndpointMatches({ facts, owner, wanted: [daneEE(leaf.summary.spkiSHA256)] });
  expect(problem?.code).toBe(code);
  if (code === 'ProbeUnavailable') expect(problem?.message).toContain('serviceRef');
});
