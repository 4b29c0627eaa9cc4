import type { KubeObject } from './resource.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object as we keep it: without what is large, and without what may be a copy of a private key. */
export function lean<T extends KubeObject>(object: T): T {
  const metadata = without(object.metadata, 'managedFields') as T['metadata'];
  const { annotations } = metadata;
  return {
    ...object,
    metadata: annotations === undefined ? metadata : { ...metadata, annotations: without(annotations, LAST_APPLIED) },
  };
}

/** A copy: deleting a property would cost the object its compact form in memory. */
function without(object: object, name: string): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}
