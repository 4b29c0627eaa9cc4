import { stalled } from '../core/errors.ts';

/** Time, as a parameter. */
export interface Clock {
  /** Milliseconds since 1970, as people count them; it can be set back or forth. */
  readonly now: () => number;
  /** Milliseconds since some moment; never set. For how long something took, and for leases. */
  readonly monotonic: () => number;
  /** Calls back once, `delayMs` (at most 24.8 days) from now; returns how to cancel that. */
  readonly setTimer: (delayMs: number, callback: () => void) => () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (delayMs, callback) => {
    // Node fires longer ones at once.
    if (delayMs > 2 ** 31 - 1) throw stalled('TimerTooLong', `a timer of ${delayMs} ms is longer than 24.8 days`);
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Waits for so many milliseconds. */
export function pausing(clock: Clock): (ms: number) => Promise<void> {
  return (ms) =>
    new Promise((resolve) => {
      clock.setTimer(ms, resolve);
    });
}

/** Resolves after `delayMs`, or as soon as the signal is aborted. */
export async function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const wake = (): void => {
    resolve(undefined);
  };
  const cancel = clock.setTimer(delayMs, wake);
  signal.addEventListener('abort', wake, { once: true });
  await promise;
  cancel();
  signal.removeEventListener('abort', wake);
}
