import type { QueueMetrics, QueueState } from '../observe/metrics.ts';
import { backOffMs } from './back-off.ts';
import type { Clock } from './clock.ts';

export interface WorkQueueOptions {
  /** How many keys may be under work at once. */
  readonly workers: number;
  /** Works on one key; never runs twice at once for one key. A rejection is reported to `onError` and the key tried again. */
  readonly work: (key: string) => Promise<void>;
  readonly onError: (key: string, error: unknown) => void;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told its own state functions, gives what to report to. */
  readonly metrics?: (state: QueueState) => QueueMetrics;
}

const BACK_OFF = { firstMs: 5, maxMs: 5 * 60_000 };
/** Timers look at the clock this often: it may have been set, or the machine have slept. */
const LONGEST_SLEEP_MS = 60 * 60_000;

interface WakeUp {
  readonly at: number;
  readonly cancel: () => void;
}

/**
 * Keys to work on. A key is in it once, however often it is added; added while under work, it is worked on once more afterwards.
 * First come, first served.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #metrics: QueueMetrics | undefined;
  /** Key to the (monotonic) moment since when it waits. */
  readonly #ready = new Map<string, number>();
  /** Key to the (monotonic) moment since when it is under work. */
  readonly #running = new Map<string, number>();
  /** Added while under work, and when. */
  readonly #again = new Map<string, number>();
  readonly #wakeUps = new Map<string, WakeUp>();
  readonly #failures = new Map<string, number>();
  #state: 'New' | 'Started' | 'Drained' = 'New';
  readonly #drained = Promise.withResolvers<undefined>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    const secondsSince = (start: number): number => (options.clock.monotonic() - start) / 1000;
    this.#metrics = options.metrics?.({
      depth: () => this.#ready.size,
      runningSeconds: () => [...this.#running.values()].map(secondsSince),
    });
  }

  /** Begins to work; keys may have been added before. */
  start(): void {
    this.#state = 'Started';
    this.#dispatch();
  }

  /** The key is worked on as soon as a worker is free. */
  add(key: string): void {
    if (this.#state === 'Drained' || this.#ready.has(key) || this.#again.has(key)) return;
    this.#metrics?.added();
    const where = this.#running.has(key) ? this.#again : this.#ready;
    where.set(key, this.#options.clock.monotonic());
    this.#dispatch();
  }

  /** The key is added in `delayMs`; of several such wishes the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) this.add(key);
    else this.#wakeAt(key, this.#options.clock.now() + delayMs);
  }

  /** The key is added after a wait that doubles with each call since the last `forget`, from 5 ms to 5 min, with jitter. */
  retry(key: string): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#metrics?.retried();
    this.addAfter(key, backOffMs(failures, BACK_OFF, this.#options.random));
  }

  /** Work on the key went well: the next `retry` waits 5 ms again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Takes no more keys and starts no more work; resolves when the work under way is done. */
  async drain(): Promise<void> {
    this.#state = 'Drained';
    for (const { cancel } of this.#wakeUps.values()) cancel();
    this.#wakeUps.clear();
    this.#ready.clear();
    this.#again.clear();
    if (this.#running.size === 0) this.#drained.resolve(undefined);
    await this.#drained.promise;
  }

  #wakeAt(key: string, at: number): void {
    if (this.#state === 'Drained') return;
    const before = this.#wakeUps.get(key);
    if (before !== undefined && before.at <= at) return;
    before?.cancel();
    this.#sleep(key, at);
  }

  #sleep(key: string, at: number): void {
    const { clock } = this.#options;
    const delayMs = Math.min(Math.max(0, at - clock.now()), LONGEST_SLEEP_MS);
    const cancel = clock.setTimer(delayMs, () => {
      this.#wakeUps.delete(key);
      if (clock.now() >= at) this.add(key);
      else this.#sleep(key, at);
    });
    this.#wakeUps.set(key, { at, cancel });
  }

  #dispatch(): void {
    if (this.#state !== 'Started') return;
    for (const [key, readySince] of this.#ready) {
      if (this.#running.size >= this.#options.workers) return;
      this.#ready.delete(key);
      void this.#run(key, readySince);
    }
  }

  async #run(key: string, readySince: number): Promise<void> {
    const { work, onError, clock } = this.#options;
    const startedAt = clock.monotonic();
    this.#running.set(key, startedAt);
    this.#metrics?.started((startedAt - readySince) / 1000);
    try {
      await work(key);
    } catch (error) {
      onError(key, error);
      this.retry(key);
    }
    this.#running.delete(key);
    this.#metrics?.finished((clock.monotonic() - startedAt) / 1000);
    const againSince = this.#again.get(key);
    if (againSince !== undefined) {
      this.#again.delete(key);
      this.#ready.set(key, againSince);
    }
    if (this.#state === 'Drained' && this.#running.size === 0) this.#drained.resolve(undefined);
    this.#dispatch();
  }
}
