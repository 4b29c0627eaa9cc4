/** What stands at an owner, by who knows it best and may be asked. */
import { isDeepStrictEqual } from 'node:util';
import { known, type Known, type OwnerFacts } from '../core/facts.ts';
import { lastWritten } from '../core/last-written.ts';
import type { Name } from '../core/name.ts';
import { isPublished, ours } from '../core/ours.ts';
import type { RecordSet } from '../core/record-set.ts';
import type { StoredRecordSet } from '../core/state.ts';
import { formatTlsa, parseTlsa, union, without } from '../core/tlsa.ts';
import type { ServerSample } from '../dns/servers.ts';
import { attempt } from './attempt.ts';
import { isUnseen, type Claim } from './claims.ts';
import type { ServerAnswers } from './server-answers.ts';
import { serialAtPrimary, type WriteAttempt } from './write-attempt.ts';

export interface OwnerRead extends Pick<OwnerFacts, 'current' | 'serials' | 'changeID'> {
  /** Of the name servers, where they were asked for it. */
  readonly samples?: Known<readonly ServerSample[]> | undefined;
}

/** After our write the serial is read too, behind the records: they are not newer than it. */
export async function readOwner(
  claim: Known<Claim>,
  owner: Name,
  stored: StoredRecordSet | undefined,
  last: WriteAttempt | undefined,
  serverAnswers: Pick<ServerAnswers, 'once'>,
): Promise<OwnerRead> {
  if (!claim.known) return { current: claim };
  if (isUnseen(claim.value)) return { current: known(remembered(stored, last)) };
  const { provider, zone } = claim.value;
  // Also through the hours of a wait, which are of the caches.
  const isAtRest = last === undefined && isPublished(stored) && stored.intent === undefined;
  if (provider.dns.isRateLimited === true && isAtRest) {
    const samples = await attempt(() => serverAnswers.once(zone.name, owner));
    const answered = samples.known ? asLastWritten(samples.value, stored) : undefined;
    if (answered !== undefined) return { current: known(answered), samples };
  }
  const current = await attempt(() => provider.dns.read(zone, owner));
  if (last === undefined || !isDeepStrictEqual(stored?.intent, last.intent)) return { current };
  const { changeID, serialBefore } = last;
  if (changeID !== undefined) return { current, changeID };
  if (serialBefore === undefined) return { current };
  const serial = await serialAtPrimary(claim.value);
  return { current, serials: serial === undefined ? undefined : { beforeWrite: serialBefore, now: serial } };
}

/** What cannot be seen: as it was when it could, with all that may be ours; without what was taken away since. */
function remembered(stored: StoredRecordSet | undefined, last: WriteAttempt | undefined): RecordSet {
  const { intent, versions = [] } = stored ?? {};
  const written = lastWritten(versions);
  const mayStand = union((written?.records ?? []).map(parseTlsa), ours(stored));
  const isDone = intent !== undefined && last?.outcome === 'Applied' && isDeepStrictEqual(intent, last.intent);
  const records = isDone ? without(mayStand, intent.remove.map(parseTlsa)) : mayStand;
  return { records, ttlSeconds: records.length > 0 ? written?.ttlSeconds : undefined };
}

/** All name servers that answer show what we last wrote: then it stands there. Else who holds it is asked, and says what does. */
function asLastWritten(samples: readonly ServerSample[], stored: StoredRecordSet | undefined): RecordSet | undefined {
  const written = lastWritten(stored?.versions ?? []);
  const answers = samples.flatMap(({ outcomes }) => [...outcomes.values()]).filter((one) => typeof one !== 'string');
  const [first] = answers;
  if (written === undefined || first === undefined) return undefined;
  const isWritten = answers.every(
    ({ records, ttlSeconds }) =>
      ttlSeconds === written.ttlSeconds &&
      isDeepStrictEqual(new Set(records.map(formatTlsa)), new Set(written.records)),
  );
  return isWritten ? { records: first.records, ttlSeconds: written.ttlSeconds } : undefined;
}
