/** A condition, but for the times and generations that Kubernetes adds. */
import type { Code } from './reasons.ts';

export interface ConditionState {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Code;
  readonly message: string;
}

export type ConditionType =
  | 'Ready'
  | 'Accepted'
  | 'CertificatesResolved'
  | 'ProviderReady'
  | 'DNSSECSecure'
  | 'RecordsPublished'
  | 'Propagated'
  | 'ServingMatches'
  | 'Covered'
  | 'RolloverInProgress'
  | 'CASwitchSafe'
  | 'Reconciling'
  | 'Stalled';

export function state(
  type: ConditionType,
  status: ConditionState['status'],
  reason: Code,
  message: string,
): ConditionState {
  return { type, status, reason, message };
}
