/** What a pass of the planner costs, against reading the certificate chain that it starts from. */
import { parseChain } from '../src/core/certificate.ts';
import { summarize } from '../src/core/chain-summary.ts';
import { plan } from '../src/core/plan.ts';
import { makeCA, makeLeaf } from '../test/support/pki.ts';
import { HOST, World } from '../test/support/planner-world.ts';
import { ratio, row } from './report.ts';

const PASSES = 2_000;

export async function planner(): Promise<void> {
  const ca = await makeCA({ name: 'CA', issuer: await makeCA({ name: 'Root' }) });
  const { chainPem } = await makeLeaf({ names: [HOST], issuer: ca });
  const chain = parseChain(chainPem);
  const world = new World();
  world.hold({ chain, summary: summarize(chain) });
  world.serve({ chain, summary: summarize(chain) });
  world.settle();
  const facts = world.facts();
  const planned = microseconds(() => plan(facts));
  const read = microseconds(() => summarize(parseChain(chainPem)));
  row('a plan, one owner at rest', `${planned.toFixed(1)} µs`);
  row('reading its chain, two certificates', `${read.toFixed(1)} µs, ${ratio(read, planned)}`);
}

function microseconds(act: () => unknown): number {
  const begun = performance.now();
  for (let pass = 0; pass < PASSES; pass++) act();
  return ((performance.now() - begun) * 1000) / PASSES;
}
