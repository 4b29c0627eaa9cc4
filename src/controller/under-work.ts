import { keyOf, type KubeObject, type ObjectKey } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';

/**
 * The objects that passes are over. A pass goes on from what it wrote itself: only what somebody else changed meanwhile calls for another.
 */
export class UnderWork<T extends KubeObject> {
  readonly #store: Pick<Store<T>, 'get' | 'put'>;
  readonly #wake: (key: ObjectKey) => void;
  /** The resourceVersion that each pass knows. */
  readonly #known = new Map<ObjectKey, string>();

  constructor(store: Pick<Store<T>, 'get' | 'put'>, wake: (key: ObjectKey) => void) {
    this.#store = store;
    this.#wake = wake;
  }

  async pass<R>(object: T, work: () => Promise<R>): Promise<R> {
    const key = keyOf(object);
    this.#known.set(key, object.metadata.resourceVersion);
    try {
      return await work();
    } finally {
      const known = this.#known.get(key);
      this.#known.delete(key);
      if (this.#store.get(key)?.metadata.resourceVersion !== known) this.#wake(key);
    }
  }

  /** What the API server answered to a write of the pass. */
  put(object: T): void {
    if (this.#known.has(keyOf(object))) this.#known.set(keyOf(object), object.metadata.resourceVersion);
    this.#store.put(object);
  }

  /** It changed in the store, by whomever. */
  changed(key: ObjectKey): void {
    if (!this.#known.has(key)) this.#wake(key);
  }
}
