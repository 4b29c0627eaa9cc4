/** Worlds around the real planner: all small ones, and random ones of fixed seeds, so that a run is like the last; `make model` searches on. */
import { expect, test } from '@jest/globals';
import { availableParallelism } from 'node:os';
import { GROUPS } from './exhaustive.ts';
import { searchWorlds, type Searched, type Task } from './parallel.ts';

const MAX_MS = 10 * 60_000;

/** On every core. What fails has its story told. */
async function run(task: Task): Promise<Searched> {
  const searched = await searchWorlds(task, availableParallelism());
  expect(searched.found?.story).toBeUndefined();
  return searched;
}

test(
  'no sender ever refuses what is served, and a world at rest comes to rest: in every small world with at most one mishap',
  async () => {
    const { worlds, releases } = await run({ kind: 'Exhaustive', from: 0, until: GROUPS, mishaps: 1 });
    expect(worlds).toBeGreaterThan(3300);
    expect(releases).toBeGreaterThan(worlds);
  },
  MAX_MS,
);

test(
  'the same in random worlds',
  async () => {
    const { worlds, judged } = await run({ kind: 'Random', from: 1, until: 301 });
    expect(worlds).toBe(300);
    expect(judged).toBeGreaterThan(10 * worlds);
  },
  MAX_MS,
);
