import { expect, test } from '@jest/globals';
import { RequestRates } from '../../src/dns/providers/request-rates.ts';

/** A clock that stands still but for sleeping; when each of these requests went, in milliseconds. */
function world(): {
  readonly rates: RequestRates;
  readonly wentAt: (takes: readonly Promise<void>[]) => Promise<number[]>;
} {
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  let now = 10_000;
  const rates = new RequestRates(
    () => now,
    (ms) => new Promise<void>((wake) => sleepers.push({ until: now + ms, wake })),
  );
  const wentAt = async (takes: readonly Promise<void>[]): Promise<number[]> => {
    const times: number[] = [];
    const all = takes.map((take) => take.then(() => times.push(now - 10_000)));
    while (times.length < takes.length) {
      await new Promise(setImmediate);
      const [next] = sleepers.sort((a, b) => a.until - b.until);
      if (next === undefined) continue;
      sleepers.shift();
      now = next.until;
      next.wake();
    }
    await Promise.all(all);
    return times;
  };
  return { rates, wentAt };
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

test("a second's worth goes at once, the rest one by one", async () => {
  const { rates, wentAt } = world();
  const rate = rates.join('account', 'one', 5);
  expect(await wentAt(times(8, rate.take))).toEqual([0, 0, 0, 0, 0, 200, 400, 600]);
});

test('who share an account share its allowance, and the smallest counts, until he leaves', async () => {
  const { rates, wentAt } = world();
  const [one, two] = [rates.join('account', 'one', 5), rates.join('account', 'two', 100)];
  expect(await wentAt([...times(5, one.take), ...times(2, two.take)])).toEqual([0, 0, 0, 0, 0, 200, 400]);
  rates.leave('one');
  expect(await wentAt(times(2, two.take))).toEqual([410, 420]);
  const another = rates.join('other', 'three', 1);
  expect(await wentAt(times(2, another.take))).toEqual([420, 1_420]);
});

test('a pause is for all of them', async () => {
  const { rates, wentAt } = world();
  const [one, two] = [rates.join('account', 'one', 10), rates.join('account', 'two', 10)];
  one.pause(3_000);
  expect(await wentAt([two.take()])).toEqual([3_100]);
});
