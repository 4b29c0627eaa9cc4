import { z } from 'zod';
import type { DeepReadonly } from './object.ts';
import { int64, time } from './schema.ts';

/** `metav1.Condition`, with the limits that Kubernetes gives it. */
export const condition = z.object({
  type: z
    .string()
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
    )
    .describe('What the condition is about.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds; Unknown when it could not be found out.'),
  observedGeneration: int64(0).optional().describe('The generation of the spec that it was judged for.'),
  lastTransitionTime: time().describe('When the status last changed.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Why, as one word that does not change between versions.'),
  message: z.string().max(32768).describe('Why, for a person: what is wrong, what is being done, and until when.'),
});
export type Condition = DeepReadonly<z.output<typeof condition>>;

/** One condition of each type. */
export const conditions = () =>
  z
    .array(condition)
    .max(32)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .optional()
    .describe('How things stand, one entry of each type.');
