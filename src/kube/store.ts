import type { Logger } from '../observe/log.ts';
import { lean } from './lean.ts';
import { isNewer, keyOf, type KubeObject, type ObjectKey } from './resource.ts';
import { Shared } from './shared.ts';

/** One change of the store: an object came (`old` undefined), changed, or went (`object` undefined). */
export interface Change<T> {
  readonly old: T | undefined;
  readonly object: T | undefined;
}

/** The names under which an index finds this object. */
export type IndexFunction<T> = (object: T) => readonly string[];

/**
 * The objects of one kind, as last seen. A reflector fills it; others read it, and put in what the API server answered to their own
 * writes. An object that was deleted and made again (another uid) goes before it comes.
 */
export class Store<T extends KubeObject, IndexName extends string = never> {
  readonly #log: Logger;
  readonly #objects = new Map<ObjectKey, T>();
  readonly #indexFunctions: readonly (readonly [IndexName, IndexFunction<T>])[];
  /** Lists, not sets: most names lead to one object, and a set of one takes five times the memory. */
  readonly #indexes = new Map<IndexName, Map<string, ObjectKey[]>>();
  readonly #shared = new Shared();
  readonly #subscribers: ((change: Change<T>) => void)[] = [];
  readonly #synced = Promise.withResolvers<undefined>();
  #isSynced = false;

  constructor(log: Logger, indexes = {} as Readonly<Record<IndexName, IndexFunction<T>>>) {
    this.#log = log;
    this.#indexFunctions = Object.entries(indexes) as [IndexName, IndexFunction<T>][];
    for (const [name] of this.#indexFunctions) this.#indexes.set(name, new Map());
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  byIndex(index: IndexName, name: string): readonly T[] {
    const keys = this.#indexes.get(index)?.get(name) ?? [];
    return keys.flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Called for every change from now on, in order. What it throws is logged, and harms neither the store nor other subscribers. */
  subscribe(subscriber: (change: Change<T>) => void): void {
    this.#subscribers.push(subscriber);
  }

  /** Resolves when the store holds everything for the first time. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  markSynced(): void {
    this.#isSynced = true;
    this.#synced.resolve(undefined);
  }

  /**
   * Read your writes: takes the answer to a write of ours, unless something newer is here already or the object is gone (an answer may
   * come later than the news of the deletion).
   */
  put(object: T): void {
    if (this.get(keyOf(object))?.metadata.uid === object.metadata.uid) this.apply(lean(object));
  }

  /** Takes an object that the API server shows, unless something newer of it is here already. */
  apply(object: T): void {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old?.metadata.uid !== object.metadata.uid) {
      if (old !== undefined) this.remove(old);
      this.#set(key, undefined, this.#shared.of(object));
    } else if (isNewer(object.metadata.resourceVersion, old.metadata.resourceVersion)) {
      this.#set(key, old, this.#shared.of(object));
    }
  }

  /** Takes note that this object, and no later one of that name, is gone. */
  remove(object: T): void {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old?.metadata.uid === object.metadata.uid) this.#set(key, old, undefined);
  }

  /** Takes a whole list: of one namespace, or of all. What is not in it is gone. */
  replace(objects: readonly T[], namespace: string | undefined): void {
    const uids = new Set(objects.map(({ metadata }) => metadata.uid));
    for (const old of this.list()) {
      const isListed = namespace === undefined || old.metadata.namespace === namespace;
      if (isListed && !uids.has(old.metadata.uid)) this.remove(old);
    }
    for (const object of objects) this.apply(object);
  }

  #set(key: ObjectKey, old: T | undefined, object: T | undefined): void {
    if (object === undefined) this.#objects.delete(key);
    else this.#objects.set(key, object);
    for (const [index, namesOf] of this.#indexFunctions) {
      const entries = this.#indexes.get(index) ?? new Map<string, ObjectKey[]>();
      const namesIn = (of: T | undefined): ReadonlySet<string> =>
        new Set(of === undefined ? [] : this.#guard(key, () => namesOf(of)));
      const [before, now] = [namesIn(old), namesIn(object)];
      for (const name of before) if (!now.has(name)) dropFrom(entries, name, key);
      for (const name of now) if (!before.has(name)) addTo(entries, name, key);
    }
    for (const subscriber of this.#subscribers) {
      this.#guard(key, () => {
        subscriber({ old, object });
      });
    }
  }

  #guard<R>(key: ObjectKey, callback: () => R): R | undefined {
    try {
      return callback();
    } catch (err) {
      this.#log.error({ err, key }, 'a handler of changes failed: this is a bug');
      return undefined;
    }
  }
}

function addTo(entries: Map<string, ObjectKey[]>, name: string, key: ObjectKey): void {
  const keys = entries.get(name);
  if (keys === undefined) entries.set(name, [key]);
  else keys.push(key);
}

function dropFrom(entries: Map<string, ObjectKey[]>, name: string, key: ObjectKey): void {
  const keys = entries.get(name) ?? [];
  if (keys.length > 1) keys.splice(keys.indexOf(key), 1);
  else entries.delete(name);
}
