/** What a status write means for a person: events on the MailServer. Told once, when the write was accepted. */
import type { MailServerStatus } from '../api/mail-server-status.ts';
import { serverTime } from '../core/clock.ts';
import { isWatchedReason } from '../core/dns-watch.ts';
import type { Facts } from '../core/facts.ts';
import { isPublished } from '../core/ours.ts';
import { placeOf } from '../core/place.ts';
import type { Code } from '../core/reasons.ts';
import { demandedUntil } from '../core/remembered-until.ts';
import { formatTime } from '../core/time.ts';
import { certificateEvents } from './certificate-events.ts';
import { normal, shortKey, warning, type ObjectEvent } from './object-event.ts';

/** When it is, and how long senders hold what they have. */
type WaitFacts = Pick<Facts, 'now' | 'clockSkewMs'> & { readonly desired: Pick<Facts['desired'], 'waitTTLs'> };

export function eventsOf(before: MailServerStatus, after: MailServerStatus, facts: WaitFacts): ObjectEvent[] {
  return [
    ...certificateEvents(before, after, facts.now),
    ...recordEvents(before, after, facts),
    ...warningEvents(before, after),
    ...readyEvents(before, after),
    ...watchEvents(before, after),
  ];
}

function recordEvents(before: MailServerStatus, after: MailServerStatus, facts: WaitFacts): ObjectEvent[] {
  const old = new Map((before.recordSets ?? []).map((recordSet) => [placeOf(recordSet), recordSet]));
  const now = new Map((after.recordSets ?? []).map((recordSet) => [placeOf(recordSet), recordSet]));
  const published = [...now].flatMap(([place, { owner, versions }]): ObjectEvent[] => {
    const version = versions.at(-1);
    const isNews =
      version?.kind === 'Written' && version.records.length > 0 && version.n !== old.get(place)?.versions.at(-1)?.n;
    return isNews
      ? [normal('Published', `${owner} TTL ${version.ttlSeconds} s: ${version.records.map(shortRecord).join(', ')}`)]
      : [];
  });
  const withdrawn = [...old.values()]
    .filter((recordSet) => isPublished(recordSet) && !isPublished(now.get(placeOf(recordSet))))
    .filter(({ handedTo }) => handedTo === undefined)
    .map((recordSet) => {
      const rightNow = serverTime(facts);
      const until = demandedUntil([recordSet], facts.desired.waitTTLs, rightNow) ?? rightNow;
      const later = now.has(placeOf(recordSet))
        ? 'status.safeToStopAt says when every name server has moved on'
        : 'longer if a name server is behind';
      return normal(
        'Withdrawn',
        `our records at ${recordSet.owner} are gone; keep serving the certificate until ${formatTime(until)}, as senders may hold them (${later})`,
      );
    });
  const handed = [...now]
    .filter(([place, { handedTo }]) => handedTo !== undefined && handedTo !== old.get(place)?.handedTo)
    .map(([, { owner, handedTo }]) =>
      normal(
        'OwnerHandover',
        `${owner} is handed over to MailServer ${String(handedTo)}, with the history of its records`,
      ),
    );
  return [...published, ...withdrawn, ...handed];
}

function readyEvents(before: MailServerStatus, after: MailServerStatus): ObjectEvent[] {
  const readyOf = (status: MailServerStatus) => status.conditions?.find(({ type }) => type === 'Ready');
  const [old, now] = [readyOf(before), readyOf(after)];
  if (now === undefined || (old?.status === now.status && old.reason === now.reason)) return [];
  if (now.status === 'True') return old?.status !== 'True' ? [normal('Ready', now.message)] : [];
  // A step of a normal first publication, or of letting go, is no warning.
  return ['Publishing', 'NotProbedYet', 'NotLookedUp', 'OwnerHandover'].includes(now.reason)
    ? []
    : // Conditions hold our own words only.
      [{ type: 'Warning', reason: now.reason as Code, message: now.message }];
}

/** What breaks DANE where it is in use, and that it is over. */
function watchEvents(before: MailServerStatus, after: MailServerStatus): ObjectEvent[] {
  if (!(after.recordSets ?? []).some(isPublished)) return [];
  return (['DNSSECSecure', 'Propagated'] as const).flatMap((type): ObjectEvent[] => {
    const of = ({ conditions }: MailServerStatus) => conditions?.find((condition) => condition.type === type);
    const [old, now] = [of(before), of(after)];
    if (now === undefined || old?.reason === now.reason) return [];
    if (isWatchedReason(now.reason)) return [warning(now.reason as Code, now.message)];
    const isOver = old !== undefined && isWatchedReason(old.reason) && now.status === 'True';
    return isOver ? [normal(now.reason as Code, now.message)] : [];
  });
}

/** What is seldom wanted, and does not make it less than ready. */
function warningEvents(before: MailServerStatus, after: MailServerStatus): ObjectEvent[] {
  const warningIn = ({ conditions = [] }: MailServerStatus) =>
    conditions.find(({ type, status, reason }) => {
      return type === 'CertificatesResolved' && status === 'True' && reason !== 'Resolved';
    });
  const now = warningIn(after);
  // Conditions hold our own words only.
  return now === undefined || now.message === warningIn(before)?.message
    ? []
    : [warning(now.reason as Code, now.message)];
}

function shortRecord(record: string): string {
  const [usage, selector, matchingType, data = ''] = record.split(' ');
  return `${String(usage)} ${String(selector)} ${String(matchingType)} ${shortKey(data)}`;
}
