/**
 * Faults, planted one at a time into the real source as it is loaded. Each must be found by the checker, or the checker proves nothing; its
 * text must stand there exactly once, or the fault is none. `world` is known to show it, and is tried first.
 */
import { OF_GATE } from './faults-of-gate.ts';
import { OF_OWNERS } from './faults-of-owners.ts';
import { OF_RECORDS } from './faults-of-records.ts';
import { OF_RELEASES } from './faults-of-releases.ts';
import type { Mutant } from './mutant.ts';

export const MUTANTS: readonly Mutant[] = [...OF_RECORDS, ...OF_RELEASES, ...OF_GATE, ...OF_OWNERS];

/** In place of a seed: the world that was made by hand for this fault. */
export const OWN_WORLD = 0;

export function mutantNamed(name: string): Mutant {
  const found = MUTANTS.find((mutant) => mutant.name === name);
  if (found === undefined) throw new Error(`no planted fault is called ${JSON.stringify(name)}`);
  return found;
}
