/** Where the chain of trust to a host, or to its TLSA name, ends. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lookUpHost, lookUpOwner } from '../../src/controller/look-up.ts';
import type { InsecureAt } from '../../src/core/facts.ts';
import type { ChainZone, ZoneRecord } from '../support/dnssec-chain.ts';
import { startHeldChain, type HeldChain } from './held-chain.ts';

const address = (name: string): ZoneRecord => ({ name, type: 'A', data: '192.0.2.1' });
const zone = (name: string, delegation: ChainZone['delegation'], records: readonly ZoneRecord[] = []): ChainZone => ({
  name,
  ...(delegation && { delegation }),
  records,
});

let held: HeldChain;
beforeAll(async () => {
  held = await startHeldChain({
    records: [
      address('mx1.example.nl'),
      { name: 'alias.example.nl', type: 'CNAME', data: 'mx.unsigned.nl' },
      { name: '_25._tcp.mx1.example.nl', type: 'CNAME', data: 'tlsa.unsigned.nl' },
    ],
    moreZones: [
      zone('unsigned.nl', 'Unsigned', [address('mx.unsigned.nl')]),
      zone('signed.unsigned.nl', 'Secure', [address('mx.signed.unsigned.nl')]),
      zone('island.nl', 'NoDS', [address('mx.island.nl')]),
      zone('sub.example.nl', 'Unsigned', [address('mx.sub.example.nl')]),
      zone('example2.nl', 'Secure', [address('mx.example2.nl')]),
    ],
  });
});
afterAll(() => held.stop());

test.each<[string, InsecureAt | undefined]>([
  ['mx.example2.nl', undefined],
  ['mx.unsigned.nl', { of: 'Addresses', zone: 'unsigned.nl', isSigned: false }],
  ['mx.island.nl', { of: 'Addresses', zone: 'island.nl', isSigned: true }],
  ['mx.sub.example.nl', { of: 'Addresses', zone: 'sub.example.nl', isSigned: false }],
  // What is above decides.
  ['mx.signed.unsigned.nl', { of: 'Addresses', zone: 'unsigned.nl', isSigned: false }],
  // Where the alias leads.
  ['alias.example.nl', { of: 'Addresses', zone: 'unsigned.nl', isSigned: false }],
  ['mx1.example.nl', { of: 'Owner', zone: 'unsigned.nl', isSigned: false }],
])('%s', async (hostname, insecureAt) => {
  const host = await lookUpHost(hostname, held.resolver);
  const { security } = await lookUpOwner(`_25._tcp.${hostname}`, host, held.resolver);
  expect(security).toMatchObject({ known: true, value: { secure: insecureAt === undefined, insecureAt } });
});
