/** `gateOpensAt = max over held versions that do not strictly accept the candidate of supersededAt + waitTTLs * ttl + 60 s`, clause by clause. */
import { expect, test } from '@jest/globals';
import { gateOf, type Guard } from '../../src/core/gate.ts';
import type { Facts, OwnerFacts } from '../../src/core/facts.ts';
import type { RecordSetPlan } from '../../src/core/record-set-plan.ts';
import type { Intent, Version } from '../../src/core/state.ts';
import { formatTime } from '../../src/core/time.ts';
import { rrset, START } from '../support/answers.ts';
import { DESIRED, OWNER, World } from '../support/planner-world.ts';
import { summaryOf } from '../support/summaries.ts';

const at = (seconds: number): string => formatTime(new Date(START + 1000 * seconds));
/** Its `3 1 1` is `n`, the `2 1 1` of its CA `C`. It is not valid yet: dates play no part. */
const CANDIDATE = summaryOf('n', 'c', { notBefore: '2099-01-01T00:00:00Z' });

interface Told {
  readonly superseded?: number;
  readonly ttl?: number;
  readonly more?: Partial<Version>;
}

/** The last one is what the primary holds. */
function versions(...told: readonly (readonly [string, Told?])[]): readonly Version[] {
  return told.map(([letters, { superseded, ttl = 3600, more } = {}], index) => ({
    n: index + 1,
    kind: letters === '?' ? 'Unknown' : 'Written',
    records: letters === '?' ? [] : rrset(letters),
    ttlSeconds: ttl,
    writtenAt: at(0),
    ...(superseded === undefined ? {} : { supersededAt: at(superseded) }),
    ...more,
  }));
}

interface Case {
  readonly owners: readonly (readonly Version[])[];
  readonly intent?: Intent;
  readonly guard?: Guard;
  readonly second?: number;
}

function gate({ owners, intent, guard = 'S', second = 100 }: Case): string {
  const facts: Facts = { ...new World().facts(), desired: DESIRED, now: new Date(START + 1000 * second) };
  const [owner] = facts.owners as readonly [OwnerFacts];
  const recordSets = owners.map((history): RecordSetPlan => ({
    owner,
    next: {
      owner: OWNER,
      provider: 'DNSProvider/bind',
      zone: 'example.nl',
      ttlSeconds: 3600,
      records: [],
      versions: history,
      intent,
    },
  }));
  const { stage, opensAt } = gateOf(CANDIDATE, recordSets, () => guard, facts);
  return opensAt === undefined ? stage : `${stage} ${(opensAt.getTime() - START) / 1000}`;
}

const HOUR = 3600;
const superseded = (seconds: number, ttl = HOUR): Told => ({ superseded: seconds, ttl });

test.each<[string, Case, string]>([
  ['every version accepts it', { owners: [versions(['nC', superseded(0)], ['onC'])] }, 'Open'],
  ['two TTLs and a minute', { owners: [versions(['o', superseded(30)], ['on'])] }, `WaitingForCaches ${30 + 7260}`],
  ['over', { owners: [versions(['o', superseded(30)], ['on'])], second: 30 + 7260 }, 'Open'],
  [
    'not a second earlier',
    { owners: [versions(['o', superseded(30)], ['on'])], second: 7289 },
    'WaitingForCaches 7290',
  ],
  [
    'the latest of them all decides: the longest TTL',
    { owners: [versions(['o', superseded(0)], ['p', superseded(90, 60)], ['opn'])] },
    'WaitingForCaches 7260',
  ],
  [
    'or the last to be superseded',
    { owners: [versions(['o', superseded(0, 60)], ['p', superseded(90, 60)], ['opn'])] },
    'WaitingForCaches 270',
  ],
  [
    'a version that accepts it is not waited for',
    { owners: [versions(['o', superseded(0, 60)], ['on', superseded(90)], ['onp'])] },
    'WaitingForCaches 180',
  ],
  [
    'one kind without a match refuses it',
    { owners: [versions(['oC', superseded(0)], ['onC'])] },
    'WaitingForCaches 7260',
  ],
  ['where one match must do, it does not', { owners: [versions(['oC', superseded(0)], ['onC'])], guard: 'W' }, 'Open'],
  ['no RRset at all demands nothing', { owners: [versions(['', superseded(0)], ['n'])] }, 'Open'],
  ['what is not known refuses it', { owners: [versions(['?', superseded(0)], ['n'])] }, 'WaitingForCaches 7260'],
  [
    'and has a wait of its own',
    { owners: [versions(['?', { superseded: 0, more: { waitSeconds: 86_400 } }], ['n'])] },
    'WaitingForCaches 86460',
  ],
  ['some server is behind', { owners: [versions(['o'], ['on'])] }, 'WaitingForServers'],
  [
    'some server is behind: no time is named, though signatures end',
    { owners: [versions(['o', { more: { rrsigExpiry: at(86_400) } }], ['on'])] },
    'WaitingForServers',
  ],
  [
    'a dead server ends by itself',
    { owners: [versions(['o', { more: { rrsigExpiry: at(86_400) } }], ['on'])], second: 86_460 },
    'Open',
  ],
  ['the primary holds what refuses it', { owners: [versions(['o'])] }, 'Publishing'],
  [
    'a change under way may have been made already, and refuse it',
    { owners: [versions(['n'])], intent: { add: rrset('o'), remove: rrset('n'), ttlSeconds: HOUR, since: at(0) } },
    'WaitingForServers',
  ],
  [
    'of several owners the one that is furthest behind is told',
    { owners: [versions(['o', superseded(0)], ['on']), versions(['n']), versions(['o'], ['on'])] },
    'WaitingForServers',
  ],
  [
    'of several that wait for caches the last',
    { owners: [versions(['o', superseded(0)], ['on']), versions(['o', superseded(50)], ['on'])] },
    'WaitingForCaches 7310',
  ],
])('%s', (_, one, expected) => {
  expect(gate(one)).toBe(expected);
});
