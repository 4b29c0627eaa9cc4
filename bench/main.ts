/**
 * `make bench`: figures of one run on this machine, to be read as ratios.
 *
 * - Publication at many owners of one zone, against a real BIND: one UPDATE each, or shared as the operator does it.
 * - What a pass of the planner costs, against parsing the certificate that it starts from.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseChain } from '../src/core/certificate.ts';
import { summarize } from '../src/core/chain-summary.ts';
import { plan } from '../src/core/plan.ts';
import { daneEE } from '../src/core/tlsa.ts';
import type { Change, DnsProvider } from '../src/dns/providers/provider.ts';
import { createRfc2136Provider } from '../src/dns/providers/rfc2136/index.ts';
import { createZoneWriter } from '../src/dns/providers/zone-writer.ts';
import { startDnssecChain } from '../test/support/dnssec-chain.ts';
import { makeCA, makeLeaf } from '../test/support/pki.ts';
import { HOST, World } from '../test/support/planner-world.ts';

const OWNERS = 300;
const PASSES = 2_000;

async function publication(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  const chain = await startDnssecChain({ dir });
  const { tsigKey, primary, zone } = chain;
  let requests = 0;
  const rfc2136 = createRfc2136Provider({
    server: `${primary.address}:${primary.port}`,
    tsigKeyName: tsigKey.name,
    tsigAlgorithm: tsigKey.algorithm,
    tsigSecret: tsigKey.secret,
    now: Date.now,
  });
  const provider: DnsProvider = {
    ...rfc2136,
    change: (...parameters) => {
      requests += 1;
      return rfc2136.change(...parameters);
    },
  };
  const writer = createZoneWriter(provider);
  const where = { name: zone, signing: 'Unknown' as const };
  const changes = (prefix: string): Change[] =>
    Array.from({ length: OWNERS }, (_, index) => ({
      owner: `_25._tcp.${prefix}${index}.${zone}`,
      add: [daneEE('ab'.repeat(32))],
      remove: [],
      ttlSeconds: 3600,
      expected: { records: [], ttlSeconds: undefined },
    }));

  const measure = async (
    what: () => Promise<readonly { outcome: string }[]>,
  ): Promise<{ seconds: number; requests: number }> => {
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
  console.log(`publication at ${OWNERS} owners of one zone, BIND signing it live`);
  console.log(`  one UPDATE each   ${oneByOne.seconds.toFixed(2)} s, ${oneByOne.requests} requests`);
  console.log(`  shared            ${shared.seconds.toFixed(2)} s, ${shared.requests} requests`);
  console.log(`  ratio             ${(oneByOne.seconds / shared.seconds).toFixed(1)} : 1`);
  await chain.stop();
  rmSync(dir, { recursive: true });
}

async function planning(): Promise<void> {
  const ca = await makeCA({ name: 'CA', issuer: await makeCA({ name: 'Root' }) });
  const { chainPem } = await makeLeaf({ names: [HOST], issuer: ca });
  const chain = parseChain(chainPem);
  const world = new World();
  world.hold({ chain, summary: summarize(chain) });
  world.serve({ chain, summary: summarize(chain) });
  world.settle();
  const facts = world.facts();
  const microseconds = (act: () => unknown): number => {
    const begun = performance.now();
    for (let pass = 0; pass < PASSES; pass++) act();
    return ((performance.now() - begun) * 1000) / PASSES;
  };
  const planned = microseconds(() => plan(facts));
  const parsed = microseconds(() => summarize(parseChain(chainPem)));
  console.log(`planner, one owner at rest: ${planned.toFixed(1)} µs a pass`);
  console.log(`  reading its chain: ${parsed.toFixed(1)} µs; ratio ${(parsed / planned).toFixed(0)} : 1`);
}

await publication();
await planning();
// A failed measurement may have left servers behind: they end with this namespace.
process.exit();
