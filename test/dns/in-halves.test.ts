import { expect, test } from '@jest/globals';
import { transient } from '../../src/core/errors.ts';
import { sendInHalves, type Placed, type Sent } from '../../src/dns/providers/in-halves.ts';
import type { ChangeResult } from '../../src/dns/providers/provider.ts';

const APPLIED = { outcome: 'Applied' } as const;
const CONFLICT = { outcome: 'Conflict' } as const;
const TIMEOUT = transient('PrimaryTimeout', 'no answer');

/** What was sent, and how it ended, where `answer` says what a server makes of steps. */
async function sent(batches: readonly (readonly number[])[], answer: (steps: readonly number[]) => Sent) {
  const requests: string[] = [];
  const results: ChangeResult[] = [];
  const steps = batches.map((batch) => batch.map((index): Placed => ({ index })));
  await sendInHalves(steps, results, (several) => {
    const indices = several.map(({ index }) => index);
    requests.push(indices.join(' '));
    return Promise.resolve(answer(indices));
  });
  return { requests, results };
}

test('the one that is refused is found, and the others are carried out', async () => {
  const { requests, results } = await sent([[0, 1, 2, 3, 4]], (steps) => {
    if (!steps.includes(3)) return { result: APPLIED };
    return steps.length > 1 ? 'Divide' : { result: CONFLICT };
  });
  expect(requests).toEqual(['0 1 2 3 4', '0 1 2', '3 4', '3', '4']);
  expect(results).toEqual([APPLIED, APPLIED, APPLIED, CONFLICT, APPLIED]);
});

test('once a server cannot be worked with, nothing more is sent: the first may have been carried out, the others were not', async () => {
  const unknown = { outcome: 'Unknown', error: TIMEOUT } as const;
  const refused = { outcome: 'Refused', error: TIMEOUT } as const;
  const { requests, results } = await sent([[0, 1, 2], [3]], (steps) => {
    if (steps.length > 2) return 'Divide';
    return { result: unknown, over: TIMEOUT };
  });
  expect(requests).toEqual(['0 1 2', '0 1']);
  expect(results).toEqual([unknown, unknown, refused, refused]);
});

test('of nothing nothing is sent', async () => {
  expect(await sent([[]], () => ({ result: APPLIED }))).toEqual({ requests: [], results: [] });
});
