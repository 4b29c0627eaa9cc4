/** What is planned, if status can hold it; else everything stays as it is, and it is said why. */
import type { MailServer } from '../api/mail-server.ts';
import { mailServerStatus, type MailServerStatus } from '../api/mail-server-status.ts';
import { stalled, type OperatorError } from '../core/errors.ts';
import type { Facts } from '../core/facts.ts';
import { storedAt } from '../core/place.ts';
import type { Plan } from '../core/plan.ts';
import { nextStatus } from './next-status.ts';

/** etcd takes 1.5 MiB in one request by default, and the rest of the object comes with it. */
const MAX_BYTES = 1 << 20;
/** What is smaller has neither a list nor a text that is too long for the schema. */
const SMALL_BYTES = 16_384;

export interface Fitting {
  readonly plan: Plan;
  readonly status: MailServerStatus;
}

/** @param planned what becomes of it where nothing is to be remembered goes on: letting go */
export function fitting(mailServer: MailServer, facts: Facts, planned: Plan): Fitting {
  const status = nextStatus(mailServer, facts, planned);
  const problem = problemWith(status);
  if (problem === undefined) return { plan: planned, status };
  const { effect } = planned;
  const plan: Plan = {
    ...planned,
    state: facts.stored,
    recordSets: facts.owners.map((owner) => ({
      owner,
      next: storedAt(owner, facts.stored.recordSets),
      problem,
    })),
    effect: effect?.kind === 'RemoveFinalizer' ? effect : undefined,
  };
  return { plan, status: nextStatus(mailServer, facts, plan) };
}

function problemWith(status: MailServerStatus): OperatorError | undefined {
  const bytes = bytesOf(status);
  if (bytes <= SMALL_BYTES) return undefined;
  const { error } = mailServerStatus.safeParse(status);
  if (bytes <= MAX_BYTES && error === undefined) return undefined;
  const [largest] = [...(status.recordSets ?? [])].sort((a, b) => bytesOf(b) - bytesOf(a));
  const what =
    error === undefined
      ? `it would take ${Math.ceil(bytes / 1024)} KiB, and status holds ${MAX_BYTES / 1024}`
      : `there is no room for ${error.issues[0]?.path.join('.') ?? 'it'}`;
  const where =
    largest === undefined ? '' : `; the most is for ${largest.owner}, with ${largest.records.length} records`;
  return stalled(
    'StatusTooLarge',
    `what must be remembered of the records does not fit into status, so nothing is changed: ${what}${where}; remove records there that are not ours, or spread the hosts over several MailServers`,
  );
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
