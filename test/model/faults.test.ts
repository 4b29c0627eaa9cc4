/** The checker is itself proven: every planted fault is found, by what it is to be found by. */
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { hunt } from './hunt.ts';
import { MUTANTS } from './mutants.ts';

const TOP = new URL('../../', import.meta.url);
const MAX_MS = 10 * 60_000;

test('every fault can be planted: the text that it changes stands in the source, once', () => {
  const lost = MUTANTS.flatMap(({ name, file, find }) => {
    const times = readFileSync(new URL(file, TOP), 'utf8').split(find).length - 1;
    return times === 1 ? [] : [`"${name}" changes a text that stands ${times} times in ${file}: plant it anew`];
  });
  expect(lost).toEqual([]);
});

test(
  `each of ${MUTANTS.length} planted faults is found, as what it is`,
  async () => {
    const left = [...MUTANTS];
    const missed: string[] = [];
    const work = async (): Promise<void> => {
      for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
        const { name, kinds } = mutant;
        const found = await hunt(mutant);
        if (found === undefined || !kinds.some((kind) => kind === found.violation.kind))
          missed.push(`"${name}": ${found?.violation.message ?? 'nothing is found'}`);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    expect(missed).toEqual([]);
  },
  MAX_MS,
);
