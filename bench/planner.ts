/** What a pass of the planner costs at 1, 8 and 32 owners, against reading the certificate chain that it starts from. */
import { isDeepStrictEqual } from 'node:util';
import { parseChain } from '../src/core/certificate.ts';
import { summarize } from '../src/core/chain-summary.ts';
import { known, type Facts } from '../src/core/facts.ts';
import { plan } from '../src/core/plan.ts';
import { makeCA, makeLeaf } from '../test/support/pki.ts';
import { HOST, World } from '../test/support/planner-world.ts';
import { note, percentile, ratio, row } from './report.ts';

const PASSES = 2_000;
const OWNERS = [1, 8, 32] as const;

export async function planner(): Promise<void> {
  const hosts = [HOST, ...Array.from({ length: Math.max(...OWNERS) - 1 }, (_, index) => `host${index}.example.nl`)];
  const ca = await makeCA({ name: 'CA', issuer: await makeCA({ name: 'Root' }) });
  const { chainPem } = await makeLeaf({ names: hosts, issuer: ca });
  const chain = parseChain(chainPem);
  const world = new World();
  world.hold({ chain, summary: summarize(chain) });
  world.serve({ chain, summary: summarize(chain) });
  world.settle();
  const [one = NaN, ...more] = OWNERS.map((owners) => {
    const facts = atHosts(hosts.slice(0, owners), world.facts());
    mustRest(facts);
    return microseconds(() => plan(facts));
  });
  const read = microseconds(() => summarize(parseChain(chainPem)));
  row('a plan, one owner at rest', `${one.toFixed(1)} µs`);
  for (const [index, planned] of more.entries()) {
    row(`a plan, ${OWNERS[index + 1] ?? 0} owners at rest`, `${planned.toFixed(1)} µs, ${ratio(planned, one)}`);
  }
  row('reading its chain, two certificates', `${read.toFixed(1)} µs, ${ratio(read, one)}`);
  note('the certificate is for 32 hosts; each host has one address, which presents it');
}

/** The same facts of several hosts. */
function atHosts(hosts: readonly string[], facts: Facts): Facts {
  const each = <T extends object>(items: readonly T[], fields: (host: string) => Partial<T>): T[] =>
    hosts.flatMap((host) => items.map((item) => ({ ...item, ...fields(host) })));
  const ownerOf = (host: string): string => `_25._tcp.${host}`;
  const { endpoints, stored } = facts;
  return {
    ...facts,
    owners: each(facts.owners, (hostname) => ({ owner: ownerOf(hostname), hostname })),
    stored: { ...stored, recordSets: each(stored.recordSets, (hostname) => ({ owner: ownerOf(hostname) })) },
    endpoints: endpoints?.known === true ? known(each(endpoints.value, (hostname) => ({ hostname }))) : endpoints,
  };
}

function mustRest(facts: Facts): void {
  const { state, effect, recordSets } = plan(facts);
  const isRest = effect === undefined && isDeepStrictEqual(state.recordSets, facts.stored.recordSets);
  if (!isRest || recordSets.some(({ problem }) => problem !== undefined)) throw new Error('it is not at rest');
}

/** The median: other programs share the processors. */
function microseconds(act: () => unknown): number {
  const times = Array.from({ length: PASSES }, () => {
    const begun = performance.now();
    act();
    return performance.now() - begun;
  });
  return percentile(times, 0.5) * 1000;
}
