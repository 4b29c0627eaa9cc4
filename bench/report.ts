/** How figures are printed, so that they can be read below each other. */

export function row(what: string, figures: string): void {
  console.log(`  ${what.padEnd(46)} ${figures}`);
}

export function ratio(value: number, to: number): string {
  return `${(value / to).toFixed(2)} x`;
}

export function note(text: string): void {
  console.log(`  (${text})`);
}

/** The value below which this share of all is. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
