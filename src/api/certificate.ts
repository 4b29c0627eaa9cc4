/** cert-manager's Certificate: the little of it that this program reads, and all that it keeps of ten thousand of them. */
import { z } from 'zod';
import type { DeepReadonly } from './object.ts';

export const CERTIFICATE_API_VERSION = 'cert-manager.io/v1';
/** On a Secret: the Certificate that filled it. */
export const CERTIFICATE_NAME = 'cert-manager.io/certificate-name';

const condition = z.object({ type: z.string(), status: z.string(), observedGeneration: z.number().optional() });

/** It is others' object: what is not as expected is not there. */
const certificate = z.object({
  apiVersion: z.string().catch(CERTIFICATE_API_VERSION),
  kind: z.string().catch('Certificate'),
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.number(),
    creationTimestamp: z.string(),
  }),
  spec: z
    .object({
      secretName: z.string(),
      issuerRef: z.object({ group: z.string().optional() }).catch({}),
      /** cert-manager fills its default in when it is asked, not here: absent means Always since v1.18, Never before. */
      privateKey: z.object({ rotationPolicy: z.string().optional() }).optional(),
    })
    .catch({ issuerRef: {}, secretName: '' }),
  status: z
    .object({
      /** Of what the Secret holds, as is `renewalTime`: RFC 3339. */
      notAfter: z.string().optional(),
      /** Absent before the first one, and where renewal is disabled. */
      renewalTime: z.string().optional(),
      conditions: z
        .array(condition)
        .transform((all) => all.filter(({ type }) => type === 'Issuing'))
        .optional(),
    })
    .catch({}),
});
export type Certificate = DeepReadonly<z.output<typeof certificate>>;

export function readCertificate(object: unknown): Certificate {
  return certificate.parse(object);
}
