/** How many worlds of the model (docs/testing.md) a second has room for, on every core. */
import { availableParallelism } from 'node:os';
import { searchWorlds } from '../test/model/parallel.ts';
import { note, row } from './report.ts';

const WORLDS = 200;

export async function model(): Promise<void> {
  const begun = performance.now();
  const { worlds, releases, found } = await searchWorlds(
    { kind: 'Random', from: 1, until: 1 + WORLDS },
    availableParallelism(),
  );
  const seconds = (performance.now() - begun) / 1000;
  if (found !== undefined) throw new Error(found.violation.message);
  row('model worlds per second', (worlds / seconds).toFixed(1));
  note(`${worlds} random worlds, ${releases} releases, ${availableParallelism()} threads, their start included`);
}
