import type { Facts } from './facts.ts';

/** Will the next certificate have the key of this one (`rotationPolicy: Never`)? Without the Secret cert-manager would make a new one. */
export function keyStays(secretName: string, { renewals, secrets }: Facts): boolean {
  return renewals.get(secretName)?.keepsKey === true && secrets.get(secretName)?.known === true;
}
