/**
 * May this MailServer write at this owner, and in which zone? Decided before anything is sent: the provider must be ready and allow it,
 * hold the zone, and no other MailServer may have the better claim.
 *
 * What was written may be taken back also by those who are not allowed any more: a record that nobody maintains stops mail at the next
 * renewal. The plan of a withdrawal removes only what status names as ours, and nobody but the operator writes status. Whoever is allowed
 * now comes before.
 */
import type { MailServer } from '../api/mail-server.ts';
import { stalled } from '../core/errors.ts';
import { known, unknown, type Known } from '../core/facts.ts';
import { ours } from '../core/ours.ts';
import type { Zone } from '../dns/providers/provider.ts';
import { keyOf } from '../kube/resource.ts';
import type { ActiveProvider, ActiveProviders } from './active-providers.ts';
import { isAllowed } from './allow.ts';
import { attempt } from './attempt.ts';
import { ownersOf, providerKeyOf, providerNameOf, type OwnerIdentity } from './objects.ts';
import type { Stores } from './watches.ts';

export interface ClaimSources extends Pick<Stores, 'mailServers' | 'namespaces'> {
  readonly providers: ActiveProviders;
}

export interface Claim {
  /** As status has it. */
  readonly providerName: string;
  readonly provider: ActiveProvider;
  readonly zone: Zone;
}

interface Right extends Claim {
  /** `TakeBack`: not allowed to publish (any more), but has written here. */
  readonly to: 'Publish' | 'TakeBack';
}

export class Claims {
  readonly #sources: ClaimSources;

  constructor(sources: ClaimSources) {
    this.#sources = sources;
  }

  /** Errors: those of the provider, `HostnameNotAllowed`, `ZoneNotFound`, `OwnerConflict`. */
  async of(mailServer: MailServer, identity: OwnerIdentity): Promise<Known<Claim>> {
    const right = await this.#rightOf(mailServer, identity);
    if (!right.known) return right;
    const winner = await this.#betterClaim(mailServer, identity, right.value);
    if (winner === undefined) return right;
    return unknown(
      stalled(
        'OwnerConflict',
        `${identity.owner} belongs to MailServer ${keyOf(winner)}; take the host out of one of the two, or delete one`,
      ),
    );
  }

  async #rightOf(mailServer: MailServer, { owner, hostname }: OwnerIdentity): Promise<Known<Right>> {
    const { providers, namespaces } = this.#sources;
    // What is withdrawn goes the way that it was written, whatever the spec says now.
    const written = isWithdrawn(mailServer, owner) ? historyOf(mailServer, owner) : undefined;
    const name = written?.provider ?? providerNameOf(mailServer);
    const key = providerKeyOf(mailServer, name);
    const provider = written === undefined ? providers.get(key) : providers.lastKnown(key);
    if (!provider.known) return provider;
    const { namespace } = mailServer.metadata;
    const { allow } = provider.value;
    const metadata = namespaces.get(namespace)?.metadata;
    const mayPublish = allow === undefined || isAllowed(allow, metadata && (metadata.labels ?? {}), hostname);
    if (!mayPublish && written === undefined) {
      return unknown(
        stalled(
          'HostnameNotAllowed',
          `${name} does not allow namespace ${namespace} to publish for ${hostname}; its spec.allow must name both`,
        ),
      );
    }
    const zone = await attempt(() => providers.findZone(provider.value, written?.zone ?? owner));
    if (!zone.known) return zone;
    const to = mayPublish ? 'Publish' : 'TakeBack';
    return zone.value === undefined
      ? unknown(stalled('ZoneNotFound', `${name} holds no zone for ${owner}`))
      : known({ provider: provider.value, providerName: name, zone: zone.value, to });
  }

  /** Another MailServer that may publish here and comes first: the one that published first, else the older one, else by name. */
  async #betterClaim(mailServer: MailServer, identity: OwnerIdentity, { to }: Right): Promise<MailServer | undefined> {
    for (const rival of this.#sources.mailServers.byIndex('owner', identity.owner)) {
      if (rival.metadata.uid === mailServer.metadata.uid) continue;
      if (to === 'Publish' && !comesFirst(rival, mailServer, identity.owner)) continue;
      const right = await this.#rightOf(rival, identity);
      // Who has published keeps it while his provider is only away.
      const isAway = !right.known && right.error.kind === 'Transient' && hasPublished(rival, identity.owner);
      if (isAway || (right.known && right.value.to === 'Publish')) return rival;
    }
    return undefined;
  }
}

function isWithdrawn(mailServer: MailServer, owner: string): boolean {
  const { metadata, spec } = mailServer;
  const isAskedFor = ownersOf(mailServer).some((identity) => identity.owner === owner);
  return metadata.deletionTimestamp !== undefined || !spec.publish || !isAskedFor;
}

function historyOf({ status }: MailServer, owner: string) {
  return status.recordSets?.find((recordSet) => recordSet.owner === owner);
}

function comesFirst(rival: MailServer, mailServer: MailServer, owner: string): boolean {
  return rank(rival, owner) < rank(mailServer, owner);
}

/** Sorts claims on one owner. */
function rank(mailServer: MailServer, owner: string): string {
  return `${hasPublished(mailServer, owner) ? 0 : 1} ${mailServer.metadata.creationTimestamp} ${keyOf(mailServer)}`;
}

/** Who only knows what was found there, or is to be promoted, has not. */
function hasPublished(mailServer: MailServer, owner: string): boolean {
  return ours(historyOf(mailServer, owner)).length > 0;
}
