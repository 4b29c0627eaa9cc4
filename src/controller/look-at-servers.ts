/** What a pass asks the authoritative servers about one owner. */
import { transient } from '../core/errors.ts';
import { known, unknown, type Known, type OwnerFacts } from '../core/facts.ts';
import { isMade, isWatched, needsSerials } from '../core/history.ts';
import type { Name } from '../core/name.ts';
import { isPublished, ours } from '../core/ours.ts';
import type { StoredRecordSet } from '../core/state.ts';
import { intersection, sameSet, type TlsaRecord } from '../core/tlsa.ts';
import type { ServerSample } from '../dns/servers.ts';
import type { ObjectKey } from '../kube/resource.ts';
import { attempt } from './attempt.ts';
import type { ServerAnswers } from './server-answers.ts';

export interface Published {
  readonly owner: Name;
  readonly zone: Name;
  readonly left: OwnerFacts['left'];
  readonly current: OwnerFacts['current'];
  /** Of just now, where the name servers were asked already. */
  readonly samples?: Known<readonly ServerSample[]> | undefined;
  readonly stored: StoredRecordSet | undefined;
  /** When a change was last sent, milliseconds since 1970. */
  readonly writtenAt: number | undefined;
  /** May what is answered now be told from what was answered before? Not by a clock that is wrong. */
  readonly isRemembered: boolean;
}

export interface AskedServers extends Pick<OwnerFacts, 'lagging' | 'servers'> {
  /** This look; empty where none was needed, or possible. */
  readonly samples: readonly ServerSample[];
}

/** Each server is asked once: for its history where something is on its way, and for whether it lags. */
export async function lookAtServers(
  mailServer: ObjectKey,
  { owner, zone, left, current, samples, stored, writtenAt, isRemembered }: Published,
  serverAnswers: ServerAnswers,
): Promise<AskedServers> {
  const isComparable = left === undefined && current.known && isThere(stored, current.value.records);
  const lagging = (asked: Known<readonly ServerSample[]>): OwnerFacts['lagging'] => {
    if (!isComparable) return known(undefined);
    return asked.known ? laggingIn(asked.value, zone, current.value.records) : asked;
  };
  if (!isWatched(stored) || !isRemembered) {
    if (!isComparable) return { lagging: known(undefined), samples: [] };
    const once = samples ?? (await attempt(() => serverAnswers.once(zone, owner)));
    return { lagging: lagging(once), samples: once.known ? once.value : [] };
  }
  const gone = (stored?.goneNameServers ?? []).map(({ name, until }) => ({ name, until: new Date(until) }));
  const watched = { owner, zone, gone, withSerial: needsSerials(stored), isLeft: left !== undefined, writtenAt };
  const watch = await attempt(() => serverAnswers.watch(mailServer, watched));
  if (!watch.known) return { servers: watch, lagging: lagging(watch), samples: [] };
  return {
    servers: known(watch.value.servers),
    lagging: lagging(known(watch.value.samples)),
    samples: watch.value.samples,
  };
}

/** Are these the records that we published, also those that no status names as confirmed yet? */
function isThere(stored: StoredRecordSet | undefined, records: readonly TlsaRecord[]): boolean {
  if (stored?.intent === undefined) return isPublished(stored);
  return intersection(ours(stored), records).length > 0 && isMade(stored.intent, stored.versions, records);
}

/** The servers that answer something else than the primary. Who is silent may do so too. */
function laggingIn(
  samples: readonly ServerSample[],
  zone: Name,
  records: readonly TlsaRecord[],
): Known<readonly Name[]> {
  const lagging = samples.filter(({ outcomes }) =>
    [...outcomes.values()].some((outcome) => typeof outcome !== 'string' && !sameSet(outcome.records, records)),
  );
  const silent = samples.filter(({ state }) => state === 'Silent');
  const answering = samples.filter(({ state }) => state === 'Answers');
  if (lagging.length > 0 || (silent.length === 0 && answering.length > 0)) return known(lagging.map(nameOf));
  const unreachable = (silent.length > 0 ? silent : samples).map(nameOf);
  return unknown(
    transient(
      'ServersUnreachable',
      `these name servers of ${zone} do not answer from here on port 53: ${unreachable.join(', ')}`,
    ),
  );
}

function nameOf({ name }: ServerSample): Name {
  return name;
}
