/** BIND with its zones as the conformance suite and the tests of the RFC 2136 provider use it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTlsa, parseTlsa } from '../../src/core/tlsa.ts';
import type { DnsProvider, RecordSet } from '../../src/dns/providers/provider.ts';
import { createRfc2136Provider, type Rfc2136Options } from '../../src/dns/providers/rfc2136/index.ts';
import { startDnssecChain, type ChainOptions, type DnssecChain } from '../support/dnssec-chain.ts';
import type { Harness } from './conformance.ts';

export interface BindHarness extends Harness {
  readonly chain: DnssecChain;
  readonly providerWith: (options: Partial<Rfc2136Options>) => DnsProvider;
}

/** `net`: the third number of its addresses, so that test files that run at once do not meet. */
export async function startBindHarness(net: number, options: Omit<ChainOptions, 'dir'> = {}): Promise<BindHarness> {
  const dir = mkdtempSync(join(tmpdir(), 'bind-'));
  const chain = await startDnssecChain({
    dir,
    addresses: { primary: `10.53.${net}.10`, secondary: `10.53.${net}.11`, parent: `10.53.${net}.12` },
    moreZones: [{ name: 'unsigned.nl', delegation: 'Unsigned' }],
    ...options,
  });
  const { tsigKey } = chain;
  const providerWith = (changed: Partial<Rfc2136Options>): DnsProvider =>
    createRfc2136Provider({
      server: chain.primary.address,
      tsigKeyName: tsigKey.name,
      tsigAlgorithm: tsigKey.algorithm,
      tsigSecret: tsigKey.secret,
      now: Date.now,
      ...changed,
    });
  return {
    chain,
    providerWith,
    provider: providerWith({}),
    zone: chain.zone,
    unsignedZone: 'unsigned.nl',
    withWrongCredential: providerWith({ tsigSecret: Buffer.from('another').toString('base64') }),
    withoutServer: providerWith({ server: `${chain.primary.address}:9` }),
    served: async (owner) => readDig(await chain.dig('+noall', '+answer', '+norec', owner, 'TLSA')),
    addForeign: (owner, record, ttlSeconds) => chain.nsupdate(`add ${owner}. ${ttlSeconds} TLSA ${formatTlsa(record)}`),
    stop: async () => {
      await chain.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

/** `_25._tcp.mx1.example.nl. 60 IN TLSA 3 1 1 ABCD... EF...`, a line a record. */
function readDig(text: string): RecordSet {
  const lines = text.split('\n').filter((line) => line.includes('TLSA'));
  const ttls = new Set(lines.map((line) => Number(line.split(/\s+/)[1])));
  if (ttls.size > 1) throw new Error(`one RRset, several TTLs:\n${text}`);
  return { records: lines.map((line) => parseTlsa(line.replace(/^.*\sTLSA\s/, ''))), ttlSeconds: [...ttls][0] };
}
