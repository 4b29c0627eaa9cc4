/**
 * Changes as batches, each of which is carried out whole or not at all. There is no compare-and-set by name; but a CREATE fails where
 * something stands, and a DELETE where something else stands than it names. So every change is a DELETE of what is expected and a CREATE
 * of what is to be: whoever came in between makes it fail.
 */
import type { Change as BatchedChange, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { OperatorError, stalled } from '../../../core/errors.ts';
import { isAtOrBelow } from '../../../core/name.ts';
import { formatTlsa, sameSet, union, without } from '../../../core/tlsa.ts';
import { ApiError, apiError, type ApiFailure } from '../api-errors.ts';
import { sendInHalves, type Placed, type Sent, type Several } from '../in-halves.ts';
import type { Change, ChangeResult, Zone } from '../provider.ts';
import type { Client } from './client.ts';
import { toRoute53 } from './names.ts';
import { plainRecordSet } from './read.ts';
import { recordSetsAt } from './record-sets.ts';

/** Of one batch (AWS: "Quotas"); an UPSERT would count twice, and is not used. */
const MAX_RECORDS = 1_000;
const MAX_CHARACTERS = 32_000;

interface Step extends Placed {
  readonly change: Change;
  readonly batch: readonly BatchedChange[];
  readonly records: number;
  readonly characters: number;
}

/** One result a change, in order. Never rejects. */
export async function applyChanges(
  client: Client,
  zone: Zone,
  changes: readonly Change[],
  signal?: AbortSignal,
): Promise<readonly ChangeResult[]> {
  const results: ChangeResult[] = [];

  /** One batch. */
  const submit = async (steps: readonly Step[]): Promise<string> => {
    const Changes = steps.flatMap(({ batch }) => batch);
    const HostedZoneId = zone.id ?? '';
    const { ChangeInfo } = await client.change(
      (route53, options) => route53.changeResourceRecordSets({ HostedZoneId, ChangeBatch: { Changes } }, options),
      signal,
    );
    if (ChangeInfo?.Id === undefined) throw new ApiError('Malformed', true);
    return ChangeInfo.Id.replace(/^\/change\//, '');
  };

  const send = async (steps: Several<Step>): Promise<Sent> => {
    const [first, ...others] = steps;
    try {
      return { result: { outcome: 'Applied', changeID: await submit(steps) } };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!isAboutTheChanges(error)) {
        const over = apiError(error.failure, client.place(zone.name));
        return { result: { outcome: error.mayBeDone ? 'Unknown' : 'Refused', error: over }, over };
      }
      return others.length > 0 ? 'Divide' : { result: await whyRefused(first, error.failure) };
    }
  };

  /** What stands there tells whether somebody else came first. If not, it may be written in other words than ours: then in those. */
  const whyRefused = async (step: Step, failure: ApiFailure): Promise<ChangeResult> => {
    const { owner, expected } = step.change;
    const refused = { outcome: 'Refused', error: apiError(failure, client.place(owner)) } as const;
    if (failure === 'AccessDenied') return refused;
    try {
      const there = await recordSetsAt(client, zone.id ?? '', [owner], signal);
      if (there.some(({ Type }) => Type === 'CNAME')) return { outcome: 'Conflict' };
      const tlsa = plainRecordSet(owner, there);
      const isExpected = sameSet(tlsa.records, expected.records) && tlsa.ttlSeconds === expected.ttlSeconds;
      if (!isExpected) return { outcome: 'Conflict' };
      const inTheirWords = { ...step, batch: step.batch.map((change) => withValues(change, tlsa.values)) };
      if (tlsa.values.length === 0 || sameValues(step.batch, inTheirWords.batch)) return refused;
      return { outcome: 'Applied', changeID: await submit([inTheirWords]) };
    } catch (error) {
      if (error instanceof OperatorError) return { outcome: 'Refused', error };
      if (!(error instanceof ApiError)) throw error;
      const said = apiError(error.failure, client.place(owner));
      return { outcome: error.mayBeDone ? 'Unknown' : 'Refused', error: said };
    }
  };

  const steps: Step[] = [];
  for (const [index, change] of changes.entries()) {
    try {
      const step = stepOf(index, change, zone);
      if (step.batch.length > 0) steps.push(step);
      else results[index] = { outcome: 'Applied' };
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      results[index] = { outcome: 'Refused', error };
    }
  }
  await sendInHalves(batches(steps), results, send);
  return results;
}

/** @throws OperatorError `InvalidName`, `OwnerOutsideZone`, `RecordSetTooLarge`, `ZoneNotAtProvider` */
function stepOf(index: number, change: Change, zone: Zone): Step {
  const { owner, expected, ttlSeconds } = change;
  const name = toRoute53(owner);
  if (zone.id === undefined) throw stalled('ZoneNotAtProvider', `there is no hosted zone for ${zone.name}`);
  if (!isAtOrBelow(owner, zone.name)) throw stalled('OwnerOutsideZone', `${owner} is not in the zone ${zone.name}`);
  const target = union(without(expected.records, change.remove), change.add);
  const recordSet = (records: Change['add'], ttl: number): ResourceRecordSet => ({
    Name: name,
    Type: 'TLSA',
    TTL: ttl,
    ResourceRecords: records.map((record) => ({ Value: formatTlsa(record) })),
  });
  const batch: BatchedChange[] = [
    ...(expected.records.length === 0
      ? []
      : [
          {
            Action: 'DELETE' as const,
            ResourceRecordSet: recordSet(union(expected.records), expected.ttlSeconds ?? ttlSeconds),
          },
        ]),
    ...(target.length === 0 ? [] : [{ Action: 'CREATE' as const, ResourceRecordSet: recordSet(target, ttlSeconds) }]),
  ];
  const values = valuesOf(batch);
  const characters = values.reduce((sum, { length }) => sum + length, 0);
  if (values.length > MAX_RECORDS || characters > MAX_CHARACTERS) {
    throw stalled(
      'RecordSetTooLarge',
      `the TLSA records at ${owner} are too large for one change of Route 53 (${MAX_CHARACTERS} characters, old and new ones together): remove those that carry whole certificates (matching type 0)`,
    );
  }
  return { index, change, batch, records: values.length, characters };
}

function batches(steps: readonly Step[]): readonly (readonly Step[])[] {
  const all: Step[][] = [];
  let [records, characters] = [Infinity, Infinity];
  for (const step of steps) {
    records += step.records;
    characters += step.characters;
    if (records > MAX_RECORDS || characters > MAX_CHARACTERS) {
      all.push([]);
      [records, characters] = [step.records, step.characters];
    }
    all.at(-1)?.push(step);
  }
  return all;
}

function valuesOf(batch: readonly BatchedChange[]): readonly string[] {
  return batch.flatMap((change) => (change.ResourceRecordSet?.ResourceRecords ?? []).map(({ Value }) => Value ?? ''));
}

function sameValues(a: readonly BatchedChange[], b: readonly BatchedChange[]): boolean {
  return valuesOf(a).toSorted().join('\n') === valuesOf(b).toSorted().join('\n');
}

function withValues(change: BatchedChange, values: readonly string[]): BatchedChange {
  if (change.Action !== 'DELETE' || change.ResourceRecordSet === undefined) return change;
  const ResourceRecords = values.map((Value) => ({ Value }));
  return { ...change, ResourceRecordSet: { ...change.ResourceRecordSet, ResourceRecords } };
}

/** May one of several changes be what is refused? Else the next request would fare no better. */
function isAboutTheChanges({ failure, mayBeDone }: ApiError): boolean {
  return !mayBeDone && ['ChangeRefused', 'AccessDenied', 'Unexpected'].includes(failure);
}
