/** A worker thread of a search: it runs its share of the worlds, and tells how far it is and what it found. */
import { parentPort, workerData } from 'node:worker_threads';
import { mutantNamed } from './mutants.ts';
import { plant } from './plant.ts';
import type { Ended } from './try.ts';

export interface Share {
  /** Seeds, or numbers of exhaustive worlds. */
  readonly from: number;
  readonly step: number;
  readonly until: number;
  readonly kind: 'Random' | 'Exhaustive';
  readonly mutant?: string | undefined;
  readonly stopsAtFirst: boolean;
}

export type Message =
  | { readonly kind: 'Progress'; readonly worlds: number; readonly judged: number; readonly releases: number }
  | {
      readonly kind: 'Found';
      readonly seed: number;
      readonly violation: NonNullable<Ended['violation']>;
      readonly story: string;
    }
  | { readonly kind: 'Done' };

const TELL_EVERY_MS = 500;

const { from, step, until, kind, mutant, stopsAtFirst } = workerData as Share;
const fault = mutant === undefined ? undefined : mutantNamed(mutant);
if (fault !== undefined) plant(fault);
const { tell, tryScenario } = await import('./try.ts');
const { shrink } = await import('./shrink.ts');
const { scenarioOf } = await import('./scenarios.ts');

/** A planted fault can do harm of several kinds. */
function isExpected({ kind: found }: NonNullable<Ended['violation']>): boolean {
  return fault === undefined || fault.kinds.some((one) => one === found);
}

function post(message: Message): void {
  parentPort?.postMessage(message);
}

// Nobody reads where an ordinary refusal was made, and there are many.
Error.stackTraceLimit = 0;
let [worlds, judged, releases, toldAt] = [0, 0, 0, Date.now()];
function report(): void {
  post({ kind: 'Progress', worlds, judged, releases });
  [worlds, judged, releases, toldAt] = [0, 0, 0, Date.now()];
}
for (let seed = from; seed < until; seed += step) {
  const scenario = scenarioOf(kind, seed, fault?.events);
  const ended = tryScenario(scenario);
  worlds += 1;
  judged += ended.judged;
  releases += ended.releases;
  if (fault !== undefined && ended.violation?.kind === 'Thrown') throw new Error(ended.violation.message);
  if (ended.violation !== undefined) {
    if (!isExpected(ended.violation)) continue;
    const story = fault === undefined ? tell(shrink(scenario)) : '';
    post({ kind: 'Found', seed, violation: ended.violation, story });
    if (stopsAtFirst) break;
  }
  if (Date.now() - toldAt > TELL_EVERY_MS) report();
}
report();
post({ kind: 'Done' });
