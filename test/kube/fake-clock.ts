import type { Clock } from '../../src/kube/clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #wallMs = Date.UTC(2026, 0, 1);
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();
  /** Every delay that was asked for. */
  readonly delays: number[] = [];

  readonly now = (): number => this.#wallMs;
  readonly monotonic = (): number => this.#monotonicMs;

  readonly setTimer = (delayMs: number, callback: () => void): (() => void) => {
    const timer = { at: this.#monotonicMs + delayMs, callback };
    this.delays.push(delayMs);
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, timer by timer, and everything that follows from each happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#monotonicMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      const at = next?.at ?? end;
      this.#wallMs += at - this.#monotonicMs;
      this.#monotonicMs = at;
      if (next !== undefined) {
        this.#timers.delete(next);
        next.callback();
      }
      await settle();
      if (next === undefined) return;
    }
  }

  /** The process is paused for so long: nothing happens, and then everything is late. */
  pause(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Somebody sets the clock; timers do not notice. */
  set(byMs: number): void {
    this.#wallMs += byMs;
  }
}

/** Lets all promises that can settle without time passing do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
