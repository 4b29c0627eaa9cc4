/**
 * `make model WORLDS=1000000`: random worlds (SEED is the first), on every core. `EXHAUSTIVE=1`: all small ones, with two mishaps at most
 * (SEED and WORLDS then name groups of them). What fails is shrunk, told, and ends the search. `MUTANT="prunes before proof"` plants a fault
 * first, and prints the first seed that shows it.
 */
import { availableParallelism } from 'node:os';
import { GROUPS } from './exhaustive.ts';
import { searchWorlds, type Progress, type Task } from './parallel.ts';

const PROGRESS_MS = 5_000;

const { EXHAUSTIVE, MUTANT, SEED, WORLDS } = process.env;
const isExhaustive = EXHAUSTIVE !== undefined;
const from = Number(SEED ?? (isExhaustive ? 0 : MUTANT === undefined ? Date.now() % 2 ** 31 : 1));
const count = Number(WORLDS ?? (isExhaustive ? GROUPS - from : 1000));
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count)) throw new Error('SEED and WORLDS are whole numbers');
const task: Task = isExhaustive
  ? { kind: 'Exhaustive', from, until: from + count, mishaps: 2 }
  : { kind: 'Random', from, until: from + count, mutant: MUTANT };

const began = Date.now();
let toldAt = began;

function tellProgress({ worlds, judged, releases }: Progress): void {
  toldAt = Date.now();
  const seconds = Math.max((toldAt - began) / 1000, 0.001);
  const asked = isExhaustive ? `of ${count} groups, SEED=${from} EXHAUSTIVE=1` : `of ${count}, SEED=${from}`;
  process.stderr.write(
    `${worlds} worlds (${asked}), ${Math.round(worlds / seconds)} a second; ${releases} releases, ${judged} pairs of chain and RRset judged\n`,
  );
}

// To find a new seed for a fault, the lowest is looked for: a world with few events is told sooner.
const searched = await searchWorlds(task, MUTANT === undefined ? availableParallelism() : 1, (soFar) => {
  if (Date.now() - toldAt >= PROGRESS_MS) tellProgress(soFar);
});
tellProgress(searched);
const { found } = searched;
if (found !== undefined) {
  const { seed, story, violation } = found;
  const again = isExhaustive ? `EXHAUSTIVE=1 SEED=${seed} WORLDS=1` : `SEED=${seed} WORLDS=1`;
  process.stdout.write(
    MUTANT === undefined
      ? `${story}\n\nThe world was made smaller for this story. As it was found: make model ${again}\n`
      : `found by ${violation.kind} with SEED=${seed}: ${violation.message}\n`,
  );
}
process.exitCode = found === undefined ? 0 : 1;
