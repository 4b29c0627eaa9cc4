/** Runs one scenario and says how it ended. */
import { Violation, type ViolationKind } from './checker.ts';
import type { Scenario } from './scenario.ts';
import { World } from './world.ts';

export interface Ended {
  readonly violation: { readonly kind: ViolationKind | 'Thrown'; readonly message: string } | undefined;
  readonly judged: number;
  readonly releases: number;
  readonly passes: number;
  readonly course: Course;
}

/** Seconds of the world at which an operator did something that leaves its process, and at which that was an update of the zone. */
export interface Course {
  readonly steps: readonly number[];
  readonly updates: readonly number[];
}

export function tryScenario(scenario: Scenario): Ended {
  const world = new World(scenario);
  const violation = violationOf(world);
  const { passes, releases, steps, updates } = world;
  return { violation, judged: world.checker.judged, releases, passes, course: { steps, updates } };
}

export function violationOf(world: World): Ended['violation'] {
  try {
    world.run();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return { kind: error.kind, message: error.message };
    return { kind: 'Thrown', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
