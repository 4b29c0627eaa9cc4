/** The status that a plan asks for. Equal to the stored one when there is nothing to say. */
import { isDeepStrictEqual } from 'node:util';
import type { MailServer } from '../api/mail-server.ts';
import type { MailServerStatus } from '../api/mail-server-status.ts';
import { conditions } from '../core/conditions.ts';
import { endpointMatches } from '../core/endpoint-matches.ts';
import type { Endpoint, Facts } from '../core/facts.ts';
import type { Plan } from '../core/plan.ts';
import { rolloverSummary, type RolloverSummary } from '../core/rollover-summary.ts';
import { formatTime } from '../core/time.ts';
import { mergeConditions } from './merge-conditions.ts';
import { requestedAt } from './requested-at.ts';

/** As many as status can hold; the first of a sorted list, so that the same ones stay. */
const MAX_FAILING = 64;
/** As the schema has it. */
const MAX_REASON = 1024;

export function nextStatus(mailServer: MailServer, facts: Facts, plan: Plan): MailServerStatus {
  const { metadata, status } = mailServer;
  const handled = requestedAt(mailServer);
  return {
    observedGeneration: metadata.generation,
    ...(handled === undefined ? {} : { lastHandledReconcileAt: handled }),
    conditions: mergeConditions(status.conditions ?? [], conditions(facts, plan), metadata.generation, facts.now),
    certificates: plan.state.certificates,
    recordSets: plan.state.recordSets,
    ...(plan.state.safeToStopAt === undefined ? {} : { safeToStopAt: plan.state.safeToStopAt }),
    ...endpointSummary(facts, status),
    rollover: forPeople(rolloverSummary(facts, plan)),
  };
}

/**
 * What must stand there before an effect, and no more: what people read changes once its outcome is known. The write costs the API
 * server a third less, and no condition goes to False and back for a change that takes a moment.
 */
export function beforeEffect(stored: MailServerStatus, next: MailServerStatus): MailServerStatus {
  const { observedGeneration, conditions, endpoints, rollover } = stored;
  return { ...next, observedGeneration, conditions, endpoints, rollover };
}

/** The condition has all of it. */
function forPeople({ step, until, reason: whole }: RolloverSummary): MailServerStatus['rollover'] {
  const reason = whole.length > MAX_REASON ? `${whole.slice(0, MAX_REASON - 1)}…` : whole;
  return { step, reason, ...(until === undefined ? {} : { until }) };
}

/** What was last seen stays until something is seen again: a restart says nothing. */
function endpointSummary(facts: Facts, status: MailServerStatus): Pick<MailServerStatus, 'endpoints'> {
  if (facts.desired.probe === 'Disabled' || !facts.desired.publish) return {};
  if (facts.endpoints?.known !== true) return status.endpoints === undefined ? {} : { endpoints: status.endpoints };
  const probed = facts.endpoints.value.filter((endpoint) => endpoint.presented.kind !== 'Skipped');
  const failing = probed.filter((endpoint) => !endpointMatches(facts, endpoint));
  return {
    endpoints: {
      total: probed.length,
      matching: probed.length - failing.length,
      failing: failing.slice(0, MAX_FAILING).map((endpoint) => failingEndpoint(endpoint, facts.now, status)),
    },
  };
}

type FailingEndpoint = NonNullable<MailServerStatus['endpoints']>['failing'][number];

function failingEndpoint(
  { presented, hostname, address, port, keyAlgorithm }: Endpoint,
  now: Date,
  status: MailServerStatus,
): FailingEndpoint {
  const found: Omit<FailingEndpoint, 'since'> = {
    hostname,
    address,
    port,
    keyAlgorithm,
    ...(presented.kind === 'Presented' ? { spkiSHA256: presented.summary.spkiSHA256 } : { error: presented.error }),
  };
  const before = status.endpoints?.failing.find((old) => isDeepStrictEqual(old, { ...found, since: old.since }));
  return { ...found, since: before?.since ?? formatTime(now) };
}
