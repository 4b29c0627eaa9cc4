/** 10,000 MailServers in one zone: from the start of the process to rest, at rest, 1,000 of them in a wait, and a restart. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MailServer } from '../src/api/mail-server.ts';
import { pathOf, MAIL_SERVERS } from '../src/kube/resource.ts';
import type { RunningOperator } from '../test/support/operator.ts';
import { since, writes, type Writes } from './api-writes.ts';
import { apiFloor } from './api-floor.ts';
import { startBenchSite, type BenchSite } from './bench-site.ts';
import {
  addressRecords,
  createCrowd,
  inParallel,
  makeIssuer,
  members,
  RENEWED,
  replaceData,
  type Member,
} from './crowd.ts';
import { besides, type Run } from './external-dns.ts';
import { BETWEEN_LOOKS_MS, calm, scrape, type Calm } from './operator-metrics.ts';
import { allPublished, between, messages, RECORDS_AFTER_RENEWAL, TLSA, type Messages } from './primary.ts';
import { ageSeconds, cpuSeconds, memory } from './process-usage.ts';
import { note, row } from './report.ts';

const NAMESPACE = 'crowd';
const PEER_ZONE = 'peer.nl';
/** The floor takes longer than what it is for. */
const FLOOR = 1_000;

export async function tenThousand(): Promise<void> {
  const count = Number(process.env['COUNT'] ?? 10_000);
  // A few are there to see that it runs.
  const pace: Pace = count < 100 ? { restSeconds: 1, quietMs: 2_000 } : { restSeconds: 60, quietMs: BETWEEN_LOOKS_MS };
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
  if (count >= 100)
    note(`takes about ${Math.ceil(5 + (3 * count) / 1000)} minutes where two processors do nothing else`);
  note('no mail servers: verification {probe: Disabled, dnssec: Ignore}; nothing is asked of port 25');
  const begun = performance.now();
  const issuer = await makeIssuer();
  await createCrowd(site.cluster, crowd, NAMESPACE, issuer);
  row('made in', `${((performance.now() - begun) / 1000).toFixed(1)} s`);

  const cold = await start(site, crowd, pace);
  report(cold, count, 'cold start');
  const watchFor = async (what: string): Promise<void> => {
    reportMinute(what, pace, await aMinute(site, cold.operator, pace));
  };
  await watchFor('at rest');
  const renewed = crowd.slice(0, Math.ceil(count / 10));
  await inParallel(renewed, async (member) => {
    await replaceData(site.cluster, await issuer.secret(member, NAMESPACE, RENEWED));
  });
  const owners = renewed.map(({ owner }) => owner);
  await allPublished(site.chain, owners, TLSA, RECORDS_AFTER_RENEWAL);
  await watchFor(`${renewed.length} renewed: waiting for name servers`);
  await watchFor(`${renewed.length} renewed: waiting for caches`);
  await cold.operator.stop();
  const again = await start(site, crowd, pace);
  report(again, count, 'restart, all published before');
  await again.operator.stop();
  if (externalDns !== undefined) await besides(site, { binary: externalDns, zone: PEER_ZONE, peers, ours: cold });
  const floor = await apiFloor(site, crowd.slice(0, FLOOR), NAMESPACE);
  row(`floor: the API calls of ${Math.min(count, FLOOR)} first publications`, `${floor.toFixed(1)} s`);
  note(
    'a Secret read, one finalizer, three whole statuses for each, by hand, 64 at once; half of it comes before publication',
  );
  await site.stop();
}

interface Pace {
  readonly restSeconds: number;
  readonly quietMs: number;
}

interface OperatorRun extends Run {
  readonly operator: RunningOperator;
  readonly publishedCpuSeconds: number;
  readonly calmSeconds: number;
  readonly cpuSeconds: number;
  readonly eventLoopLag: number;
  readonly passes: number;
  readonly writes: Writes;
  readonly messages: Messages;
}

/** From the start of the process until every owner has records on the primary, and until there is nothing more to do. */
async function start(site: BenchSite, crowd: readonly Member[], { quietMs }: Pace): Promise<OperatorRun> {
  const before = { writes: await writes(site), messages: await messages() };
  const operator = await site.startOperator();
  const { pid } = operator.program;
  const settled = calm(operator, quietMs);
  const owners = crowd.map(({ owner }) => owner);
  const asked = await allPublished(site.chain, owners, TLSA);
  const publishedSeconds = ageSeconds(pid);
  const published = { cpuSeconds: cpuSeconds(pid), writes: since(before.writes, await writes(site)) };
  const end: Calm = await settled;
  const got = between(before.messages, await messages());
  await mustBeReady(site, crowd);
  return {
    operator,
    publishedSeconds,
    publishedApiSeconds: published.writes.cpuSeconds,
    publishedCpuSeconds: published.cpuSeconds,
    calmSeconds: ageSeconds(pid) - (performance.now() - end.at) / 1000,
    cpuSeconds: cpuSeconds(pid),
    memory: memory(pid),
    eventLoopLag: end.eventLoopLag,
    passes: end.passes,
    writes: since(before.writes, await writes(site)),
    messages: { ...got, queries: got.queries - asked },
  };
}

/** Nothing is done from outside. */
async function aMinute(site: BenchSite, operator: RunningOperator, { restSeconds }: Pace) {
  const { pid } = operator.program;
  const passes = async (): Promise<number> => (await scrape(operator))('controller_runtime_reconcile_total');
  const before = {
    writes: await writes(site),
    messages: await messages(),
    cpu: cpuSeconds(pid),
    passes: await passes(),
  };
  await delay(restSeconds * 1000);
  return {
    cpu: ((cpuSeconds(pid) - before.cpu) / restSeconds) * 100,
    memory: memory(pid).now,
    passes: (await passes()) - before.passes,
    messages: between(before.messages, await messages()),
    writes: since(before.writes, await writes(site)),
  };
}

function reportMinute(what: string, { restSeconds }: Pace, minute: Awaited<ReturnType<typeof aMinute>>): void {
  row(`${what}, ${restSeconds} s`, `${minute.cpu.toFixed(2)} % of one processor, ${minute.memory.toFixed(0)} MiB`);
  row('  passes, queries to the primary', `${minute.passes}, ${minute.messages.queries}`);
  row('  writes', counts(minute));
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
  row(
    '  processor time until then',
    `${run.publishedCpuSeconds.toFixed(1)} s; API server ${run.publishedApiSeconds.toFixed(1)} s`,
  );
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
