/** Worlds of fixed seeds, so that a run is like the last; `make model` searches further. */
import { expect, test } from '@jest/globals';
import { EXHAUSTIVE_WORLDS, exhaustiveScenario } from './exhaustive.ts';
import { randomScenario } from './random.ts';
import type { Scenario } from './scenario.ts';
import { tell, tryScenario } from './try.ts';

/** What a person needs who must understand it: the whole story. */
function storyOf(scenario: Scenario): string | undefined {
  const { violation } = tryScenario(scenario);
  return violation && `${tell(scenario)}\n${violation.kind}: ${violation.message}`;
}

const numbers = (count: number, step: number): number[] =>
  Array.from({ length: count }, (_, index) => 1 + index * step);

test.each([1, 2, 3, 4])(
  'no sender ever refuses what is served, and a world at rest comes to rest: random worlds, part %d of 4',
  (part) => {
    for (const seed of numbers(30, 1)) expect(storyOf(randomScenario(part * 1000 + seed))).toBeUndefined();
  },
);

test('the same in small worlds, one in a hundred of all that there are', () => {
  for (const number of numbers(Math.floor(EXHAUSTIVE_WORLDS / 100), 100)) {
    expect(storyOf(exhaustiveScenario(number - 1))).toBeUndefined();
  }
});
