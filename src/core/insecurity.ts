/** Why DNSSEC does not secure a host or its TLSA name: where, seen from the root, the chain of trust ends. */
import { stalled, type OperatorError } from './errors.ts';
import type { OwnerFacts, Security } from './facts.ts';
import { isAtOrBelow } from './name.ts';

/** Senders that check DANE treat all of these as if there were no TLSA records (RFC 7672 §2.2). */
export function insecurity(owner: OwnerFacts, { insecureAt }: Security): OperatorError {
  const { hostname, zone } = owner;
  const name = owner.owner;
  if (insecureAt === undefined) {
    return stalled(
      'Insecure',
      `${hostname} or ${name} is not secured by DNSSEC, so senders ignore TLSA records there: sign the zone and put its DS into the parent zone`,
    );
  }
  const where = insecureAt.zone;
  const why = insecureAt.isSigned ? 'is signed, but its parent has no DS for it' : 'is not signed';
  if (insecureAt.of === 'Addresses' && zone.known && !isAtOrBelow(zone.value, where)) {
    return stalled(
      'AddressesNotSecure',
      `the addresses of ${hostname} come from zone ${where}, which ${why}: senders look up no TLSA records for such a host (RFC 7672 §2.2.2), however secure these are; give it addresses in ${zone.value}, or secure ${where}`,
    );
  }
  return insecureAt.isSigned
    ? stalled(
        'DSMissing',
        `zone ${where} ${why}, or none that resolvers can use: senders ignore the TLSA records of ${hostname}, DANE is off; give the DS of ${where} to its parent (your registrar)`,
      )
    : stalled(
        'ZoneNotSigned',
        `zone ${where} ${why}: senders ignore the TLSA records of ${hostname}, DANE is off; sign it and give its DS to its parent (your registrar)`,
      );
}
