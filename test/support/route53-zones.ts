/** The hosted zones of the Route 53 double: what is in them, in which order it is listed, and which changes are refused. */
import { RRType } from '@aws-sdk/client-route-53';

export interface StoredSet {
  /** As Route 53 writes it: lower case, final dot, octal escapes. */
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
  /** With a routing policy. */
  readonly setIdentifier?: string;
}

export interface HostedZone {
  readonly id: string;
  /** With the final dot. */
  readonly name: string;
  readonly isPrivate: boolean;
  readonly signing: string;
  sets: readonly StoredSet[];
}

export interface RequestedChange {
  readonly action: string;
  readonly set: StoredSet;
}

/** The order of all lists: by the labels from right to left, then by type. */
export const orderOf = (name: string): string => `${name.replace(/\.$/, '').split('.').reverse().join('.')}.`;

const TYPES: ReadonlySet<string> = new Set(Object.values(RRType));
const TLSA = /^[0-3] [01] [0-2] ([0-9A-Fa-f]{2})+$/;
const NAME = /^([a-z0-9_-]|\\[0-3][0-7]{2})+$/;

/** Lower case, with what may stand unescaped so; undefined: no name. */
export function normalName(text: string): string | undefined {
  const escapable = (_: string, octal: string): string => {
    const character = String.fromCharCode(parseInt(octal, 8));
    return /[A-Za-z0-9_-]/.test(character) ? character.toLowerCase() : `\\${octal}`;
  };
  const name = text
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/\*/g, '\\052')
    .replace(/\\([0-3][0-7]{2})/g, escapable);
  const isName = name.length <= 255 && name.split('.').every((label) => NAME.test(label));
  return isName ? `${name}.` : undefined;
}

/** What becomes of the zone: its new record sets, or what is wrong. A batch is carried out as a whole or not at all. */
export function changed(zone: HostedZone, changes: readonly RequestedChange[]): readonly StoredSet[] | string[] {
  const problems: string[] = [];
  let records = 0;
  let characters = 0;
  let sets = zone.sets;
  for (const { action, set } of changes) {
    const weight = action === 'UPSERT' ? 2 : 1;
    records += weight * set.values.length;
    characters += weight * set.values.join('').length;
    const what = `resource record set [name='${set.name}', type='${set.type}']`;
    const there = sets.find(({ name, type }) => name === set.name && type === set.type);
    const others = sets.filter((one) => one !== there);
    if (!TYPES.has(set.type)) problems.push(`${what}: no such type`);
    else if (!isIn(set.name, zone.name))
      problems.push(`RRSet with DNS name ${set.name} is not permitted in zone ${zone.name}`);
    else if (set.values.length === 0 || new Set(set.values).size < set.values.length)
      problems.push(`${what}: duplicate or no values`);
    else if (set.values.length > 400 || set.ttl < 0 || set.ttl > 2_147_483_647)
      problems.push(`${what}: too many values, or TTL`);
    else if (set.type === 'TLSA' && action !== 'DELETE' && !set.values.every((value) => TLSA.test(value)))
      problems.push(`${what}: invalid TLSA`);
    else if (action === 'DELETE') {
      if (there === undefined) problems.push(`Tried to delete ${what} but it was not found`);
      else if (!isSame(there, set))
        problems.push(`Tried to delete ${what} but the values provided do not match the current values`);
      sets = others;
    } else if (action === 'CREATE' && there !== undefined)
      problems.push(`Tried to create ${what} but it already exists`);
    else if (
      others.some(
        ({ name, type }) =>
          name === set.name && (type === 'CNAME') !== (set.type === 'CNAME') && [type, set.type].includes('CNAME'),
      )
    )
      problems.push(
        `RRSet of type ${set.type} with DNS name ${set.name} is not permitted because a conflicting RRSet of type CNAME exists`,
      );
    else sets = [...others, set];
  }
  if (records > 1_000) problems.push('Number of records limit of 1000 exceeded.');
  if (characters > 32_000) problems.push('Number of characters limit of 32000 exceeded.');
  return problems.length > 0 ? problems : sets;
}

export const isRefusal = (result: readonly StoredSet[] | string[]): result is string[] => typeof result[0] === 'string';

function isIn(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

function isSame(a: StoredSet, b: StoredSet): boolean {
  const values = (set: StoredSet): string => JSON.stringify(set.values.toSorted());
  return a.ttl === b.ttl && values(a) === values(b) && a.setIdentifier === b.setIdentifier;
}
