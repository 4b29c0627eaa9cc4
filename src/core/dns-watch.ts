/** What of the DNS is watched though nothing of ours changes: when to look again, and which reasons are worth an event. */
import type { Facts, OwnerFacts } from './facts.ts';
import { dnssecSecure } from './dnssec-secure.ts';
import { propagated } from './propagated.ts';
import type { Code } from './reasons.ts';
import { nextSignatureMoments } from './signatures.ts';
import { nextTransferMoments } from './zone-copies.ts';

/** They come without any act of ours, and somebody else must act. */
const WATCHED: ReadonlySet<string> = new Set<Code>([
  'AddressesNotSecure',
  'Bogus',
  'DSMissing',
  'EmptyNonTerminalDenied',
  'Insecure',
  'SignaturesExpired',
  'SignaturesExpireSoon',
  'TransferOverdue',
  'ZoneNotSigned',
]);

export function isWatchedReason(reason: string): boolean {
  return WATCHED.has(reason);
}

const AGAIN_MS = 5 * 60_000;

/** When there is something else to say, if nobody acts; and soon, to see whether somebody did. Who asks for no DNSSEC does not wait for it. */
export function watchMoments(facts: Facts): Date[] {
  const conditions = [...(facts.desired.dnssec === 'Require' ? [dnssecSecure(facts)] : []), propagated(facts)];
  return [
    ...(conditions.some(({ reason }) => isWatchedReason(reason)) ? [new Date(facts.now.getTime() + AGAIN_MS)] : []),
    ...facts.owners.flatMap(({ watch }) => (watch === undefined ? [] : momentsOf(watch))),
  ];
}

function momentsOf({ signatures, copies }: NonNullable<OwnerFacts['watch']>): Date[] {
  return [...nextSignatureMoments(signatures), ...nextTransferMoments(copies)];
}
