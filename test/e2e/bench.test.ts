/** Benchmarks rot where nobody runs them: the shortest ones, with a handful of MailServers. What they measure is not judged. */
import { expect, test } from '@jest/globals';
import { mustRun } from '../support/process.ts';

test('make bench runs, and prints what it measured', async () => {
  const args = ['bench/main.ts', 'planner', 'ten-thousand'];
  const printed = await mustRun(process.execPath, args, { env: { COUNT: '4' } });
  for (const row of ['a plan, 32 owners at rest', '1 renewed: waiting for caches', 'floor: the API calls']) {
    expect(printed).toContain(row);
  }
});
