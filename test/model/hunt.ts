/** Runs worlds with a planted fault until the checker finds it. */
import type { Mutant } from './mutant.ts';
import { OWN_WORLD } from './mutants.ts';
import { searchWorlds, type Found } from './parallel.ts';

/** Where the world that is known to show it does not, so many others are tried. */
const MOST_WORLDS = 600;

export async function hunt({ name, world }: Mutant): Promise<Found | undefined> {
  const known = typeof world === 'number' ? world : OWN_WORLD;
  return (await search(name, known, known + 1)) ?? (await search(name, 1, MOST_WORLDS));
}

async function search(mutant: string, from: number, until: number): Promise<Found | undefined> {
  return (await searchWorlds({ kind: 'Random', from, until, mutant }, 1)).found;
}
