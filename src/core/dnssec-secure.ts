/** Condition `DNSSECSecure`: will senders believe the records, and for how much longer? */
import { isClockRight } from './clock.ts';
import { state, type ConditionState } from './condition-state.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import { insecurity } from './insecurity.ts';
import { sentences, several } from './several.ts';
import { signatureProblem } from './signatures.ts';

export function dnssecSecure(facts: Facts): ConditionState {
  if (facts.desired.dnssec === 'Ignore')
    return state('DNSSECSecure', 'Unknown', 'NotChecked', 'spec.verification.dnssec is Ignore');
  const owners = facts.owners.filter((owner) => owner.desired && owner.zone.known);
  if (owners.length === 0)
    return state('DNSSECSecure', 'Unknown', 'NotChecked', 'no owner name is accepted, so none was looked up');
  const insecure = owners.flatMap((owner) => {
    const { security } = owner;
    if (!security.known || security.value.secure || security.value.notValidated !== undefined) return [];
    return insecurity(owner, security.value);
  });
  const problems = owners.flatMap(({ security }) => {
    const problem = security.known ? security.value.notValidated : security.error;
    return problem ?? [];
  });
  const bogus = problems.find((problem) => problem.code === 'Bogus');
  const signatures = signaturesIn(owners, facts);
  // What ran out is why it is bogus, or soon will be.
  if (insecure.length === 0 && signatures?.code === 'SignaturesExpired')
    return state('DNSSECSecure', 'False', signatures.code, signatures.message);
  if (bogus !== undefined) return state('DNSSECSecure', 'False', bogus.code, sentences(problems));
  const [firstInsecure] = insecure;
  if (firstInsecure !== undefined) return state('DNSSECSecure', 'False', firstInsecure.code, sentences(insecure));
  const [first] = problems;
  if (first !== undefined) return state('DNSSECSecure', 'Unknown', first.code, sentences(problems));
  if (signatures !== undefined) return state('DNSSECSecure', 'True', signatures.code, signatures.message);
  return withoutDS(owners) ?? state('DNSSECSecure', 'True', 'Secure', 'hosts and TLSA records are secured by DNSSEC');
}

/** What our clock says when it is wrong is worth nothing. */
function signaturesIn(owners: readonly OwnerFacts[], facts: Facts): ReturnType<typeof signatureProblem> {
  if (!isClockRight(facts)) return undefined;
  return signatureProblem(
    owners.flatMap(({ watch }) => watch?.signatures ?? []),
    facts.now,
  );
}

/** The zone above has forgotten it; resolvers have not yet. */
function withoutDS(owners: readonly OwnerFacts[]): ConditionState | undefined {
  const zones = owners.flatMap(({ watch, zone }) => (watch?.hasDS === false && zone.known ? zone.value : []));
  if (zones.length === 0) return undefined;
  return state(
    'DNSSECSecure',
    'True',
    'DSMissing',
    `the servers of the zone above have no DS any more for ${several(zones)}: resolvers believe the records until they have forgotten the old one, then senders ignore them and DANE is off; give the DS back to the parent (your registrar)`,
  );
}
