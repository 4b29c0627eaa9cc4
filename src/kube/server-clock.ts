import type { Clock } from './clock.ts';

/** An answer that took longer says too little about when it was made. */
const LONGEST_ROUND_TRIP_MS = 5_000;
/** `Date` is cut to whole seconds (RFC 9110 §5.6.7): on average it is this much later there. */
const HALF_A_SECOND_MS = 500;

/**
 * How far our clock is from the API server's, as its latest answers tell; to within half a second and half the time that one took. What
 * is kept is their clock against our monotonic one: when ours is set, that shows at once, before the next answer.
 */
export class ServerClock {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Their clock minus our monotonic one. */
  #offsetMs: number | undefined;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** A request is being sent; what is returned wants the header `Date` of the answer as soon as that begins to come in. */
  asked(): (date: string | null) => void {
    const sentAt = this.#clock.monotonic();
    return (date) => {
      const receivedAt = this.#clock.monotonic();
      const theirs = Date.parse(date ?? '');
      if (Number.isNaN(theirs) || receivedAt - sentAt > LONGEST_ROUND_TRIP_MS) return;
      this.#offsetMs = theirs + HALF_A_SECOND_MS - (sentAt + receivedAt) / 2;
    };
  }

  /** Ours minus theirs; undefined before the first answer. */
  skewMs(): number | undefined {
    if (this.#offsetMs === undefined) return undefined;
    return this.#clock.now() - (this.#clock.monotonic() + this.#offsetMs);
  }
}
