/** The owners of one pass, each in the zone where its records are, or are to be; and who takes over what this MailServer lets go. */
import type { MailServer } from '../api/mail-server.ts';
import { transient } from '../core/errors.ts';
import { unknown, type Heir, type Known, type OwnerFacts } from '../core/facts.ts';
import { handover, hasHistory } from '../core/inherit.ts';
import { ours } from '../core/ours.ts';
import type { StoredRecordSet } from '../core/state.ts';
import { keyOf } from '../kube/resource.ts';
import type { Claim, Claims } from './claims.ts';
import { identityOf, ownersOf, type DesiredOwner, type OwnerIdentity } from './objects.ts';
import { caretakerOf } from './secret-pairs.ts';
import type { Stores } from './stores.ts';

export interface Place extends OwnerIdentity, Pick<OwnerFacts, 'desired' | 'left' | 'heir'> {
  readonly claim: Known<Claim>;
  readonly stored: StoredRecordSet | undefined;
}

/** `LettingGo`: deleted, and the records are to stay; then an outage must not hold it up. */
export type Intention = 'Publish' | 'Withdraw' | 'LettingGo' | 'Abandon';

export const NOT_LOOKED_UP = unknown(transient('NotLookedUp', 'nothing is to be published here, so nothing was asked'));

export interface PlaceSources {
  readonly claims: Claims;
  readonly mailServers: Pick<Stores['mailServers'], 'byIndex'>;
}

export async function placesOf(
  mailServer: MailServer,
  stored: readonly StoredRecordSet[],
  intention: Intention,
  sources: PlaceSources,
): Promise<Place[]> {
  const asked = ownersOf(mailServer);
  const isAskedFor = ({ owner }: StoredRecordSet): boolean => asked.some((identity) => identity.owner === owner);
  const places = await Promise.all([
    ...asked.map((identity) => {
      const written = stored.filter(({ owner }) => owner === identity.owner);
      return placesOfOwner(identity, written, mailServer, intention, sources);
    }),
    ...stored
      .filter((recordSet) => !isAskedFor(recordSet))
      .map(async (recordSet) => [await writtenPlace(recordSet, false, mailServer, intention, sources)]),
  ]);
  return places.flat();
}

async function placesOfOwner(
  identity: DesiredOwner,
  written: readonly StoredRecordSet[],
  mailServer: MailServer,
  intention: Intention,
  sources: PlaceSources,
): Promise<Place[]> {
  if (intention !== 'Publish' && written.length > 0) {
    return Promise.all(written.map((recordSet) => writtenPlace(recordSet, true, mailServer, intention, sources)));
  }
  const isGoing = mailServer.metadata.deletionTimestamp !== undefined;
  const claim = isGoing ? NOT_LOOKED_UP : await sources.claims.of(mailServer, identity);
  const home = written.find(({ zone }) => claim.known && zone === claim.value.zone.name);
  const others = written.filter((recordSet) => recordSet !== home);
  if (claim.known) {
    const left = others.map((recordSet) => writtenPlace(recordSet, false, mailServer, intention, sources));
    return [{ ...identity, desired: true, claim, stored: home }, ...(await Promise.all(left)).map(leaving)];
  }
  if (others.length === 0) return [{ ...identity, desired: true, claim, stored: undefined }];
  return Promise.all(
    others.map(async (recordSet) => {
      const heir = await ownerHeir(recordSet, mailServer, sources);
      return { ...identity, desired: true, claim, stored: recordSet, ...(heir === undefined ? {} : { heir }) };
    }),
  );
}

/** The owner is in another zone now. */
function leaving(place: Place): Place {
  return { ...place, left: place.left ?? 'Visible' };
}

async function writtenPlace(
  stored: StoredRecordSet,
  isAskedFor: boolean,
  mailServer: MailServer,
  intention: Intention,
  sources: PlaceSources,
): Promise<Place> {
  const identity = identityOf(stored.owner);
  const winner = intention === 'Abandon' ? undefined : await sources.claims.winnerOf(mailServer, stored);
  const heir = winner === undefined ? caretaker(stored, mailServer, intention, sources) : heirOf(winner, stored);
  const claim = await writtenClaim();
  const isHidden = claim.known && claim.value.sight !== 'Answered';
  return {
    ...identity,
    desired: isAskedFor && !isHidden,
    claim,
    stored,
    ...(isHidden ? { left: 'Hidden' } : {}),
    ...(heir === undefined ? {} : { heir }),
  };

  async function writtenClaim(): Promise<Known<Claim>> {
    if (heir?.as === 'Owner') return unknown(handover(stored, heir));
    const isAsked = intention === 'Publish' || intention === 'Withdraw';
    return isAsked ? sources.claims.ofWritten(mailServer, stored) : NOT_LOOKED_UP;
  }
}

async function ownerHeir(
  stored: StoredRecordSet,
  mailServer: MailServer,
  { claims }: PlaceSources,
): Promise<Heir | undefined> {
  const winner = await claims.winnerOf(mailServer, stored);
  // What was only looked at is no heritage.
  return winner === undefined || ours(stored).length === 0 ? undefined : heirOf(winner, stored);
}

export function heirOf(winner: MailServer, stored: StoredRecordSet): Heir {
  return { as: 'Owner', name: keyOf(winner), hasIt: hasHistory(winner.status.recordSets, stored) };
}

/** Who shares a Secret with a deleted one must wait for its senders too. */
export function caretaker(
  stored: StoredRecordSet,
  mailServer: MailServer,
  intention: Intention,
  { mailServers }: Pick<PlaceSources, 'mailServers'>,
): Heir | undefined {
  if (intention !== 'Withdraw' || mailServer.metadata.deletionTimestamp === undefined) return undefined;
  const sharer = caretakerOf(mailServer, mailServers);
  if (sharer === undefined) return undefined;
  return { as: 'Caretaker', name: keyOf(sharer), hasIt: hasHistory(sharer.status.recordSets, stored) };
}
