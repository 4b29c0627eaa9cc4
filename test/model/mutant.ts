/** A fault that is planted into the real source as it is loaded. */
import type { ViolationKind } from './checker.ts';
import type { Scenario, WorldEvent } from './scenario.ts';

export interface Mutant {
  readonly name: string;
  /** From the top of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What it is to be found by. */
  readonly kinds: readonly ViolationKind[];
  /** Of a random world that is known to show it, or the world itself, where it takes one that was made by hand. */
  readonly world: number | Scenario;
  /** A world that shows it is met sooner among worlds of these events. */
  readonly events?: readonly WorldEvent['kind'][];
}

export const W_OR_S = ['W', 'S'] as const;
export const CORE = 'src/core';
