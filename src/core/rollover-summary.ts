/** What is going on with a MailServer's records, for people (`kubectl get`); nothing is decided by it. */
import type { Facts } from './facts.ts';
import { nextRetirement } from './chains-in-use.ts';
import { several } from './several.ts';
import type { Plan } from './plan.ts';
import { formatTime } from './time.ts';

export interface RolloverSummary {
  readonly step: 'Idle' | 'Publishing' | 'Proving' | 'Retiring';
  /** When it ends, if that is known. */
  readonly until?: string | undefined;
  readonly reason: string;
}

export function rolloverSummary(facts: Facts, plan: Plan): RolloverSummary {
  const { certificates, recordSets } = plan.state;
  const changing = recordSets.filter((recordSet) => recordSet.intent !== undefined).map((recordSet) => recordSet.owner);
  if (changing.length > 0) return { step: 'Publishing', reason: `records are being changed: ${several(changing)}` };
  const former = certificates.flatMap(({ chains }) => chains).filter((chain) => chain.state === 'Former');
  if (former.length === 0) return { step: 'Idle', reason: 'no certificate is on its way in or out' };
  const reason = `the records of ${former.length} former certificate${former.length > 1 ? 's' : ''} stay until no endpoint has presented it for rollover.retireAfter`;
  if (former.some((chain) => chain.notSeenSince === undefined)) return { step: 'Proving', reason };
  const until = nextRetirement(certificates, facts.desired.retireAfterMs);
  return { step: 'Retiring', until: until === undefined ? undefined : formatTime(until), reason };
}
