/** What is said of a candidate whose gate is not open: what is waited for, where, and until when. Nothing is decided by it. */
import type { Facts } from './facts.ts';
import { gateOf, type Guard } from './gate.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import { serversAwaited } from './servers-awaited.ts';
import { several } from './several.ts';
import type { StoredChain } from './state.ts';
import { unknownVersions } from './unknown-versions.ts';
import type { Release } from './withheld.ts';

/**
 * @param closed the owners that are not open
 * @param deadline where less will be enough then
 */
export function closedGate(
  candidate: StoredChain,
  closed: readonly RecordSetPlan[],
  guardOf: (recordSet: RecordSetPlan) => Guard,
  deadline: Date | undefined,
  facts: Facts,
): Release {
  const { stage, owners, opensAt } = gateOf(candidate, closed, guardOf, facts);
  const where = several(owners);
  const unknown = unknownVersions(candidate, closed, guardOf, facts);
  const until = opensAt ?? deadline;
  switch (stage) {
    case 'Open': // of those that are closed none is
    case 'Publishing':
      return {
        stage: 'Publishing',
        reason: 'Publishing',
        message: `its records are not published yet: ${whyNot(closed, where)}`,
        until,
      };
    case 'WaitingForServers': {
      const servers = serversAwaited(candidate, closed, guardOf, facts);
      const atDeadline = until === undefined ? '' : '; at the deadline those that answer are enough';
      return {
        stage,
        reason: stage,
        message: `not every authoritative name server answers its records yet: ${where}${servers}${unknown}${atDeadline}`,
        until,
      };
    }
    case 'WaitingForCaches':
      return { stage, reason: stage, message: `senders may still hold earlier records: ${where}${unknown}`, until };
  }
}

/** The problem of an owner says more than its name. */
function whyNot(closed: readonly RecordSetPlan[], where: string): string {
  const problems = closed.flatMap(({ problem }) => problem?.message ?? []);
  return problems.length > 0 ? several(problems, '; ') : where;
}
