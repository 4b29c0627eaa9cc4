/** What a spec asks for, in the terms of the planner; what cannot be read of it is said, and the rest goes on. */
import { parseDuration } from '../api/duration.ts';
import type { MailServer } from '../api/mail-server.ts';
import { parseChain, spkiSHA256 } from '../core/certificate.ts';
import { OperatorError, stalled } from '../core/errors.ts';
import type { AnnouncedCA, Desired } from '../core/facts.ts';

export interface ReadSpec {
  readonly desired: Desired;
  readonly problems: readonly OperatorError[];
}

export function desiredOf({ spec }: MailServer): ReadSpec {
  const announced = spec.announcedCAs.map(announcedCA);
  const { rollover, verification } = spec;
  return {
    problems: announced.flatMap((entry) => (entry instanceof OperatorError ? entry : [])),
    desired: {
      certificates: spec.certificates,
      ttlSeconds: spec.ttlSeconds,
      records: spec.records,
      announcedCAs: announced.flatMap((entry) => (entry instanceof OperatorError ? [] : entry)),
      compromisedKeys: spec.compromisedKeys,
      publish: spec.publish,
      adoption: spec.adoption,
      deletion: spec.deletion,
      suspend: spec.suspend,
      waitTTLs: rollover.waitTTLs,
      retireAfterMs: parseDuration(rollover.retireAfter),
      deadlineBeforeExpiryMs: parseDuration(rollover.deadlineBeforeExpiry),
      onDeadline: rollover.onDeadline,
      dnssec: verification.dnssec,
      probe: verification.probe,
    },
  };
}

function announcedCA({
  name,
  certificate,
  spkiSHA256: given,
}: MailServer['spec']['announcedCAs'][number]): AnnouncedCA | OperatorError {
  if (certificate === undefined) return { name, spkiSHA256: given ?? '' };
  try {
    return { name, spkiSHA256: spkiSHA256(parseChain(certificate).certificates[0]) };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return stalled('AnnouncedCAInvalid', `spec.announcedCAs, ${name}: ${error.message}`);
  }
}
