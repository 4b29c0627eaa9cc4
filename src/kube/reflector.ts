import type { Logger } from '../observe/log.ts';
import { childOf } from './abort.ts';
import { ApiError, errorOfAnswer } from './api-error.ts';
import { backOffMs } from './back-off.ts';
import { sleep, type Clock } from './clock.ts';
import type { Cluster } from './cluster.ts';
import { linesOf } from './lines.ts';
import { kept, list, request, selectors, type ListOptions } from './list.ts';
import { pathOf, type KubeObject } from './resource.ts';
import type { Store } from './store.ts';

export interface ReflectorOptions<T extends KubeObject> extends Omit<ListOptions, 'namespace'> {
  readonly cluster: Pick<Cluster, 'call' | 'stream'>;
  readonly store: Pick<Store<T>, 'apply' | 'remove' | 'replace' | 'markSynced'>;
  /** Only these; undefined: the whole cluster. */
  readonly namespaces?: readonly string[] | undefined;
  /** The kind may not be there, or not for us: then there is nothing of it, and it is looked for again. */
  readonly optional?: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * Keeps the store equal to what the API server holds, until the signal is aborted: lists, watches, and goes on after every failure.
 * The store is marked as synced when everything was listed once.
 */
export async function reflect<T extends KubeObject>(options: ReflectorOptions<T>, signal: AbortSignal): Promise<void> {
  const scopes: readonly (string | undefined)[] = options.namespaces ?? [undefined];
  let unlisted = scopes.length;
  const onFirstList = (): void => {
    unlisted -= 1;
    if (unlisted === 0) options.store.markSynced();
  };
  await Promise.all(scopes.map((namespace) => new Reflector(options, namespace, onFirstList).run(signal)));
}

/** How soon a kind that was not there is looked for again. */
const ABSENT_AGAIN_MS = 10_000;
/** For so long a kind that was there is not believed to be gone. */
const KEPT_MS = 300_000;
const BACK_OFF = { firstMs: 1_000, maxMs: 30_000 };
/** A watch that lasted this long was healthy: what ends it is no failure in a row. */
const HEALTHY_WATCH_MS = 60_000;
/** The API server ends a watch after this time and as much again at the most (by chance, so that not all come back at once). */
const WATCH_SECONDS = 300;
/** The API server sends a bookmark every minute, the first after two at the latest; a connection silent for so long is dead. */
const IDLE_MS = 180_000;

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** Of one namespace, or of all. */
class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #what: ListOptions;
  readonly #onFirstList: () => void;
  readonly #log: Logger;
  #isListed = false;
  /** The HTTP status that says so: 404 or 403. */
  #absentBy: number | undefined;
  /** It was listed once, and nothing says yet that it is gone for good. */
  #wasThere = false;
  /** Since when it cannot be listed. */
  #lostAt: number | undefined;
  /** What the store is equal to; undefined: list first. */
  #resourceVersion: string | undefined;

  constructor(options: ReflectorOptions<T>, namespace: string | undefined, onFirstList: () => void) {
    this.#options = options;
    this.#what = { ...options, namespace };
    this.#onFirstList = onFirstList;
    this.#log = options.log.child({
      resource: options.resource.plural,
      ...(namespace === undefined ? {} : { namespace }),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    for (let failures = 0; ;) {
      const startedAt = clock.monotonic();
      const goesOn = this.#resourceVersion !== undefined;
      let isAbsent = false;
      try {
        this.#resourceVersion ??= await this.#list(signal);
        await this.#watch(this.#resourceVersion, signal);
      } catch (err) {
        if (signal.aborted) return;
        isAbsent = this.#isAbsent(err);
        // Too old to go on from (410), or the kind is gone (404), or what is known of it will be.
        const isLost = err instanceof ApiError && (err.status === 410 || err.status === 404);
        if (isAbsent || isLost) this.#resourceVersion = undefined;
        if (isAbsent) this.#absent(err);
        else this.#log.warn({ err, failures }, 'the watch broke off; it will be taken up again');
      }
      // A watch that ends at once is a failure too, or we would ask without pause. One that could not go on is no failure: list at once.
      const mustList = goesOn && this.#resourceVersion === undefined;
      failures = isAbsent || mustList || clock.monotonic() - startedAt >= HEALTHY_WATCH_MS ? 0 : failures + 1;
      if (isAbsent) await sleep(clock, ABSENT_AGAIN_MS, signal);
      else if (failures > 0) await sleep(clock, backOffMs(failures, BACK_OFF, random), signal);
      if (signal.aborted) return;
    }
  }

  /** Puts the whole list into the store, and returns its resource version. */
  async #list(signal: AbortSignal): Promise<string> {
    const { objects, resourceVersion } = await list<T>(this.#options.cluster, this.#what, signal);
    this.#options.store.replace(objects, this.#what.namespace);
    this.#listed();
    this.#wasThere = true;
    [this.#absentBy, this.#lostAt] = [undefined, undefined];
    this.#log.debug({ objects: objects.length }, 'listed');
    return resourceVersion;
  }

  #listed(): void {
    if (!this.#isListed) this.#onFirstList();
    this.#isListed = true;
  }

  #isAbsent(err: unknown): boolean {
    return this.#options.optional === true && err instanceof ApiError && (err.status === 404 || err.status === 403);
  }

  /** An API server that starts says so of every kind that is not built into it: what was there stays for a while. */
  #absent(err: unknown): void {
    const now = this.#options.clock.monotonic();
    this.#lostAt ??= now;
    if (this.#wasThere && now - this.#lostAt < KEPT_MS) return;
    this.#wasThere = false;
    this.#tellAbsent(err);
  }

  /** Said once: a kind that is not installed is nothing unusual; one that is forbidden is a right that was not granted. */
  #tellAbsent(err: unknown): void {
    this.#options.store.replace([], this.#what.namespace);
    this.#listed();
    const status = err instanceof ApiError ? err.status : undefined;
    if (this.#absentBy === status) return;
    this.#absentBy = status;
    if (status === 404) this.#log.info('this kind is not installed; it is watched once it is');
    else this.#log.warn({ err }, 'this kind may not be read: it is left out until that is allowed');
  }

  /** Puts every change since `resourceVersion` into the store until the server ends the watch. */
  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { cluster, clock, random } = this.#options;
    const { controller, release } = childOf(signal);
    const watchdog = (): (() => void) =>
      clock.setTimer(IDLE_MS, () => {
        controller.abort(new Error('the watch was silent for too long'));
      });
    let calm = watchdog();
    try {
      const chunks = cluster.stream({
        ...request(this.#what, 'PartialObjectMetadata', controller.signal),
        query: {
          ...selectors(this.#what),
          watch: 'true',
          allowWatchBookmarks: 'true',
          resourceVersion,
          timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + random()))),
        },
      });
      for await (const line of linesOf(chunks)) {
        calm();
        calm = watchdog();
        this.#take(JSON.parse(line) as WatchEvent<T>);
      }
    } finally {
      calm();
      release();
    }
  }

  #take({ type, object }: WatchEvent<T>): void {
    const { store } = this.#options;
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        store.apply(kept(object, this.#what));
        break;
      case 'DELETED':
        store.remove(object);
        break;
      case 'BOOKMARK':
        break;
      case 'ERROR': {
        // Here the object is a Status. Only a new list is sure to be right after it.
        this.#resourceVersion = undefined;
        const { code } = object as unknown as { readonly code?: number };
        throw errorOfAnswer(`GET ${pathOf(this.#what.resource, this.#what)}?watch=true`, code ?? 500);
      }
    }
    this.#resourceVersion = object.metadata.resourceVersion;
  }
}
