/** Durations as Go writes them: `1h30m`, `24h`, `1.5s`. */
import { stalled } from '../core/errors.ts';
import { cel, matches } from './schema.ts';
import { z } from 'zod';

const DURATION = /^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/;
const PART = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g;
const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A duration from `min` to `max`, both included; `format: duration` would let `-5m` and `2w` through. */
export function duration(min: string, max: string) {
  const message = `write a duration from ${min} to ${max} in h, m, s and ms, as in 24h or 1h30m`;
  const rule = `${matches(DURATION)} && duration(self) >= duration('${min}') && duration(self) <= duration('${max}')`;
  return z.string().max(32).meta(cel({ rule, message }));
}

/**
 * Milliseconds, rounded to whole ones.
 * @throws OperatorError `InvalidDuration`
 */
export function parseDuration(text: string): number {
  if (!DURATION.test(text)) {
    throw stalled('InvalidDuration', `${JSON.stringify(text)} is not a duration: write h, m, s and ms, as in 1h30m`);
  }
  let milliseconds = 0;
  for (const [, amount, unit] of text.matchAll(PART)) {
    milliseconds += Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS];
  }
  return Math.round(milliseconds);
}
