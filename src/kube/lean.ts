import type { KubeObject } from './resource.ts';

/** Ours, Flux's, and the name of the Certificate that filled a Secret. In those of others may stand whole Secrets (`kubectl.kubernetes.io/last-applied-configuration` and its like). */
const KEPT = /^((tlsa-operator\.io|reconcile\.fluxcd\.io)\/|cert-manager\.io\/certificate-name$)/;

/** The object as we keep it: without what is large, and without what may be a copy of a private key. */
export function lean<T extends KubeObject>(object: T): T {
  const metadata = only(object.metadata, (name) => name !== 'managedFields') as T['metadata'];
  const { annotations } = metadata;
  return {
    ...object,
    metadata:
      annotations === undefined ? metadata : { ...metadata, annotations: only(annotations, (name) => KEPT.test(name)) },
  };
}

/** A copy: deleting a property would cost the object its compact form in memory. */
function only(object: object, isKept: (name: string) => boolean): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => isKept(name)));
}
