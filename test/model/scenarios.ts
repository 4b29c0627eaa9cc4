import { exhaustiveScenario } from './exhaustive.ts';
import { randomScenario } from './random.ts';
import type { Scenario, WorldEvent } from './scenario.ts';

/** The world with this number. */
export function scenarioOf(
  kind: 'Random' | 'Exhaustive',
  seed: number,
  events: readonly WorldEvent['kind'][] = [],
): Scenario {
  return kind === 'Random' ? randomScenario(seed, events) : exhaustiveScenario(seed);
}
