/** 10,000 MailServers in one zone: from the start of the process to rest, at rest, and a restart. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MailServer } from '../src/api/mail-server.ts';
import { pathOf, MAIL_SERVERS } from '../src/kube/resource.ts';
import type { RunningOperator } from '../test/support/operator.ts';
import { since, writes, type Writes } from './api-writes.ts';
import { apiFloor } from './api-floor.ts';
import { startBenchSite, type BenchSite } from './bench-site.ts';
import { addressRecords, createCrowd, makeIssuer, members, type Member } from './crowd.ts';
import { besides } from './external-dns.ts';
import { calm, type Calm } from './operator-metrics.ts';
import { allPublished, between, messages, TLSA, type Messages } from './primary.ts';
import { ageSeconds, cpuSeconds, memory } from './process-usage.ts';
import { note, ratio, row } from './report.ts';

const NAMESPACE = 'crowd';
const PEER_ZONE = 'peer.nl';
const REST_SECONDS = 60;

export async function tenThousand(): Promise<void> {
  const count = Number(process.env['COUNT'] ?? 10_000);
  const externalDns = process.env['EXTERNAL_DNS'];
  const crowd = members('mx', count, 'example.nl');
  const peers = externalDns === undefined ? [] : members('mx', count, PEER_ZONE);
  const site = await startBenchSite({
    records: addressRecords(crowd),
    // ExternalDNS gets a zone of the same size on the same server.
    moreZones: externalDns === undefined ? [] : [{ name: PEER_ZONE, records: addressRecords(peers) }],
    namespaces: [NAMESPACE],
  });
  console.log(`  ${count} MailServers, each with its Secret; one zone, signed by BIND; all on one machine`);
  note('no mail servers: verification {probe: Disabled, dnssec: Ignore}; nothing is asked of port 25');
  const begun = performance.now();
  await createCrowd(site.cluster, crowd, NAMESPACE, await makeIssuer());
  row('made in', `${((performance.now() - begun) / 1000).toFixed(1)} s`);

  const cold = await start(site, crowd);
  report(cold, count, 'cold start');
  const rest = await atRest(site, cold.operator);
  row(`at rest, ${REST_SECONDS} s`, `${rest.cpu.toFixed(2)} % of one processor, ${counts(rest)}`);
  row('  memory at rest', `${rest.memory.toFixed(0)} MiB`);
  await cold.operator.stop();
  const again = await start(site, crowd);
  report(again, count, 'restart, all published before');
  await again.operator.stop();
  const floor = await apiFloor(site, crowd, NAMESPACE);
  row(
    'floor: the API calls of a first publication',
    `${floor.toFixed(1)} s; ours ${ratio(cold.publishedSeconds, floor)}`,
  );
  note(
    'a Secret read, one finalizer, three of status for each, by hand, 64 at once; all published needs the first three',
  );
  if (externalDns !== undefined) await besides(site, { binary: externalDns, zone: PEER_ZONE, peers, ours: cold });
  await site.stop();
}

export interface Run {
  readonly publishedSeconds: number;
  readonly memory: { readonly now: number; readonly peak: number };
}

interface OperatorRun extends Run {
  readonly operator: RunningOperator;
  readonly calmSeconds: number;
  readonly cpuSeconds: number;
  readonly eventLoopLag: number;
  readonly passes: number;
  readonly writes: Writes;
  readonly messages: Messages;
}

/** From the start of the process until every owner has records on the primary, and until there is nothing more to do. */
async function start(site: BenchSite, crowd: readonly Member[]): Promise<OperatorRun> {
  const before = { writes: await writes(site), messages: await messages() };
  const operator = await site.startOperator();
  const { pid } = operator.program;
  const settled = calm(operator);
  const owners = crowd.map(({ owner }) => owner);
  const asked = await allPublished(site.chain, owners, TLSA);
  const publishedSeconds = ageSeconds(pid);
  const end: Calm = await settled;
  const got = between(before.messages, await messages());
  await mustBeReady(site, crowd);
  return {
    operator,
    publishedSeconds,
    calmSeconds: ageSeconds(pid) - (performance.now() - end.at) / 1000,
    cpuSeconds: cpuSeconds(pid),
    memory: memory(pid),
    eventLoopLag: end.eventLoopLag,
    passes: end.passes,
    writes: since(before.writes, await writes(site)),
    messages: { ...got, queries: got.queries - asked },
  };
}

async function atRest(site: BenchSite, { program: { pid } }: RunningOperator) {
  const before = { writes: await writes(site), messages: await messages(), cpu: cpuSeconds(pid) };
  await delay(REST_SECONDS * 1000);
  const cpu = ((cpuSeconds(pid) - before.cpu) / REST_SECONDS) * 100;
  return {
    cpu,
    memory: memory(pid).now,
    messages: between(before.messages, await messages()),
    writes: since(before.writes, await writes(site)),
  };
}

async function mustBeReady({ cluster }: BenchSite, crowd: readonly Member[]): Promise<void> {
  const path = pathOf(MAIL_SERVERS, { namespace: NAMESPACE });
  const { items } = await cluster.call<{ items: readonly MailServer[] }>({ method: 'GET', path, timeoutMs: 60_000 });
  const isReady = ({ status }: MailServer): boolean =>
    status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
  const ready = items.filter(isReady).length;
  if (ready !== crowd.length) throw new Error(`${ready} of ${crowd.length} MailServers are Ready`);
}

function report(run: OperatorRun, count: number, what: string): void {
  const { publishedSeconds, calmSeconds } = run;
  row(`${what}: all published`, `${publishedSeconds.toFixed(1)} s, ${(count / publishedSeconds).toFixed(0)}/s`);
  row('  nothing more to do', `${calmSeconds.toFixed(1)} s`);
  row('  processor time of the operator', `${run.cpuSeconds.toFixed(1)} s`);
  row('  passes', `${run.passes} (per MailServer: ${(run.passes / count).toFixed(2)})`);
  row('  memory, peak', `${run.memory.peak.toFixed(0)} MiB`);
  row('  event-loop lag, longest', `${(run.eventLoopLag * 1000).toFixed(0)} ms`);
  row('  writes', `${counts(run)} (per MailServer: ${(run.writes.status / count).toFixed(2)} of status)`);
  row(
    '  queries to the primary',
    `${run.messages.queries} (per MailServer: ${(run.messages.queries / count).toFixed(2)})`,
  );
}

function counts({
  writes: { status, finalizers, events },
  messages: { updates },
}: Pick<OperatorRun, 'writes' | 'messages'>): string {
  return `${updates} UPDATE messages, ${status} of status, ${finalizers} finalizers, ${events} events`;
}
