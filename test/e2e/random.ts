/** Moments that differ from run to run, and are the same again with the same SEED. */
export const seed = Number(process.env['SEED'] ?? Date.now() % 0x7fffffff);

export interface Random {
  /** A whole number, both ends included. */
  readonly between: (least: number, most: number) => number;
  readonly shuffled: <T>(list: readonly T[]) => T[];
}

/** One per use, each with a `name`: what one draws does not depend on when others do. */
export function random(name: string): Random {
  let state = Buffer.from(name).reduce((hash, octet) => Math.imul(hash ^ octet, 0x01000193), seed | 0);
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    between,
    shuffled: (list) =>
      list
        .map((value) => ({ value, place: next() }))
        .sort((a, b) => a.place - b.place)
        .map(({ value }) => value),
  };
}
