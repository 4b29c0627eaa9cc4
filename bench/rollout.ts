/** A Secret changes: how long until its record is on the primary? Against the floor (floor.ts), turn by turn in the same run. */
import type { MailServer } from '../src/api/mail-server.ts';
import { getObject } from '../src/kube/objects.ts';
import { MAIL_SERVERS } from '../src/kube/resource.ts';
import { startBenchSite, type BenchSite } from './bench-site.ts';
import { addressRecords, createCrowd, makeIssuer, members, replaceData, type Member } from './crowd.ts';
import { startFloor } from './floor.ts';
import { BETWEEN_LOOKS_MS, calm } from './operator-metrics.ts';
import { RECORDS_AFTER_RENEWAL, TLSA, until } from './primary.ts';
import { note, percentile, ratio, row } from './report.ts';

/** The first ones are not counted: both programs warm up. */
const WARM_UP = 20;
const SAMPLES = 100;
const OPERATOR = 'rollout';
const FLOOR = 'floor';

export async function rollout(): Promise<void> {
  const crowd = members('mx', WARM_UP + SAMPLES, 'example.nl');
  const ground = members('floor', WARM_UP + SAMPLES, 'example.nl');
  const records = addressRecords([...crowd, ...ground]);
  const site = await startBenchSite({ records, namespaces: [OPERATOR, FLOOR] });
  const issuer = await makeIssuer();
  await createCrowd(site.cluster, crowd, OPERATOR, issuer, 0);
  await createCrowd(site.cluster, ground, FLOOR, issuer, 0);
  const operator = await site.startOperator(`--watch-namespaces=${OPERATOR}`);
  await calm(operator, BETWEEN_LOOKS_MS);
  const floor = await startFloor(site, FLOOR);
  const [first] = crowd;
  const example = await getObject<MailServer>(site.cluster, MAIL_SERVERS, {
    namespace: OPERATOR,
    name: first?.name ?? '',
  });
  await floor.follow(ground, example?.status ?? { observedGeneration: -1 });

  const measure = async (member: Member, namespace: string): Promise<number> => {
    const renewed = await issuer.secret(member, namespace, 1);
    await replaceData(site.cluster, renewed);
    const begun = performance.now();
    await until(site.chain, member.owner, TLSA, RECORDS_AFTER_RENEWAL);
    return performance.now() - begun;
  };
  const milliseconds: { readonly operator: number; readonly floor: number }[] = [];
  for (const [index, member] of crowd.entries()) {
    const other = ground[index];
    if (other === undefined) break;
    milliseconds.push({ operator: await measure(member, OPERATOR), floor: await measure(other, FLOOR) });
    await operatorRests(site, member);
  }
  const counted = milliseconds.slice(WARM_UP);
  const figures = (of: 'operator' | 'floor', share: number) =>
    percentile(
      counted.map((sample) => sample[of]),
      share,
    );
  for (const [name, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
  ] as const) {
    const [ours, least] = [figures('operator', share), figures('floor', share)];
    row(
      `Secret changed -> record on the primary, ${name}`,
      `${ours.toFixed(1)} ms, ${ratio(ours, least)} of the floor (${least.toFixed(1)} ms)`,
    );
  }
  note(
    `${SAMPLES} renewals of as many MailServers one by one; floor: watch event, Secret GET, one status write, one UPDATE`,
  );
  floor.stop();
  await operator.stop();
  await site.stop();
}

/** The pass that confirms the change is over: it would disturb the next measurement. */
async function operatorRests({ cluster }: BenchSite, { name }: Member): Promise<void> {
  for (;;) {
    const mailServer = await getObject<MailServer>(cluster, MAIL_SERVERS, { namespace: OPERATOR, name });
    const [recordSet] = mailServer?.status.recordSets ?? [];
    if (recordSet?.records.length === RECORDS_AFTER_RENEWAL && recordSet.intent === undefined) return;
  }
}
