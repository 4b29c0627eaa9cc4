/**
 * Changes as PATCH requests: many owners in one, carried out whole or not at all. The API replaces a record set as a whole and cannot be
 * told what it must hold beforehand: so it is read, compared, and written at once. Between the two somebody else's change can be lost,
 * within milliseconds; ours do not meet, since a zone is changed by one request at a time.
 */
import { OperatorError, stalled } from '../../../core/errors.ts';
import { isAtOrBelow } from '../../../core/name.ts';
import type { RecordSet } from '../../../core/record-set.ts';
import { formatTlsa, parseTlsa, sameSet, union, without, type TlsaRecord } from '../../../core/tlsa.ts';
import { ApiError, apiError } from '../api-errors.ts';
import { sendInHalves, type Placed, type Sent, type Several } from '../in-halves.ts';
import type { Change, ChangeResult, Zone } from '../provider.ts';
import type { Client } from './client.ts';
import { recordSetsAt, type PowerDnsRecordSet } from './zones.ts';

interface Step extends Placed {
  readonly change: Change;
  readonly rrset: object;
}

/** One result a change, in order. Never rejects. */
export async function applyChanges(
  client: Client,
  zone: Zone,
  changes: readonly Change[],
  signal?: AbortSignal,
): Promise<readonly ChangeResult[]> {
  const results: ChangeResult[] = [];

  const prepared = async (change: Change, index: number): Promise<readonly Step[]> => {
    try {
      const rrset = await changedSet(client, zone, change, signal);
      if (rrset !== undefined) return [{ index, change, rrset }];
      results[index] = { outcome: 'Conflict' };
    } catch (error) {
      if (error instanceof OperatorError) results[index] = { outcome: 'Refused', error };
      else if (error instanceof ApiError)
        results[index] = { outcome: 'Refused', error: apiError(error.failure, client.place(change.owner)) };
      else throw error;
    }
    return [];
  };

  const send = async (steps: Several<Step>): Promise<Sent> => {
    const [first, ...others] = steps;
    try {
      const rrsets = steps.map(({ rrset }) => rrset);
      await client.patch(`/zones/${encodeURIComponent(zone.id ?? '')}`, { rrsets }, signal);
      return { result: { outcome: 'Applied' } };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { failure, mayBeDone } = error;
      if (failure !== 'ChangeRefused') {
        const over = apiError(failure, client.place(zone.name));
        return { result: { outcome: mayBeDone ? 'Unknown' : 'Refused', error: over }, over };
      }
      if (others.length > 0) return 'Divide';
      return { result: { outcome: 'Refused', error: apiError(failure, client.place(first.change.owner)) } };
    }
  };

  await sendInHalves([(await Promise.all(changes.map(prepared))).flat()], results, send);
  return results;
}

/** The whole record set as it is to be. Undefined: it is not what was expected. @throws ApiError, OperatorError */
async function changedSet(
  client: Client,
  zone: Zone,
  { owner, expected, remove, add, ttlSeconds }: Change,
  signal?: AbortSignal,
): Promise<object | undefined> {
  if (zone.id === undefined) throw stalled('ZoneNotAtProvider', `there is no zone ${zone.name}`);
  if (!isAtOrBelow(owner, zone.name)) throw stalled('OwnerOutsideZone', `${owner} is not in the zone ${zone.name}`);
  const there = await recordSetsAt(client, zone.id, owner, signal);
  if (there.some(({ type }) => type === 'CNAME')) return undefined;
  const served = servedTlsa(there);
  if (!sameSet(served.records, expected.records)) return undefined;
  const target = union(without(expected.records, remove), add).map((record) => ({
    content: formatTlsa(record),
    disabled: false,
  }));
  // Those that somebody switched off are his, where the API shows them: 4.7 does not, to who asks for one name.
  const disabled = tlsaOf(there).filter((record) => record.disabled);
  const records = [...target, ...disabled];
  const what = { name: `${owner}.`, type: 'TLSA' };
  return records.length === 0
    ? { ...what, changetype: 'DELETE' }
    : { ...what, changetype: 'REPLACE', ttl: ttlSeconds, records };
}

/** @throws ApiError */
export function servedTlsa(there: readonly PowerDnsRecordSet[]): RecordSet {
  const records = tlsaOf(there).filter(({ disabled }) => !disabled);
  const ttl = there.find(({ type }) => type === 'TLSA')?.ttl;
  return { records: records.map(({ content }) => parsed(content)), ttlSeconds: records.length === 0 ? undefined : ttl };
}

function tlsaOf(there: readonly PowerDnsRecordSet[]): PowerDnsRecordSet['records'] {
  return there.find(({ type }) => type === 'TLSA')?.records ?? [];
}

function parsed(content: string): TlsaRecord {
  try {
    return parseTlsa(content);
  } catch (error) {
    if (error instanceof OperatorError) throw new ApiError('Malformed', false);
    throw error;
  }
}
