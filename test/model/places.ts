/**
 * Where a pass looks: the owners of a MailServer, each in the zone where its records are, or are to be, and who may write there. It follows
 * the controller's placesOf and Claims, which wait for answers, around their own rules; here every provider is there, and allows all.
 */
import { comesFirst, conflict, letsGo } from '../../src/controller/claims.ts';
import { identityOf, ownersOf, type OwnerIdentity } from '../../src/controller/objects.ts';
import { caretaker, heirOf, NOT_LOOKED_UP, type Intention } from '../../src/controller/places.ts';
import { transient } from '../../src/core/errors.ts';
import { known, unknown, type Known, type OwnerFacts } from '../../src/core/facts.ts';
import { handover } from '../../src/core/inherit.ts';
import { ours } from '../../src/core/ours.ts';
import type { StoredRecordSet } from '../../src/core/state.ts';
import type { MailServer as MailServerObject } from '../../src/api/mail-server.ts';
import { keyOf } from '../../src/kube/resource.ts';
import type { MailServer } from './cluster.ts';
import { mailServerObject, mailServersOf } from './stores.ts';

export interface Place extends OwnerIdentity, Pick<OwnerFacts, 'desired' | 'left' | 'heir'> {
  readonly zone: Known<string>;
  readonly stored: StoredRecordSet | undefined;
}

export function placesOf(
  mailServer: MailServer,
  stored: readonly StoredRecordSet[],
  intention: Intention,
  all: readonly MailServer[],
): readonly Place[] {
  const claims = new Claims(mailServer, all);
  const asked = ownersOf(claims.own);
  const others = stored.filter(({ owner }) => !asked.some((identity) => identity.owner === owner));
  return [
    ...asked.flatMap((identity) => {
      const written = stored.filter(({ owner }) => owner === identity.owner);
      return placesOfOwner(identity, written, intention, claims);
    }),
    ...others.map((recordSet) => writtenPlace(recordSet, false, intention, claims)),
  ];
}

function placesOfOwner(
  identity: OwnerIdentity,
  written: readonly StoredRecordSet[],
  intention: Intention,
  claims: Claims,
): readonly Place[] {
  if (intention !== 'Publish' && written.length > 0)
    return written.map((recordSet) => writtenPlace(recordSet, true, intention, claims));
  const zone = claims.isGoing ? NOT_LOOKED_UP : claims.of(identity);
  const home = written.find((recordSet) => zone.known && recordSet.zone === zone.value);
  const others = written.filter((recordSet) => recordSet !== home);
  if (zone.known) {
    const left = others.map((recordSet): Place => ({
      ...writtenPlace(recordSet, false, intention, claims),
      left: 'Visible',
    }));
    return [{ ...identity, desired: true, zone, stored: home }, ...left];
  }
  if (others.length === 0) return [{ ...identity, desired: true, zone, stored: undefined }];
  return others.map((recordSet) => {
    const winner = ours(recordSet).length === 0 ? undefined : claims.winnerOf(identity);
    const heir = winner && heirOf(winner, recordSet);
    return { ...identity, desired: true, zone, stored: recordSet, ...(heir === undefined ? {} : { heir }) };
  });
}

function writtenPlace(stored: StoredRecordSet, desired: boolean, intention: Intention, claims: Claims): Place {
  const identity = identityOf(stored.owner);
  const winner = intention === 'Abandon' ? undefined : claims.winnerOf(stored);
  const heir = winner === undefined ? caretaker(stored, claims.own, intention, claims) : heirOf(winner, stored);
  const isAsked = intention === 'Publish' || intention === 'Withdraw';
  const home = isAsked ? known(stored.zone) : NOT_LOOKED_UP;
  const zone = heir?.as === 'Owner' ? unknown(handover(stored, heir)) : home;
  return { ...identity, desired, zone, stored, ...(heir === undefined ? {} : { heir }) };
}

/** Of one MailServer, against all others. */
class Claims {
  readonly own: MailServerObject;
  readonly mailServers: ReturnType<typeof mailServersOf>;
  readonly #zone: string;

  constructor(mailServer: MailServer, all: readonly MailServer[]) {
    this.own = mailServerObject(mailServer);
    this.mailServers = mailServersOf(all);
    this.#zone = mailServer.zone;
  }

  get isGoing(): boolean {
    return this.own.metadata.deletionTimestamp !== undefined;
  }

  of(identity: OwnerIdentity): Known<string> {
    const winner = this.#betterClaim(identity.owner, { mayStay: true });
    if (winner !== undefined) return conflict(identity, winner);
    const former = this.#notHandedOverYet(identity.owner);
    if (former === undefined) return known(this.#zone);
    return unknown(transient('OwnerHandover', `${identity.owner} is being handed over by ${keyOf(former)}`));
  }

  winnerOf({ owner }: Pick<StoredRecordSet, 'owner'>): MailServerObject | undefined {
    return this.#betterClaim(owner, { mayStay: !letsGo(this.own, owner) });
  }

  #notHandedOverYet(owner: string): MailServerObject | undefined {
    return this.#others(owner).find(
      (former) =>
        letsGo(former, owner) &&
        (former.status.recordSets ?? []).some(
          (recordSet) => recordSet.owner === owner && recordSet.handedTo !== keyOf(this.own),
        ),
    );
  }

  #betterClaim(owner: string, { mayStay }: { readonly mayStay: boolean }): MailServerObject | undefined {
    return this.#others(owner)
      .filter((rival) => !letsGo(rival, owner))
      .sort((a, b) => (comesFirst(a, b, owner) ? -1 : 1))
      .find((rival) => !mayStay || comesFirst(rival, this.own, owner));
  }

  #others(owner: string): readonly MailServerObject[] {
    return this.mailServers.byIndex('owner', owner).filter(({ metadata }) => metadata.uid !== this.own.metadata.uid);
  }
}
