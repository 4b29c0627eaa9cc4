/** What stands at names of a hosted zone. Lists of Route 53 begin at a name and go on from there, in an order that is known (names.ts). */
import type { ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';
import type { Name } from '../../../core/name.ts';
import { ApiError } from '../api-errors.ts';
import type { Client } from './client.ts';
import { fromRoute53, sortKey, toRoute53 } from './names.ts';

const PAGE = 100;
/** More record sets at these names than anybody has. */
const MAX_PAGES = 50;

/** In as few requests as it takes: a host's names mostly stand together. @throws ApiError, OperatorError `InvalidName` */
export async function recordSetsAt(
  client: Client,
  zoneID: string,
  names: readonly Name[],
  signal?: AbortSignal,
): Promise<readonly (ResourceRecordSet & { readonly name: Name })[]> {
  const found: (ResourceRecordSet & { readonly name: Name })[] = [];
  const wanted = new Set(names);
  let left = names
    .map((name) => ({ name, text: toRoute53(name), key: sortKey(toRoute53(name)) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  let start: { readonly StartRecordType?: RRType; readonly StartRecordIdentifier?: string } = {};
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const [first] = left;
    if (first === undefined) return found;
    const page = await client.read(
      (route53, options) =>
        route53.listResourceRecordSets(
          { HostedZoneId: zoneID, StartRecordName: first.text, MaxItems: PAGE, ...start },
          options,
        ),
      signal,
    );
    if (page.ResourceRecordSets === undefined) throw new ApiError('Malformed', false);
    for (const recordSet of page.ResourceRecordSets) {
      const name = fromRoute53(recordSet.Name ?? '');
      if (name !== undefined && wanted.has(name)) found.push({ ...recordSet, name });
    }
    const { IsTruncated, NextRecordName, NextRecordType, NextRecordIdentifier } = page;
    if (IsTruncated !== true || NextRecordName === undefined) return found;
    const next = sortKey(NextRecordName);
    left = left.filter(({ key }) => key >= next);
    start =
      left[0]?.key === next
        ? {
            ...(NextRecordType && { StartRecordType: NextRecordType }),
            ...(NextRecordIdentifier && { StartRecordIdentifier: NextRecordIdentifier }),
          }
        : {};
  }
  throw new ApiError('Malformed', false);
}
