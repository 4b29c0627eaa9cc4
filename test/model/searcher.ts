/** A worker thread of a search: it runs its share of the worlds, and tells how far it is and what it found. */
import { parentPort, workerData } from 'node:worker_threads';
import { mutantNamed, OWN_WORLD } from './mutants.ts';
import { plant } from './plant.ts';
import type { Message, Share } from './parallel.ts';
import type { Scenario } from './scenario.ts';
import type { Course, Ended } from './try.ts';

const TELL_EVERY_MS = 500;

const share = workerData as Share;
const { task } = share;
const fault = task.kind === 'Random' && task.mutant !== undefined ? mutantNamed(task.mutant) : undefined;
if (fault !== undefined) plant(fault);
// Only now, so that it is loaded with the fault.
const { GROUPS, smallWorlds } = await import('./exhaustive.ts');
const { randomScenario } = await import('./random.ts');
const { shrink } = await import('./shrink.ts');
const { tell } = await import('./tell.ts');
const { tryScenario } = await import('./try.ts');

// Nobody reads where an ordinary refusal was made, and there are many.
Error.stackTraceLimit = 0;
let [worlds, judged, releases, toldAt] = [0, 0, 0, Date.now()];

function post(message: Message): void {
  parentPort?.postMessage(message);
}

function report(): void {
  post({ kind: 'Progress', worlds, judged, releases });
  [worlds, judged, releases, toldAt] = [0, 0, 0, Date.now()];
}

/** A planted fault can do harm of several kinds, and is to be found by what it is. */
function isExpected({ kind }: NonNullable<Ended['violation']>): boolean {
  return fault === undefined || fault.kinds.some((one) => one === kind);
}

/** @returns how it went; undefined: something was found */
function run(scenario: Scenario, seed: number): Course | undefined {
  const { violation, course, ...ended } = tryScenario(scenario);
  worlds += 1;
  judged += ended.judged;
  releases += ended.releases;
  if (Date.now() - toldAt > TELL_EVERY_MS) report();
  if (violation === undefined || (violation.kind !== 'Thrown' && !isExpected(violation))) return course;
  report();
  post({ kind: 'Found', seed, violation, story: fault === undefined ? tell(shrink(scenario)) : '' });
  return undefined;
}

function randomWorld(seed: number): Scenario {
  const isOwn = seed === OWN_WORLD && typeof fault?.world === 'object';
  return isOwn ? fault.world : randomScenario(seed, fault?.events);
}

function search(): void {
  const { from, until } = task;
  for (let seed = from + share.index; seed < until; seed += share.of) {
    if (task.kind === 'Random') {
      if (run(randomWorld(seed), seed) === undefined) return;
    } else {
      const group = smallWorlds(seed % GROUPS, task.mishaps);
      for (let next = group.next(); next.done !== true;) {
        const course = run(next.value, seed);
        if (course === undefined) return;
        next = group.next(course);
      }
    }
  }
}

search();
report();
