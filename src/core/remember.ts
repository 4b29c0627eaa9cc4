/** What status is to hold of one owner's RRset. */
import type { ForeignRecord } from './adoption.ts';
import { isClockRight } from './clock.ts';
import type { Comparison } from './comparison.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import { nextVersions } from './history.ts';
import { lastWritten } from './last-written.ts';
import type { Intent, StoredRecord, StoredRecordSet } from './state.ts';
import type { TargetRecord } from './target.ts';
import { formatTime } from './time.ts';
import { formatTlsa, type TlsaRecord } from './tlsa.ts';

/** @param intent stands from now on */
export function remember(
  comparison: Comparison,
  records: readonly TlsaRecord[],
  intent: Intent | undefined,
): StoredRecordSet {
  const { owner, zone, current, target, stored, foreign, facts } = comparison;
  return {
    owner: owner.owner,
    provider: owner.provider,
    zone,
    ttlSeconds: ttlAskedFor(comparison),
    records: withRoles(records, target, foreign),
    ...(intent === undefined ? {} : { intent }),
    ...goneNameServers(owner, stored, facts),
    versions: nextVersions(stored, owner, current, facts, intent !== undefined && intent === stored?.intent),
  };
}

/** What was found and not written has the TTL that it has there, and is set right by the next pass. */
function ttlAskedFor({ current, stored, isRight, facts: { desired } }: Comparison): number {
  if (!isRight) return stored?.ttlSeconds ?? desired.ttlSeconds;
  const isFound = lastWritten(stored?.versions ?? []) === undefined;
  return isFound ? (current.ttlSeconds ?? desired.ttlSeconds) : desired.ttlSeconds;
}

function withRoles(
  records: readonly TlsaRecord[],
  target: readonly TargetRecord[],
  foreign: readonly ForeignRecord[],
): StoredRecord[] {
  const roles = new Map(target.map((entry) => [formatTlsa(entry.record), entry.role]));
  const foreigners = new Map(foreign.map((entry) => [formatTlsa(entry.record), entry.notNeededSince]));
  return records.map((record) => {
    const data = formatTlsa(record);
    const role = roles.get(data);
    if (role !== undefined || !foreigners.has(data)) return { data, role: role ?? 'Former' };
    const notNeededSince = foreigners.get(data);
    return { data, role: 'Foreign', ...(notNeededSince === undefined ? {} : { notNeededSince }) };
  });
}

/** Resolvers that have the old NS set still ask them. Where the sets are not known now, nothing is forgotten. */
function goneNameServers(
  { servers }: OwnerFacts,
  stored: StoredRecordSet | undefined,
  facts: Facts,
): Pick<StoredRecordSet, 'goneNameServers'> {
  const seen =
    servers?.known === true
      ? servers.value.flatMap(({ name, goneUntil }) =>
          goneUntil === undefined ? [] : { name, until: formatTime(goneUntil) },
        )
      : (stored?.goneNameServers ?? []);
  const gone = isClockRight(facts)
    ? seen.filter(({ until }) => facts.now.getTime() < Date.parse(until))
    : (stored?.goneNameServers ?? []);
  return gone.length > 0 ? { goneNameServers: gone } : {};
}
