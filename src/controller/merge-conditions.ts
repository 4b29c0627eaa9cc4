import type { Condition } from '../api/condition.ts';
import type { Code } from '../core/reasons.ts';
import { formatTime } from '../core/time.ts';

export interface ConditionStatement {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: Code;
  readonly message: string;
}

/** `lastTransitionTime` moves when the status of a condition does (metav1.Condition); conditions that are no longer stated go. */
export function mergeConditions(
  before: readonly Condition[],
  stated: readonly ConditionStatement[],
  observedGeneration: number,
  now: Date,
): Condition[] {
  return stated.map((statement) => {
    const old = before.find((condition) => condition.type === statement.type);
    const lastTransitionTime = old?.status === statement.status ? old.lastTransitionTime : formatTime(now);
    return { ...statement, observedGeneration, lastTransitionTime };
  });
}
