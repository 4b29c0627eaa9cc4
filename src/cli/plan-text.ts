/** What `plan` tells people. All times are absolute, in UTC. */
import type { ForeseenMailServer } from '../controller/foresee.ts';
import type { HeldOutlook, OwnerOutlook, RecordOutlook } from '../core/outlook.ts';
import type { painter } from './color.ts';

type Paint = ReturnType<typeof painter>;
type Row = readonly [label: string, text: string];

const NOW: Readonly<Record<ForeseenMailServer['now'], string>> = {
  Nothing: 'nothing is to be done',
  ChangeRecordSets: 'records are changed',
  Release: 'the new certificate is released',
  RemoveFinalizer: 'the MailServer is let go',
};

const ACTIONS: Readonly<Record<OwnerOutlook['action'], string>> = {
  Nothing: 'stays as it is',
  Publish: 'is published for the first time',
  Change: 'is changed',
  Withdraw: 'is withdrawn',
  Waits: 'waits',
};

/** Conditions that `Ready` says nothing of: told where they are False. */
const MAY_BE_WRONG = {
  DNSSECSecure: 'dnssec',
  Propagated: 'servers',
  Covered: 'covered',
  CASwitchSafe: 'ca switch',
} as const;

export function planText(mailServer: ForeseenMailServer, paint: Paint): string {
  const { namespace, name, at, owners } = mailServer;
  return [
    `MailServer ${namespace}/${name} at ${at}`,
    ...aligned(summaryRows(mailServer), '  '),
    ...owners.flatMap((owner) => ownerLines(owner, paint)),
  ]
    .join('\n')
    .concat('\n');
}

function summaryRows({ now, next, conditions, rollover, candidates, leaving }: ForeseenMailServer): Row[] {
  const ready = conditions.filter(({ type }) => type === 'Ready');
  const wrong = conditions.filter(({ status }) => status === 'False');
  return [
    ['now', NOW[now]],
    ['next look', next ?? 'when something changes, or at the next regular look'],
    ...ready.map(({ status, reason, message }): Row => ['ready', `${status}, ${reason}: ${message}`]),
    ...Object.entries(MAY_BE_WRONG).flatMap(([type, label]) =>
      wrong.filter((one) => one.type === type).map(({ reason, message }): Row => [label, `${reason}: ${message}`]),
    ),
    ['rollover', `${rollover.step}${until(rollover.until)}: ${rollover.reason}`],
    ...candidates.map((candidate): Row => {
      const { secretName, spkiSHA256, stage, reason, message } = candidate;
      const why = reason === stage ? message : `${reason}: ${message}`;
      return ['candidate', `${spkiSHA256} in Secret ${secretName}: ${stage}${until(candidate.until)}: ${why}`];
    }),
    ...leaving.map(({ secretName, spkiSHA256, state, until: goesAt }): Row => {
      const stays =
        goesAt === undefined ? 'stays: an endpoint presents it, or cannot be asked' : `stays until ${goesAt}`;
      return [state.toLowerCase(), `${spkiSHA256} of Secret ${secretName} ${stays}`];
    }),
  ];
}

function ownerLines(owner: OwnerOutlook, paint: Paint): string[] {
  const { provider, zone, ttlSeconds, problem, records, held } = owner;
  const where = zone === undefined ? 'no zone' : `zone ${zone}`;
  const rows: Row[] = [
    ...(problem === undefined ? [] : [['why', `${problem.code}: ${problem.message}`] as const]),
    ['where', `${where}, ${provider}${ttlSeconds === undefined ? '' : `, TTL ${ttlSeconds} s`}`],
    ...(records === undefined ? [['records', 'could not be found out'] as const] : []),
    ...(records?.length === 0 ? [['records', 'none'] as const] : []),
    ...(records ?? []).map((record, index): Row => [index === 0 ? 'records' : '', recordText(record, paint)]),
    ...held.map((version, index): Row => [index === 0 ? 'held' : '', heldText(version)]),
  ];
  return ['', `  ${owner.owner} ${ACTIONS[owner.action]}`, ...aligned(rows, '    ')];
}

const SIGNS = { Keep: ' ', Add: '+', Remove: '-' } as const;

function recordText({ data, role, change }: RecordOutlook, paint: Paint): string {
  const text = `${SIGNS[change]} ${data} ${role}`;
  if (change === 'Keep') return text;
  return paint(change === 'Add' ? 'green' : 'red', text);
}

function heldText({ n, kind, records, ttlSeconds, writtenAt, current, until: goesAt, latest }: HeldOutlook): string {
  const what = kind === 'Unknown' ? 'anything' : `${records.length} record${records.length === 1 ? '' : 's'}`;
  const atLast = latest === undefined ? '' : `, or its signatures have run out (${latest})`;
  const lasts = goesAt === undefined ? `until every name server answers a later one${atLast}` : `until ${goesAt}`;
  return `#${n} ${kind} ${writtenAt}: ${what}, TTL ${ttlSeconds} s, ${current ? 'stands there now' : lasts}`;
}

function until(time: string | undefined): string {
  return time === undefined ? '' : ` until ${time}`;
}

function aligned(rows: readonly Row[], indent: string): string[] {
  return rows.map(([label, text]) => `${indent}${label.padEnd(9)}  ${text}`);
}
