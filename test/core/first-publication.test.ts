/** What is said of endpoints before the first publication: one sentence that says what to do. */
import { beforeAll, expect, test } from '@jest/globals';
import { transient } from '../../src/core/errors.ts';
import {
  known,
  unknown,
  type DesiredCertificate,
  type Endpoint,
  type Facts,
  type OwnerFacts,
  type Security,
} from '../../src/core/facts.ts';
import { everyEndpointMatches, firstPublicationBlockedBy } from '../../src/core/first-publication.ts';
import { plan } from '../../src/core/plan.ts';
import type { Code } from '../../src/core/reasons.ts';
import { daneEE } from '../../src/core/tlsa.ts';
import { HOST, leafOf, OWNER, World, type Leaf } from '../support/planner-world.ts';

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

const secure: Security = { secure: true };

test.each<[string, Partial<OwnerFacts>, string | undefined]>([
  ['all is well', {}, undefined],
  ['the resolver does not answer', { security: unknown(transient('ResolverTimeout', 'no answer')) }, 'ResolverTimeout'],
  ['a CNAME stands at the owner', { security: known({ ...secure, alias: OWNER }) }, 'OwnerIsAlias'],
  ['the host is a CNAME', { security: known({ ...secure, alias: HOST }) }, 'HostIsAlias'],
  ['a wildcard makes the owner', { security: known({ ...secure, wildcard: OWNER }) }, 'OwnerIsWildcard'],
  ["a wildcard makes the host's addresses", { security: known({ ...secure, wildcard: HOST }) }, 'HostIsWildcard'],
  ['the zone is not secure', { security: known({ secure: false }) }, 'Insecure'],
])('before the first publication %s', (_, change, code) => {
  const world = new World();
  world.hold(leaf);
  world.serve(leaf);
  const facts = world.facts();
  const [owner] = facts.owners as readonly [OwnerFacts];
  const wanted = [daneEE(leaf.summary.spkiSHA256)];
  expect(firstPublicationBlockedBy({ facts, owner: { ...owner, ...change }, wanted })?.code).toBe(code);
  // What is published is maintained, whatever stands there now.
  if (code === undefined) return;
  world.settle();
  world.records = [daneEE('ab'.repeat(32))];
  const published = world.facts();
  const owners = published.owners.map((one) => ({ ...one, ...change }));
  expect(plan({ ...published, owners }).recordSets[0]?.change?.add).toHaveLength(1);
});

test.each<[string, DesiredCertificate, string | undefined]>([
  ['the Secret of another certificate is not there', { secretName: 'other' }, 'SecretNotFound'],
  ['of two Secrets of one neither is', { secretName: 'other', servingSecretName: 'live' }, 'SecretNotFound'],
  ['one of the two is', { secretName: 'mx1-tls', servingSecretName: 'live' }, undefined],
])('a record for some of the certificates only would make senders refuse the others: %s', (_, certificate, code) => {
  const world = new World();
  world.hold(leaf);
  world.serve(leaf);
  const missing = unknown(transient('SecretNotFound', 'no Secret'));
  const base = world.facts();
  const facts: Facts = {
    ...base,
    desired: { ...base.desired, certificates: [...base.desired.certificates, certificate] },
    secrets: new Map([...base.secrets, ['other', missing], ['live', missing]]),
  };
  const [owner] = facts.owners as readonly [OwnerFacts];
  const wanted = [daneEE(leaf.summary.spkiSHA256)];
  expect(firstPublicationBlockedBy({ facts, owner, wanted })?.code).toBe(code);
});

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
  [
    'another port is not reached',
    () => [endpoint('Presented'), { ...endpoint('ConnectionTimeout'), port: 587 }],
    undefined,
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
