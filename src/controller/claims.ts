/**
 * May this MailServer write at this owner, and in which zone? Decided before anything is sent: the provider must be ready and allow it,
 * hold the zone, and no other MailServer may have the better claim.
 */
import type { MailServer } from '../api/mail-server.ts';
import { OperatorError, stalled } from '../core/errors.ts';
import { known, unknown, type Known } from '../core/facts.ts';
import type { Zone } from '../dns/providers/provider.ts';
import { keyOf } from '../kube/resource.ts';
import type { ActiveProvider, ActiveProviders } from './active-providers.ts';
import { isAllowed } from './allow.ts';
import { providerKeyOf, type OwnerIdentity } from './objects.ts';
import type { Stores } from './watches.ts';

export interface ClaimSources extends Pick<Stores, 'mailServers' | 'namespaces'> {
  readonly providers: ActiveProviders;
}

export interface Claim {
  readonly provider: ActiveProvider;
  readonly zone: Zone;
}

export class Claims {
  readonly #sources: ClaimSources;

  constructor(sources: ClaimSources) {
    this.#sources = sources;
  }

  /** Errors: those of the provider, `HostnameNotAllowed`, `ZoneNotFound`, `OwnerConflict`. */
  async of(mailServer: MailServer, identity: OwnerIdentity): Promise<Known<Claim>> {
    const claim = await this.#entitled(mailServer, identity);
    if (!claim.known) return claim;
    const winner = await this.#betterClaim(mailServer, identity);
    if (winner === undefined) return claim;
    return unknown(
      stalled(
        'OwnerConflict',
        `${identity.owner} belongs to MailServer ${keyOf(winner)}; take the host out of one of the two, or delete one`,
      ),
    );
  }

  async #entitled(mailServer: MailServer, { hostname }: OwnerIdentity): Promise<Known<Claim>> {
    const key = providerKeyOf(mailServer);
    const provider = this.#sources.providers.get(key);
    if (!provider.known) return provider;
    const { namespace } = mailServer.metadata;
    const labels = this.#sources.namespaces.get(namespace)?.metadata;
    if (
      provider.value.allow !== undefined &&
      !isAllowed(provider.value.allow, labels && (labels.labels ?? {}), hostname)
    ) {
      return unknown(
        stalled(
          'HostnameNotAllowed',
          `${key} does not allow namespace ${namespace} to publish for ${hostname}; its spec.allow must name both`,
        ),
      );
    }
    try {
      const zone = await this.#sources.providers.findZone(provider.value, hostname);
      return zone === undefined
        ? unknown(stalled('ZoneNotFound', `${key} holds no zone for ${hostname}`))
        : known({ provider: provider.value, zone });
    } catch (error) {
      if (error instanceof OperatorError) return unknown(error);
      throw error;
    }
  }

  /** Another MailServer that may write here and comes first: the one that published first, else the older one, else by name. */
  async #betterClaim(mailServer: MailServer, identity: OwnerIdentity): Promise<MailServer | undefined> {
    for (const rival of this.#sources.mailServers.byIndex('owner', identity.owner)) {
      if (rival.metadata.uid === mailServer.metadata.uid || !comesFirst(rival, mailServer, identity.owner)) continue;
      if ((await this.#entitled(rival, identity)).known) return rival;
    }
    return undefined;
  }
}

function comesFirst(rival: MailServer, mailServer: MailServer, owner: string): boolean {
  const [theirs, ours] = [rival, mailServer].map((claimant) => rank(claimant, owner));
  return (theirs ?? '') < (ours ?? '');
}

/** Sorts claims on one owner. */
function rank(mailServer: MailServer, owner: string): string {
  const hasHistory = mailServer.status.recordSets?.some((recordSet) => recordSet.owner === owner) === true;
  return [hasHistory ? '0' : '1', mailServer.metadata.creationTimestamp, keyOf(mailServer)].join(' ');
}
