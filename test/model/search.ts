/**
 * `make model WORLDS=1000000`: random worlds (SEED is the first), on every core; or `EXHAUSTIVE=1`: all small ones. What fails is
 * shrunk, told, and ends the search; `MUTANT="prunes before proof"` plants a fault first.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EXHAUSTIVE_WORLDS } from './exhaustive.ts';
import type { Message, Share } from './searcher.ts';

const PROGRESS_MS = 5_000;

const { EXHAUSTIVE, MUTANT } = process.env;
const kind = EXHAUSTIVE === undefined ? 'Random' : 'Exhaustive';
const first = kind === 'Random' ? Number(process.env['SEED'] ?? Date.now() % 2 ** 31) : 0;
const worlds = kind === 'Random' ? Number(process.env['WORLDS'] ?? 1000) : EXHAUSTIVE_WORLDS;
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(worlds)) throw new Error('SEED and WORLDS are whole numbers');

const total = { worlds: 0, judged: 0, releases: 0 };
const found: Extract<Message, { kind: 'Found' }>[] = [];
const began = Date.now();

function progress(): void {
  const seconds = Math.max((Date.now() - began) / 1000, 0.001);
  process.stderr.write(
    `${total.worlds} of ${worlds} worlds, ${Math.round(total.worlds / seconds)} a second; ${total.releases} releases, ${total.judged} pairs of chain and RRset judged (${kind === 'Random' ? `SEED=${first}` : 'exhaustive'})\n`,
  );
}

function run(share: Share, workers: Worker[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('searcher.ts', import.meta.url), { workerData: share });
    workers.push(worker);
    worker.on('error', reject);
    worker.on('exit', () => {
      resolve();
    });
    worker.on('message', (message: Message) => {
      switch (message.kind) {
        case 'Progress':
          total.worlds += message.worlds;
          total.judged += message.judged;
          total.releases += message.releases;
          return;
        case 'Found':
          if (found.push(message) > 1) return;
          process.stdout.write(`${message.story}\n\nworld ${message.seed}: ${message.violation.message}\n`);
          for (const other of workers) void other.terminate();
          return;
        case 'Done':
      }
    });
  });
}

const threads = availableParallelism();
const timer = setInterval(progress, PROGRESS_MS);
const workers: Worker[] = [];
const shares = Array.from({ length: threads }, (_, index): Share => ({
  from: first + index,
  step: threads,
  until: first + worlds,
  kind,
  mutant: MUTANT,
  stopsAtFirst: true,
}));
await Promise.all(shares.map((share) => run(share, workers)));
clearInterval(timer);
progress();
process.exitCode = found.length > 0 ? 1 : 0;
