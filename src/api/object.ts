/** What all our objects share: the API group, and metadata as the API server gives it. */

export const GROUP = 'tlsa-operator.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** The part of `metav1.ObjectMeta` that this program reads, as it stands in JSON: times are RFC 3339 texts. */
export interface ObjectMeta {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface NamespacedMeta extends ObjectMeta {
  readonly namespace: string;
}

/** An object is a value that was read; whoever wants another one makes another one. */
export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;
