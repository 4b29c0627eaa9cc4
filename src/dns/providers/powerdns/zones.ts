/** Zones and record sets as the API gives them, judged before they are used. */
import { z } from 'zod';
import { stalled } from '../../../core/errors.ts';
import type { Name } from '../../../core/name.ts';
import { encodeName } from '../../name-codec.ts';
import { ApiError } from '../api-errors.ts';
import type { Client } from './client.ts';

const zoneList = z.array(z.object({ id: z.string(), name: z.string(), kind: z.string(), dnssec: z.boolean() }));
const cryptoKeys = z.array(z.object({ active: z.boolean() }));
const zoneSerial = z.object({ edited_serial: z.int() });
const recordSets = z.object({
  rrsets: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      ttl: z.int(),
      records: z.array(z.object({ content: z.string(), disabled: z.boolean() })),
    }),
  ),
});

export interface PowerDnsZone {
  readonly id: string;
  readonly name: Name;
  readonly isSecondary: boolean;
  readonly hasDnssec: boolean;
}

export type PowerDnsRecordSet = z.output<typeof recordSets>['rrsets'][number];

/** All of the server, in one request: it says which are signed, too. @throws ApiError */
export async function listZones(client: Client): Promise<readonly PowerDnsZone[]> {
  const zones = read(zoneList, await client.get('/zones'));
  return zones.map(({ id, name, kind, dnssec }) => ({
    id,
    name: name.toLowerCase().replace(/(?<=.)\.$/, ''),
    isSecondary: ['Slave', 'Secondary', 'Consumer'].includes(kind),
    hasDnssec: dnssec,
  }));
}

/** DNSSEC may be on with no key in use. @throws ApiError */
export async function isSigned(client: Client, { id, hasDnssec }: PowerDnsZone): Promise<boolean> {
  if (!hasDnssec) return false;
  const keys = read(cryptoKeys, await client.get(`/zones/${encodeURIComponent(id)}/cryptokeys`));
  return keys.some(({ active }) => active);
}

/** As it is served: with what SOA-EDIT makes of it. @throws ApiError */
export async function serialOf(client: Client, id: string): Promise<number> {
  return read(zoneSerial, await client.get(`/zones/${encodeURIComponent(id)}?rrsets=false`)).edited_serial;
}

/** Of every type. @throws ApiError, OperatorError `InvalidName` */
export async function recordSetsAt(
  client: Client,
  id: string,
  name: Name,
  signal?: AbortSignal,
): Promise<readonly PowerDnsRecordSet[]> {
  encodeName(name);
  const query = new URLSearchParams({ rrset_name: `${name}.` });
  const { rrsets } = read(recordSets, await client.get(`/zones/${encodeURIComponent(id)}?${query.toString()}`, signal));
  return rrsets.filter((set) => set.name.toLowerCase() === `${name}.`);
}

/** What another server transfers in would come back over everything that is written here. */
export function isSecondaryThere(zone: Name): Error {
  return stalled(
    'PrimaryNotAuthoritative',
    `${zone} is a secondary zone of this PowerDNS: use a provider for its primary`,
  );
}

function read<T>(schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (!result.success) throw new ApiError('Malformed', false);
  return result.data;
}
