/** Where records stand: an owner name in a zone. One that moves to another zone has a history in each until the old one is over. */
import type { OwnerFacts } from './facts.ts';
import type { Name } from './name.ts';
import type { StoredRecordSet } from './state.ts';

/** A text to compare. */
export type Place = string;

export function placeOf({ owner, zone }: { readonly owner: Name; readonly zone: Name }): Place {
  return `${owner} ${zone}`;
}

/** What is remembered of this owner, in this zone. */
export function storedAt(
  { owner, zone, lastZone }: OwnerFacts,
  recordSets: readonly StoredRecordSet[],
): StoredRecordSet | undefined {
  const name = zone.known ? zone.value : lastZone;
  return recordSets.find((recordSet) => recordSet.owner === owner && (name === undefined || recordSet.zone === name));
}

/** Does the spec ask for records at this owner, in whatever zone? */
export function isAskedFor(owner: Name, owners: readonly OwnerFacts[]): boolean {
  return owners.some((one) => one.owner === owner && one.desired);
}
