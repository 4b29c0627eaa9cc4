import { expect, test } from '@jest/globals';
import { appended } from '../../src/controller/kept-answers.ts';
import type { ServerAnswer } from '../../src/core/facts.ts';
import { daneEE } from '../../src/core/tlsa.ts';

const [a, b] = [daneEE('01'.repeat(32)), daneEE('02'.repeat(32))];

const keep = (answers: readonly Partial<ServerAnswer>[]): readonly ServerAnswer[] =>
  answers
    .map((answer, minute): ServerAnswer => ({ at: new Date(minute * 60_000), records: [a], ...answer }))
    .reduce<readonly ServerAnswer[]>(appended, []);
const times = (count: number, answer: (index: number) => Partial<ServerAnswer>): Partial<ServerAnswer>[] =>
  Array.from({ length: count }, (_, index) => answer(index));
const minutes = (answers: readonly ServerAnswer[]): number[] => answers.map(({ at }) => at.getTime() / 60_000);

test('the newest as they came; of equal ones before, the first', () => {
  expect(minutes(keep(times(30, () => ({}))))).toEqual([0, 24, 25, 26, 27, 28, 29]);
});

test('of every value, when it began and when it ended', () => {
  const kept = keep([...times(10, () => ({})), ...times(10, () => ({ records: [b] })), ...times(10, () => ({}))]);
  expect(minutes(kept)).toEqual([0, 9, 10, 19, 20, 24, 25, 26, 27, 28, 29]);
  expect(kept.map(({ records }) => records)).toEqual([[a], [a], [b], [b], ...times(7, () => ({})).map(() => [a])]);
});

test.each<[string, (index: number) => Partial<ServerAnswer>]>([
  ['another value', (index) => ({ records: index % 2 === 0 ? [a] : [b] })],
  ['another TTL', (index) => ({ ttlSeconds: 60 + (index % 2) })],
  ['a longer signature', (index) => ({ signatureValiditySeconds: 60 + (index % 2) })],
  ['another serial', (index) => ({ serial: index })],
])('%s is no equal answer', (_what, answer) => {
  expect(minutes(keep(times(20, answer)))).toEqual(times(20, () => ({})).map((_, index) => index));
});

test('not more than 64 of what changes all the time', () => {
  expect(minutes(keep(times(100, (index) => ({ records: index % 2 === 0 ? [a] : [b] }))))).toEqual(
    Array.from({ length: 64 }, (_, index) => index + 36),
  );
});

test.each([
  ['which is the first', 0, 7],
  ['which is not the first', 5, 7],
  ['before the numbers wrap', 5, 2 ** 32 - 40],
])('the lowest serial stays, %s', (_what, lowest, from) => {
  const serialAt = (index: number): number => (index === lowest ? from : (from + 1 + index) % 2 ** 32);
  const kept = keep(times(100, (index) => ({ serial: serialAt(index) })));
  expect(kept).toHaveLength(64);
  expect(minutes(kept).slice(0, 2)).toEqual([lowest, 37]);
});

test('equal records are held once', () => {
  const kept = keep(times(3, () => ({ records: [daneEE('03'.repeat(32))] })));
  expect(new Set(kept.map(({ records }) => records)).size).toBe(1);
});
