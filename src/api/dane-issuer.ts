/** DaneIssuer and ClusterDaneIssuer: issuers of cert-manager that wrap the real one and hold its certificates back until mail is safe. */
import { z } from 'zod';
import { conditions } from './condition.ts';
import { GROUP, type API_VERSION, type DeepReadonly, type NamespacedMeta, type ObjectMeta } from './object.ts';
import { cel, int64, matching } from './schema.ts';
import { objectName, zoneName } from './texts.ts';

/** cert-manager's own group. */
export const CERT_MANAGER = 'cert-manager.io';

const kindName = () =>
  matching(
    /^[A-Z][A-Za-z0-9]*$/,
    63,
    'write the kind of an issuer, as in Issuer, ClusterIssuer or AWSPCAClusterIssuer',
  );

const notOneOfOurs = {
  rule: `self.group != '${GROUP}'`,
  message: 'name the issuer that signs; a DaneIssuer cannot wrap another one',
};

const issuerRef = (kind: string) =>
  z.object({
    group: zoneName().default(CERT_MANAGER).describe('Its API group.'),
    kind: kindName().default(kind).describe('Its kind.'),
    name: objectName('issuer').describe('Its name.'),
  });

export const daneIssuerSpec = z.object({
  issuerRef: issuerRef('Issuer')
    .meta(cel(notOneOfOurs))
    .describe('The issuer that signs: an Issuer of the same namespace, a ClusterIssuer, or one of another group.'),
});
export type DaneIssuerSpec = DeepReadonly<z.output<typeof daneIssuerSpec>>;

export const clusterDaneIssuerSpec = z.object({
  issuerRef: issuerRef('ClusterIssuer')
    .meta(
      cel(notOneOfOurs, {
        rule: `self.group != '${CERT_MANAGER}' || self.kind == 'ClusterIssuer'`,
        message:
          'a ClusterDaneIssuer wraps a ClusterIssuer; an Issuer of one namespace is wrapped by a DaneIssuer there',
      }),
    )
    .describe('The issuer that signs: a ClusterIssuer, or a cluster-scoped one of another group.'),
});

export const daneIssuerStatus = z.object({
  observedGeneration: int64(-1).describe('The generation of the spec that this status is about; -1 before the first.'),
  conditions: conditions(),
});
export type DaneIssuerStatus = DeepReadonly<z.output<typeof daneIssuerStatus>>;

/** As the API server gives it, its defaults filled in. */
export interface DaneIssuer {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'DaneIssuer';
  readonly metadata: NamespacedMeta;
  readonly spec: DaneIssuerSpec;
  readonly status: DaneIssuerStatus;
}

/** As the API server gives it, its defaults filled in. */
export interface ClusterDaneIssuer {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'ClusterDaneIssuer';
  readonly metadata: ObjectMeta;
  readonly spec: DaneIssuerSpec;
  readonly status: DaneIssuerStatus;
}
