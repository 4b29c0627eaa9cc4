/** BIND with its zones as the conformance suite and the tests of the RFC 2136 provider use it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordSet } from '../../src/core/record-set.ts';
import type { TlsaRecord } from '../../src/core/tlsa.ts';
import type { Change } from '../../src/dns/providers/provider.ts';
import { startDnssecChain, type ChainOptions, type DnssecChain } from '../support/dnssec-chain.ts';
import { ALLOWED_BELOW, FIXTURES } from './conformance/harness.ts';
import { rfc2136Harness, type Rfc2136Harness } from './rfc2136-harness.ts';

export interface BindHarness extends Rfc2136Harness {
  readonly chain: DnssecChain;
}

/** `net`: the third number of its addresses, so that test files that run at once do not meet. */
export async function startBindHarness(net: number, options: Omit<ChainOptions, 'dir'> = {}): Promise<BindHarness> {
  const dir = mkdtempSync(join(tmpdir(), 'bind-'));
  const [main, ...others] = FIXTURES;
  const chain = await startDnssecChain({
    dir,
    addresses: { primary: `10.53.${net}.10`, secondary: `10.53.${net}.11`, parent: `10.53.${net}.12` },
    zone: main.name,
    records: main.records,
    moreZones: others.map(({ name, signed, records }) => ({
      name,
      delegation: signed ? 'Secure' : 'Unsigned',
      records,
    })),
    updatePolicy: ({ name }) => FIXTURES.map((zone) => `grant ${name} subdomain ${ALLOWED_BELOW}.${zone.name} TLSA;`),
    ...options,
  });
  const stop = async (): Promise<void> => {
    await chain.stop();
    rmSync(dir, { recursive: true });
  };
  const primary = { address: chain.primary.address, key: chain.tsigKey, stop };
  return { ...(await rfc2136Harness(primary, { forbidden: 'Refused' })), chain };
}

export const NOTHING: RecordSet = { records: [], ttlSeconds: undefined };

/** The first records at an owner. */
export const creating = (owner: string, ...add: readonly TlsaRecord[]): Change => ({
  owner,
  add,
  remove: [],
  ttlSeconds: 60,
  expected: NOTHING,
});
