import { formatTime } from '../core/time.ts';
import type { Logger } from '../observe/log.ts';
import { ApiError } from './api-error.ts';
import { sleep, type Clock } from './clock.ts';
import type { Caller } from './cluster.ts';
import { EVENTS, pathOf, type KubeObject } from './resource.ts';

export interface EventRecorderOptions {
  readonly cluster: Caller;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** The same event again within this time is one event with a count. */
const SERIES_MS = 10 * 60_000;
/** The count of an event is written this often at the most. */
const COUNT_EVERY_MS = 60_000;
/** Different events about one object: this many at once, then one more every so often (client-go's numbers). */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
/** What is remembered, and what may wait to be written. */
const MAX_REMEMBERED = 4096;
const MAX_WAITING = 1000;
const FLUSH_MS = 5_000;
const MAX_MESSAGE_LENGTH = 1024;
const COMPONENT = 'tlsa-operator';

interface Series {
  readonly body: object;
  readonly namespace: string;
  readonly name: string;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  /** undefined: not yet made. */
  writtenAt: number | undefined;
  isWaiting: boolean;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/**
 * Events on the user's objects (core/v1, as `kubectl describe` shows them). Recording never fails and never waits: an event that cannot
 * be written is dropped with a line in the debug log.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, Bucket>();
  #waiting = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** @param reason A stable CamelCase constant. */
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const now = this.#options.clock.now();
    const key = JSON.stringify([object.metadata.uid, type, reason, message]);
    let series = this.#series.get(key);
    if (series === undefined || now - series.lastAt > SERIES_MS) {
      if (!this.#mayBegin(object.metadata.uid, now)) {
        this.#options.log.debug(
          { reason, object: object.metadata.name },
          'an event was dropped: too many on one object',
        );
        return;
      }
      series = this.#begin(object, { type, reason, message: message.slice(0, MAX_MESSAGE_LENGTH) }, now);
    }
    series.count += 1;
    series.lastAt = now;
    remember(this.#series, key, series);
    if (series.writtenAt === undefined || now - series.writtenAt >= COUNT_EVERY_MS) this.#enqueue(series);
  }

  /** Resolves when all that was recorded so far is written or dropped, and after 5 s at the latest. */
  async flush(): Promise<void> {
    const enough = new AbortController();
    await Promise.race([this.#written, sleep(this.#options.clock, FLUSH_MS, enough.signal)]);
    enough.abort();
  }

  #begin(object: KubeObject, what: { type: string; reason: string; message: string }, now: number): Series {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const suffix = now.toString(16) + Math.floor(this.#options.random() * 2 ** 32).toString(16);
    const involvedObject = { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion };
    return {
      body: { ...what, involvedObject, source: { component: COMPONENT }, reportingComponent: COMPONENT },
      // Where kubectl looks for the events of cluster-scoped objects.
      namespace: namespace ?? 'default',
      name: `${name.slice(0, 220)}.${suffix}`,
      firstAt: now,
      lastAt: now,
      count: 0,
      writtenAt: undefined,
      isWaiting: false,
    };
  }

  #mayBegin(uid: string, now: number): boolean {
    const bucket = this.#buckets.get(uid) ?? { tokens: BURST, filledAt: now };
    const refill = Math.max(0, Math.floor((now - bucket.filledAt) / REFILL_MS));
    const tokens = Math.min(BURST, bucket.tokens + refill);
    remember(this.#buckets, uid, { tokens: Math.max(0, tokens - 1), filledAt: bucket.filledAt + refill * REFILL_MS });
    return tokens > 0;
  }

  #enqueue(series: Series): void {
    if (series.isWaiting || this.#waiting >= MAX_WAITING) return;
    series.isWaiting = true;
    this.#waiting += 1;
    this.#written = this.#written.then(() => this.#write(series));
  }

  /** A connection that breaks loses no event: it is sent once more, by the same name, so that there is one of it. */
  async #make(namespace: string, body: object): Promise<void> {
    const post = () => this.#options.cluster.call({ method: 'POST', path: pathOf(EVENTS, { namespace }), body });
    try {
      await post();
    } catch (err) {
      if (!(err instanceof ApiError) || err.status !== undefined) throw err;
      await post().catch((again: unknown) => {
        if (!(again instanceof ApiError && again.status === 409)) throw again;
      });
    }
  }

  async #write(series: Series): Promise<void> {
    const { cluster, clock, log } = this.#options;
    series.isWaiting = false;
    this.#waiting -= 1;
    const { namespace, name, count } = series;
    const lastTimestamp = formatTime(new Date(series.lastAt));
    try {
      if (series.writtenAt === undefined) {
        await this.#make(namespace, {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { namespace, name },
          ...series.body,
          count,
          firstTimestamp: formatTime(new Date(series.firstAt)),
          lastTimestamp,
        });
      } else {
        await cluster.call({
          method: 'PATCH',
          path: pathOf(EVENTS, { namespace, name }),
          contentType: 'application/merge-patch+json',
          body: { count, lastTimestamp },
        });
      }
      series.writtenAt = clock.now();
    } catch (err) {
      // Somebody deleted it: it is made anew when it happens again.
      if (err instanceof ApiError && err.status === 404) series.writtenAt = undefined;
      log.debug({ err, event: series.name }, 'an event was dropped: it could not be written');
    }
  }
}

/** Puts an entry at the end of a map that forgets its oldest ones. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > MAX_REMEMBERED && oldest.done !== true) map.delete(oldest.value);
}
