/**
 * Tests with many generated cases. In `make test` a few of each; `make fuzz` sets FUZZ_CASES. What fails is shrunk, and printed with
 * a CASE by which that one case is run again: `CASE=... npm run jest -- test/fuzz/... -t 'its name'`. SEED repeats a whole run.
 */
import { test } from '@jest/globals';
import fc from 'fast-check';
import { inspect } from 'node:util';

export interface FuzzOptions {
  /** Cases in a short run. */
  readonly short: number;
  /** Of the cases in a long run, one in this many: for cases that cost a connection. Default: all. */
  readonly oneIn?: number;
}

const { CASE, FUZZ_CASES, SEED } = process.env;
const PROGRESS_MS = 10_000;
const MAX_MS = 20 * 60_000;

/** `attempt` fails by throwing. */
export function fuzz<T>(
  name: string,
  { short, oneIn = 1 }: FuzzOptions,
  cases: fc.Arbitrary<T>,
  attempt: (one: T) => void | Promise<void>,
): void {
  const numRuns = FUZZ_CASES === undefined ? short : Math.ceil(Number(FUZZ_CASES) / oneIn);
  const [seed, path] = (CASE ?? SEED ?? String(Date.now() % 0x7fffffff)).split('/');
  const report = reporter(name, numRuns, Number(seed));

  test(
    name,
    async () => {
      const property = fc.asyncProperty(cases, async (one) => {
        report();
        await attempt(one);
      });
      const result = await fc.check(property, {
        numRuns,
        seed: Number(seed),
        ...(path && { path, endOnFailure: true }),
      });
      if (!result.failed) return;
      const found = `${name}: CASE=${result.seed}/${result.counterexamplePath ?? ''}`;
      throw new Error(`${found}\n${inspect(result.counterexample, SHOW)}`, { cause: result.errorInstance });
    },
    MAX_MS,
  );
}

const SHOW = { depth: null, maxArrayLength: null, maxStringLength: 200, breakLength: 160 } as const;

/** Says now and then, in a long run, how far it has come. */
function reporter(name: string, numRuns: number, seed: number): () => void {
  if (FUZZ_CASES === undefined) return () => undefined;
  let [done, begun, told] = [0, 0, 0];
  return () => {
    const now = Date.now();
    if (done === 0) begun = told = now;
    done += 1;
    if (now - told < PROGRESS_MS && done !== numRuns) return;
    told = now;
    const rate = Math.round((done * 1000) / Math.max(now - begun, 1));
    process.stderr.write(`${name}: ${done} of ${numRuns}, ${rate} a second (SEED=${seed})\n`);
  };
}

/** What was expected of a case, said when it is not so. Quicker than `expect`, which counts in 10^5 cases. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
