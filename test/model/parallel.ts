/** A search for a world in which something is wrong, on several threads, to the first that is found. */
import { Worker } from 'node:worker_threads';
import type { Ended } from './try.ts';

/** Worlds from one number to another, which is left out. */
export type Task =
  /** The number is a seed. */
  | { readonly kind: 'Random'; readonly from: number; readonly until: number; readonly mutant?: string | undefined }
  /** The number is that of a group (exhaustive.ts). */
  | { readonly kind: 'Exhaustive'; readonly from: number; readonly until: number; readonly mishaps: 1 | 2 };

export interface Share {
  readonly task: Task;
  readonly index: number;
  readonly of: number;
}

export interface Found {
  readonly seed: number;
  readonly violation: NonNullable<Ended['violation']>;
  /** Of the smallest world that still shows it; none where a fault was planted. */
  readonly story: string;
}

export interface Progress {
  readonly worlds: number;
  /** Pairs of a chain and an RRset. */
  readonly judged: number;
  readonly releases: number;
}

export type Message = ({ readonly kind: 'Found' } & Found) | ({ readonly kind: 'Progress' } & Progress);

export interface Searched extends Progress {
  readonly found: Found | undefined;
}

export async function searchWorlds(
  task: Task,
  threads: number,
  onProgress: (soFar: Progress) => void = () => undefined,
): Promise<Searched> {
  let searched: Searched = { worlds: 0, judged: 0, releases: 0, found: undefined };
  const workers = Array.from({ length: threads }, (_, index) => {
    const share: Share = { task, index, of: threads };
    return new Worker(new URL('searcher.ts', import.meta.url), { workerData: share });
  });
  const ends = workers.map(
    (worker) =>
      new Promise<void>((resolve, reject) => {
        worker.on('error', reject);
        worker.on('exit', () => {
          resolve();
        });
        worker.on('message', (message: Message) => {
          if (message.kind === 'Progress') {
            const { worlds, judged, releases } = message;
            searched = {
              ...searched,
              worlds: searched.worlds + worlds,
              judged: searched.judged + judged,
              releases: searched.releases + releases,
            };
            onProgress(searched);
          } else if (searched.found === undefined) {
            searched = { ...searched, found: message };
            for (const other of workers) void other.terminate();
          }
        });
      }),
  );
  try {
    await Promise.all(ends);
  } finally {
    for (const worker of workers) void worker.terminate();
  }
  return searched;
}
