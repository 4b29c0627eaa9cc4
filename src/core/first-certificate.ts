/** The first certificate of a host that nobody knows yet needs no wait (docs/rollover.md, "Promote"). */
import { acceptance } from './accepts.ts';
import type { Facts } from './facts.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { Withheld } from './withheld.ts';
import { isEmpty, servingSecret } from './serving-secret.ts';
import { wasServed, type Version } from './state.ts';
import { parseTlsa } from './tlsa.ts';

/** Where nothing was ever served, and nothing was ever published but records that accept it, there is nobody to harm. */
export function isFirst({ owner, next }: RecordSetPlan, { certificate, candidate, facts }: Withheld): boolean {
  if (
    next === undefined ||
    certificate.chains.some(wasServed) ||
    !isEmpty(servingSecret(certificate, facts)) ||
    !nobodyServes(facts)
  )
    return false;
  const [beginning, found, ...later] = next.versions;
  const accepts = ({ kind, records }: Version): boolean =>
    kind !== 'Unknown' && acceptance(records.map(parseTlsa), candidate, owner.hostname).strictlyAccepts;
  const isBeginning = beginning?.kind === 'Unknown' && found?.records.length === 0;
  return isBeginning ? later.every(accepts) : next.versions.every(accepts);
}

function nobodyServes({ desired, endpoints }: Facts): boolean {
  if (desired.probe === 'Disabled') return true;
  return endpoints?.known === true && endpoints.value.every(({ presented }) => presented.kind !== 'Presented');
}
