/** What Route 53 holds at an owner, where it is a plain record set that a change can name. */
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { OperatorError, stalled } from '../../../core/errors.ts';
import type { Name } from '../../../core/name.ts';
import type { RecordSet } from '../../../core/record-set.ts';
import { parseTlsa } from '../../../core/tlsa.ts';
import { ApiError } from '../api-errors.ts';

export interface PlainRecordSet extends RecordSet {
  /** In the words of who wrote them: a DELETE must use the same. */
  readonly values: readonly string[];
}

/** @throws OperatorError `RoutingPolicyInTheWay`; ApiError */
export function plainRecordSet(owner: Name, there: readonly ResourceRecordSet[]): PlainRecordSet {
  const [first, ...others] = there.filter(({ Type }) => Type === 'TLSA');
  if (first === undefined) return { records: [], ttlSeconds: undefined, values: [] };
  const { ResourceRecords = [], SetIdentifier, TTL } = first;
  if (others.length > 0 || SetIdentifier !== undefined || ResourceRecords.length === 0) {
    throw stalled(
      'RoutingPolicyInTheWay',
      `the TLSA records at ${owner} are an alias or have a routing policy: make a simple record set of them, or remove them`,
    );
  }
  const values = ResourceRecords.map(({ Value }) => Value ?? '');
  try {
    return { records: values.map(parseTlsa), ttlSeconds: TTL, values };
  } catch (error) {
    if (error instanceof OperatorError) throw new ApiError('Malformed', false);
    throw error;
  }
}
