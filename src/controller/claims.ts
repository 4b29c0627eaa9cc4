/**
 * May this MailServer write at this owner, and in which zone? Decided before anything is sent: the provider must be ready and allow it,
 * hold the zone, and no other MailServer may have the better claim.
 *
 * What was written may be taken back also by those who are not allowed any more: a record that nobody maintains stops mail at the next
 * renewal. The plan of a withdrawal removes only what status names as ours, and nobody but the operator writes status. Whoever is allowed
 * now comes before.
 */
import type { MailServer } from '../api/mail-server.ts';
import { stalled, transient } from '../core/errors.ts';
import { known, unknown, type Known } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { ours } from '../core/ours.ts';
import type { StoredRecordSet } from '../core/state.ts';
import type { Zone } from '../dns/providers/provider.ts';
import { keyOf } from '../kube/resource.ts';
import type { ActiveProvider, ActiveProviders } from './active-providers.ts';
import { isAllowed } from './allow.ts';
import { attempt } from './attempt.ts';
import { identityOf, ownersOf, providerKeyOf, providerNameOf, type OwnerIdentity } from './objects.ts';
import type { Stores } from './stores.ts';

export interface ClaimSources extends Pick<Stores, 'mailServers' | 'namespaces'> {
  readonly providers: ActiveProviders;
}

export interface Claim {
  /** As status has it. */
  readonly providerName: string;
  readonly provider: ActiveProvider;
  readonly zone: Zone;
  /**
   * `Answered`: the provider's server answers for the owner from this zone. `Hidden`: from another one, or it refers to others: there is a
   * zone cut above the owner. `Gone`: it holds the zone no more, nor what stood there.
   */
  readonly sight: 'Answered' | 'Hidden' | 'Gone';
}

/** Can nobody say what stands there? */
export function isUnseen({ sight, provider }: Claim): boolean {
  return sight === 'Gone' || (sight === 'Hidden' && provider.dns.readsZones !== true);
}

export class Claims {
  readonly #sources: ClaimSources;

  constructor(sources: ClaimSources) {
    this.#sources = sources;
  }

  /** Where the spec wants to publish. Errors: those of the provider, `HostnameNotAllowed`, `ZoneNotFound`, `OwnerConflict`, `OwnerHandover`. */
  async of(mailServer: MailServer, identity: OwnerIdentity): Promise<Known<Claim>> {
    const right = await this.#rightOf(mailServer, identity);
    if (!right.known) return right;
    const winner = await this.#betterClaim(mailServer, identity, { mayStay: true });
    if (winner !== undefined) return conflict(identity, winner);
    const former = await this.#notHandedOverYet(mailServer, identity, right.value.zone.name);
    if (former === undefined) return right;
    const message = `${identity.owner} is being handed over by MailServer ${keyOf(former)}`;
    return unknown(transient('OwnerHandover', message));
  }

  /** Where it was written, to take it back there: what is withdrawn goes the way that it was written, whatever the spec says now. */
  async ofWritten(
    mailServer: MailServer,
    { owner, zone, provider: providerName }: StoredRecordSet,
  ): Promise<Known<Claim>> {
    const { providers } = this.#sources;
    const provider = providers.lastKnown(providerKeyOf(mailServer, providerName));
    if (!provider.known) return provider;
    // Asked anew: as long as an answer is remembered, a zone may have been made or have gone.
    return attempt(async () => {
      const home = await provider.value.dns.findZone(owner);
      const claim = { providerName, provider: provider.value };
      if (home?.name === zone) return { ...claim, zone: home, sight: 'Answered' };
      const found = await provider.value.dns.findZone(zone);
      if (found === undefined)
        throw stalled('ZoneNotFound', `${providerName} does not answer for zone ${zone} (any more)`);
      return found.name === zone
        ? { ...claim, zone: found, sight: 'Hidden' }
        : { ...claim, zone: { name: zone, signing: 'Unknown' }, sight: 'Gone' };
    });
  }

  /** Who gets what was written there: another that comes first, or any, where this one asks for it no more or may not have it. */
  async winnerOf(mailServer: MailServer, recordSet: StoredRecordSet): Promise<MailServer | undefined> {
    const { owner, provider: name } = recordSet;
    const identity = identityOf(owner);
    const provider = this.#sources.providers.lastKnown(providerKeyOf(mailServer, name));
    const isAllowed = !provider.known || this.#mayPublish(mailServer, identity, provider.value);
    return this.#betterClaim(mailServer, identity, { mayStay: isAllowed && !letsGo(mailServer, owner), recordSet });
  }

  /** What is not read from its status yet is what it may still be about to write, and what senders may hold. */
  async #notHandedOverYet(
    mailServer: MailServer,
    identity: OwnerIdentity,
    zone: Name,
  ): Promise<MailServer | undefined> {
    const { owner } = identity;
    for (const former of this.#sources.mailServers.byIndex('owner', owner)) {
      if (former.metadata.uid === mailServer.metadata.uid) continue;
      const kept = recordSetsAt(owner, former).filter(
        (recordSet) => goesTo(mailServer, zone, former, recordSet) && recordSet.handedTo !== keyOf(mailServer),
      );
      if (kept.length > 0 && letsGo(former, owner)) return former;
      if (!kept.some((recordSet) => ours(recordSet).length > 0)) continue;
      const right = await this.#rightOf(former, identity);
      if (!right.known && right.error.code === 'HostnameNotAllowed') return former;
    }
    return undefined;
  }

  async #rightOf(mailServer: MailServer, identity: OwnerIdentity): Promise<Known<Claim>> {
    const { providers } = this.#sources;
    const { owner, hostname } = identity;
    const providerName = providerNameOf(mailServer);
    const provider = providers.get(providerKeyOf(mailServer));
    if (!provider.known) return provider;
    if (!this.#mayPublish(mailServer, identity, provider.value)) {
      return unknown(
        stalled(
          'HostnameNotAllowed',
          `${providerName} does not allow namespace ${mailServer.metadata.namespace} to publish for ${hostname}; its spec.allow must name both`,
        ),
      );
    }
    const zone = await attempt(() => providers.findZone(provider.value, owner));
    if (!zone.known) return zone;
    return zone.value === undefined
      ? unknown(stalled('ZoneNotFound', `${providerName} holds no zone for ${owner}`))
      : known({ provider: provider.value, providerName, zone: zone.value, sight: 'Answered' });
  }

  #mayPublish({ metadata }: MailServer, { hostname }: OwnerIdentity, { allow }: ActiveProvider): boolean {
    if (allow === undefined) return true;
    const namespace = this.#sources.namespaces.get(metadata.namespace)?.metadata;
    return isAllowed(allow, namespace && (namespace.labels ?? {}), hostname);
  }

  /**
   * Another MailServer that asks for the owner, may publish here and comes first: the one that published first, else the older one, else by
   * name. Who may not stay gives way to any.
   * @param recordSet of `mailServer`, which the other is to get
   */
  async #betterClaim(
    mailServer: MailServer,
    identity: OwnerIdentity,
    { mayStay, recordSet }: { readonly mayStay: boolean; readonly recordSet?: StoredRecordSet },
  ): Promise<MailServer | undefined> {
    const { owner } = identity;
    const rivals = this.#sources.mailServers
      .byIndex('owner', owner)
      .filter((rival) => rival.metadata.uid !== mailServer.metadata.uid && !letsGo(rival, owner))
      .sort((a, b) => (comesFirst(a, b, owner) ? -1 : 1));
    for (const rival of rivals) {
      if (mayStay && !comesFirst(rival, mailServer, owner)) return undefined;
      const right = await this.#rightOf(rival, identity);
      const isFor = (zone: Name): boolean => recordSet === undefined || goesTo(rival, zone, mailServer, recordSet);
      if (right.known && isFor(right.value.zone.name)) return rival;
      // Who has published keeps it while his provider is only away.
      const published = recordSetsAt(owner, rival).filter((one) => ours(one).length > 0);
      if (!right.known && right.error.kind === 'Transient' && published.some(({ zone }) => isFor(zone))) return rival;
    }
    return undefined;
  }
}

export function conflict({ owner }: OwnerIdentity, winner: MailServer): Known<never> {
  return unknown(
    stalled(
      'OwnerConflict',
      `${owner} belongs to MailServer ${keyOf(winner)}; take the host out of one of the two, or delete one`,
    ),
  );
}

/** It asks for the owner no more. */
export function letsGo(mailServer: MailServer, owner: string): boolean {
  const isAskedFor = ownersOf(mailServer).some((identity) => identity.owner === owner);
  return mailServer.metadata.deletionTimestamp !== undefined || !isAskedFor;
}

export function comesFirst(rival: MailServer, mailServer: MailServer, owner: string): boolean {
  return rank(rival, owner) < rank(mailServer, owner);
}

/** Sorts claims on one owner. */
function rank(mailServer: MailServer, owner: string): string {
  return `${hasPublished(mailServer, owner) ? 0 : 1} ${mailServer.metadata.creationTimestamp} ${keyOf(mailServer)}`;
}

/** Who only knows what was found there, or is to be promoted, has not. */
export function hasPublished(mailServer: MailServer, owner: string): boolean {
  return recordSetsAt(owner, mailServer).some((recordSet) => ours(recordSet).length > 0);
}

function recordSetsAt(owner: string, { status }: MailServer): readonly StoredRecordSet[] {
  return (status.recordSets ?? []).filter((recordSet) => recordSet.owner === owner);
}

/**
 * Who gets an owner gets what stands, and what senders may hold, in every zone in which it was published. From another namespace, where the
 * provider has another name or is not for everybody, only in the zone in which it goes on: elsewhere the former one withdraws.
 */
function goesTo(heir: MailServer, zone: Name, former: MailServer, recordSet: StoredRecordSet): boolean {
  return recordSet.zone === zone || heir.metadata.namespace === former.metadata.namespace;
}
