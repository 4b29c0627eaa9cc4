export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** How long to wait after the `failures`-th failure in a row (from 1): doubled each time, with jitter from half of that to all of it. */
export function backOffMs(failures: number, { firstMs, maxMs }: BackOff, random: () => number): number {
  const fullMs = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return fullMs * (0.5 + random() / 2);
}
