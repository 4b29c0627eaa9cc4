/** Owners at which a provider that holds the whole zone sees more than it is asked for. */
import { stalled } from '../../core/errors.ts';
import { isAtOrBelow, parentOf, type Name } from '../../core/name.ts';

/** The owner and what is above it, below the apex of the zone: where a delegation would lead elsewhere. */
export function* namesBetween(owner: Name, apex: Name): Generator<Name> {
  for (let at: Name | undefined = owner; at !== undefined && at !== apex && isAtOrBelow(at, apex); at = parentOf(at)) {
    yield at;
  }
}

export function ownerIsDelegated(owner: Name, cut: Name): Error {
  return stalled(
    'OwnerOutsideZone',
    `the zone delegates ${cut} to name servers (NS), so that records at ${owner} would never be seen; use a provider that has the zone of ${cut}`,
  );
}

export function ownerIsAlias(owner: Name): Error {
  return stalled(
    'OwnerIsAlias',
    `${owner} is an alias (CNAME): TLSA records cannot stand beside it; remove the CNAME, or keep the records where it leads`,
  );
}
