/** Times are kept for ever and shared by replicas: what a wrong clock says must neither be stored nor end a wait. */
import type { Facts } from './facts.ts';
import { formatTime } from './time.ts';

const MAX_SKEW_MS = 30_000;

/** Does our clock agree with the API server's? Unknown until it has answered, and then not a reason to stop. */
export function isClockRight({ clockSkewMs }: Pick<Facts, 'clockSkewMs'>): boolean {
  return clockSkewMs === undefined || Math.abs(clockSkewMs) <= MAX_SKEW_MS;
}

/** Now, where a wait begins with it; undefined while the clock is wrong: a wait that began in the past would be no wait. */
export function rightTime(facts: Facts): string | undefined {
  return isClockRight(facts) ? formatTime(facts.now) : undefined;
}

/** Now, as the API server has it; by ours while that is not known. */
export function serverTime({ now, clockSkewMs = 0 }: Pick<Facts, 'now' | 'clockSkewMs'>): Date {
  return new Date(now.getTime() - clockSkewMs);
}
