/** Publication at many owners of one zone, against a real BIND that signs it: one UPDATE each, or shared as the operator does it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daneEE } from '../src/core/tlsa.ts';
import type { Change, DnsProvider } from '../src/dns/providers/provider.ts';
import { createZoneWriter } from '../src/dns/providers/zone-writer.ts';
import { startDnssecChain } from '../test/support/dnssec-chain.ts';
import { providerFor } from './primary.ts';
import { ratio, row } from './report.ts';

const OWNERS = 300;

export async function sharing(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  const chain = await startDnssecChain({ dir });
  let requests = 0;
  const rfc2136 = providerFor(chain);
  const provider: DnsProvider = {
    ...rfc2136,
    change: (...parameters) => {
      requests += 1;
      return rfc2136.change(...parameters);
    },
  };
  const writer = createZoneWriter(provider);
  const where = { name: chain.zone, signing: 'Unknown' as const };
  const changes = (prefix: string): Change[] =>
    Array.from({ length: OWNERS }, (_, index) => ({
      owner: `_25._tcp.${prefix}${index}.${chain.zone}`,
      add: [daneEE('ab'.repeat(32))],
      remove: [],
      ttlSeconds: 3600,
      expected: { records: [], ttlSeconds: undefined },
    }));

  const measure = async (what: () => Promise<readonly { outcome: string }[]>) => {
    requests = 0;
    const begun = performance.now();
    const results = await what();
    if (results.some(({ outcome }) => outcome !== 'Applied')) throw new Error('a change was not applied');
    return { seconds: (performance.now() - begun) / 1000, requests };
  };
  const oneByOne = await measure(async () => {
    const results = [];
    for (const change of changes('a')) results.push(...(await provider.change(where, [change])));
    return results;
  });
  const shared = await measure(() => Promise.all(changes('b').map((change) => writer.write(where, change))));
  row(
    `${OWNERS} owners of one zone, one UPDATE each`,
    `${oneByOne.seconds.toFixed(2)} s, ${oneByOne.requests} requests`,
  );
  row(
    'shared',
    `${shared.seconds.toFixed(2)} s, ${shared.requests} requests, ${ratio(shared.seconds, oneByOne.seconds)}`,
  );
  await chain.stop();
  rmSync(dir, { recursive: true });
}
