/** Changes that a server carries out together or not at all. Where one of several may be what it refuses, they are sent again in halves. */
import type { OperatorError } from '../../core/errors.ts';
import type { ChangeResult } from './provider.ts';

/** With its place among the results. */
export interface Placed {
  readonly index: number;
}

export type Sent =
  /** None was carried out, and one of several may be why, or they are too much together: each half is sent by itself. */
  | 'Divide'
  /** The result of each. `over`: the server cannot be worked with, so what was not sent yet is refused for this. */
  | { readonly result: ChangeResult; readonly over?: OperatorError };

export type Several<Step> = readonly [Step, ...Step[]];

/**
 * One request at a time, in order.
 * @param results where each step's is put
 * @param send never says `Divide` of one alone
 */
export async function sendInHalves<Step extends Placed>(
  batches: readonly (readonly Step[])[],
  results: ChangeResult[],
  send: (steps: Several<Step>) => Promise<Sent>,
): Promise<void> {
  const waiting = [...batches];
  let over: OperatorError | undefined;
  for (let steps = waiting.shift(); steps !== undefined; steps = waiting.shift()) {
    const [first, ...others] = steps;
    if (first === undefined) continue;
    const sent: Sent =
      over === undefined ? await send([first, ...others]) : { result: { outcome: 'Refused', error: over } };
    if (sent === 'Divide') {
      const middle = Math.ceil(steps.length / 2);
      waiting.unshift(steps.slice(0, middle), steps.slice(middle));
      continue;
    }
    over ??= sent.over;
    for (const { index } of steps) results[index] = sent.result;
  }
}
