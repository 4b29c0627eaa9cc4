/** What the operator says of itself. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningOperator } from '../test/support/operator.ts';

export type Sample = (name: string) => number;

/** The sum over all labels of each metric. */
export async function scrape(operator: RunningOperator): Promise<Sample> {
  const lines = (await operator.get('/metrics')).body.split('\n');
  return (name) =>
    lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

const EVERY_MS = 500;
/** Name servers are asked again 15 s after a look. */
export const BETWEEN_LOOKS_MS = 20_000;

export interface Calm {
  /** When the last thing was done, as milliseconds of `performance.now()`. */
  readonly at: number;
  /** The worst since the last look, seconds. */
  readonly eventLoopLag: number;
  /** All so far. */
  readonly passes: number;
}

/** Resolves when nothing has been worked on for so long. */
export async function calm(operator: RunningOperator, quietMs: number): Promise<Calm> {
  let done = -1;
  let at = performance.now();
  let eventLoopLag = 0;
  while (performance.now() - at < quietMs) {
    const sample = await scrape(operator);
    eventLoopLag = Math.max(eventLoopLag, sample('nodejs_eventloop_lag_max_seconds'));
    const doneNow = sample('controller_runtime_reconcile_total');
    if (doneNow !== done || sample('workqueue_depth') > 0) at = performance.now();
    done = doneNow;
    await delay(EVERY_MS);
  }
  return { at, eventLoopLag, passes: done };
}
