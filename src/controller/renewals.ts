/** What cert-manager's Certificates say of the next renewal of each Secret that a MailServer names. */
import { CERTIFICATE_NAME, type Certificate } from '../api/certificate.ts';
import type { MailServer } from '../api/mail-server.ts';
import type { Renewal } from '../core/facts.ts';
import { objectKey, type ObjectKey } from '../kube/resource.ts';
import type { Stores } from './stores.ts';

export interface RenewalSources {
  readonly certificates: Pick<Stores['certificates'], 'byIndex'>;
  readonly secrets: Pick<Stores['secrets'], 'get'>;
}

/** By `secretName`; a Secret that no Certificate fills is not in it. */
export function renewalsOf({ metadata, spec }: MailServer, sources: RenewalSources): ReadonlyMap<string, Renewal> {
  return new Map(
    spec.certificates.flatMap(({ secretName }): [string, Renewal][] => {
      const certificate = fillerOf(objectKey(metadata.namespace, secretName), sources);
      return certificate === undefined ? [] : [[secretName, renewalOf(certificate)]];
    }),
  );
}

/** As cert-manager decides it where several name one Secret: the one that filled it, else the oldest; the others wait. */
export function fillerOf(secret: ObjectKey, { certificates, secrets }: RenewalSources): Certificate | undefined {
  const claims = certificates.byIndex('secret', secret);
  const filledBy = secrets.get(secret)?.metadata.annotations?.[CERTIFICATE_NAME];
  const age = ({ metadata: { creationTimestamp, name } }: Certificate): string => `${creationTimestamp} ${name}`;
  return (
    claims.find(({ metadata }) => metadata.name === filledBy) ??
    claims.toSorted((a, b) => (age(a) < age(b) ? -1 : 1)).at(0)
  );
}

export function renewalOf(certificate: Certificate): Renewal {
  const { metadata, status } = certificate;
  return {
    certificate: metadata.name,
    keepsKey: keepsKey(certificate),
    at: status.renewalTime,
    notAfter: status.notAfter,
  };
}

/**
 * cert-manager takes the policy as it stands when an issuance makes its key: one that began under an earlier spec may have a new key
 * already. (A key that no longer fits `spec.privateKey` is not replaced under Never: cert-manager then issues nothing.)
 */
function keepsKey({ metadata, spec, status }: Certificate): boolean {
  const issuing = status.conditions?.find((condition) => condition.status === 'True');
  const isOfThisSpec = issuing === undefined || issuing.observedGeneration === metadata.generation;
  return spec.privateKey?.rotationPolicy === 'Never' && isOfThisSpec;
}

/** Of how a Certificate changes all the time, this makes a difference. */
export function tellsOtherwise(old: Certificate | undefined, object: Certificate | undefined): boolean {
  return textOf(old) !== textOf(object);
}

function textOf(certificate: Certificate | undefined): string {
  if (certificate === undefined) return '';
  const { secretName, issuerRef } = certificate.spec;
  return JSON.stringify([secretName, issuerRef.group, renewalOf(certificate)]);
}
