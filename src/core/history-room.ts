/** Status has room for so much history. */
import type { Facts } from './facts.ts';
import { lastWritten } from './last-written.ts';
import { mergedValues } from './rrset-value.ts';
import type { Version } from './state.ts';

/** Status has room for so many; somebody who changes records without end gets there. */
export const MAX_VERSIONS = 8;
/** And for so many characters of records, beside those that stand there now: eight versions of a dozen records. */
const MAX_TEXT = 8192;

interface Room {
  readonly desired: Pick<Facts['desired'], 'waitTTLs'>;
}

/** What there is no room for is held all the same, as something of which nothing is known any more. */
export function fitting(versions: readonly Version[], facts: Room): readonly Version[] {
  return withinText(atMost(versions, facts), facts);
}

function withinText(versions: readonly Version[], facts: Room): readonly Version[] {
  const earlier = versions.filter((version) => version !== lastWritten(versions));
  const oldest = earlier.find(({ records }) => records.length > 0);
  if (oldest === undefined || textOf(earlier) <= MAX_TEXT) return versions;
  const waitSeconds = facts.desired.waitTTLs * oldest.ttlSeconds;
  const unknown: Version = {
    ...oldest,
    kind: 'Unknown',
    records: [],
    waitSeconds,
    mergedValues: mergedValues([oldest]),
  };
  return withinText(
    versions.map((version) => (version === oldest ? unknown : version)),
    facts,
  );
}

function textOf(versions: readonly Version[]): number {
  return versions.flatMap(({ records }) => records).reduce((sum, record) => sum + record.length, 0);
}

/** The oldest become one of which nothing is known any more; what stands there now stays. */
function atMost(versions: readonly Version[], facts: Room): readonly Version[] {
  const current = lastWritten(versions);
  const [oldest, next, ...others] = versions.filter((version) => version !== current);
  if (oldest === undefined || next === undefined || versions.length <= MAX_VERSIONS) return versions;
  const waits = [oldest, next].map(({ waitSeconds, ttlSeconds }) => waitSeconds ?? facts.desired.waitTTLs * ttlSeconds);
  const merged: Version = {
    n: next.n,
    kind: 'Unknown',
    records: [],
    ttlSeconds: Math.max(oldest.ttlSeconds, next.ttlSeconds),
    waitSeconds: Math.max(...waits),
    mergedValues: mergedValues([oldest, next]),
    writtenAt: oldest.writtenAt,
    rrsigExpiry: later(oldest.rrsigExpiry, next.rrsigExpiry),
  };
  const kept = [merged, ...others, ...(current === undefined ? [] : [current])];
  return atMost(
    kept.sort((a, b) => a.n - b.n),
    facts,
  );
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  return Date.parse(a) > Date.parse(b) ? a : b;
}
