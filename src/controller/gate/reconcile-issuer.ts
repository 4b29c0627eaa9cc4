/** One pass over a DaneIssuer or ClusterDaneIssuer: its status says what it wraps. The schema has seen to the rest. */
import type { ClusterDaneIssuer, DaneIssuer, DaneIssuerStatus } from '../../api/dane-issuer.ts';
import type { WriteResult } from '../../kube/objects.ts';
import { mergeConditions } from '../merge-conditions.ts';
import type { Outcome } from '../outcome.ts';
import { isSameStatus } from '../same-status.ts';

export type IssuerObject = DaneIssuer | ClusterDaneIssuer;

export interface IssuerReconciler {
  readonly now: () => number;
  readonly replaceStatus: (issuer: IssuerObject) => Promise<WriteResult<IssuerObject>>;
}

export async function reconcileIssuer(
  issuer: IssuerObject,
  { now, replaceStatus }: IssuerReconciler,
): Promise<Outcome> {
  const { kind, name } = issuer.spec.issuerRef;
  const { generation } = issuer.metadata;
  const message = `requests go to ${kind} ${name} at once; what mail servers use is held back until its TLSA records are safe`;
  const stated = [{ type: 'Ready', status: 'True', reason: 'Ready', message } as const];
  const status: DaneIssuerStatus = {
    observedGeneration: generation,
    conditions: mergeConditions(issuer.status.conditions ?? [], stated, generation, new Date(now())),
  };
  if (isSameStatus(issuer.status, status)) return { kind: 'Done', wakeAt: undefined };
  const result = await replaceStatus({ ...issuer, status });
  return result.outcome === 'Written' ? { kind: 'Done', wakeAt: undefined } : { kind: 'Retry' };
}
