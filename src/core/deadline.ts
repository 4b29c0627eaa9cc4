import type { Facts } from './facts.ts';
import type { StoredCertificate } from './state.ts';

/**
 * Until when a candidate is withheld at most: before what is served expires, by `deadlineBeforeExpiry`, or by half of what was left when
 * the renewal began. Undefined while nothing is served.
 */
export function deadlineOf({ chains, renewalBegan }: StoredCertificate, { desired }: Facts): Date | undefined {
  const serving = chains.find(({ state }) => state === 'Serving');
  if (serving === undefined || renewalBegan === undefined) return undefined;
  const notAfter = Date.parse(serving.notAfter);
  const half = Math.max(0, (notAfter - Date.parse(renewalBegan)) / 2);
  return new Date(notAfter - Math.min(desired.deadlineBeforeExpiryMs, half));
}
