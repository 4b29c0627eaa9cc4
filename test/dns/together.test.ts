/** Who shares an answer with whom. */
import { expect, test } from '@jest/globals';
import { Together } from '../../src/dns/together.ts';

test('who asks while a question is under way shares the next one with all that came since', async () => {
  const together = new Together<number>();
  const sent: PromiseWithResolvers<number>[] = [];
  const ask = (): Promise<number> =>
    together.ask('example.nl', () => {
      const answer = Promise.withResolvers<number>();
      sent.push(answer);
      return answer.promise;
    });
  const first = ask();
  const others = [ask(), ask(), ask()];
  expect(sent.length).toBe(1);
  sent[0]?.resolve(1);
  expect(await first).toBe(1);
  await new Promise(setImmediate);
  expect(sent.length).toBe(2);
  // That question is under way already: what it finds may be older than this one's wish.
  const late = ask();
  sent[1]?.resolve(2);
  expect(await Promise.all(others)).toEqual([2, 2, 2]);
  await new Promise(setImmediate);
  sent[2]?.resolve(3);
  expect(await late).toBe(3);
  expect(sent.length).toBe(3);
});

test('a failure is told to those who asked, and no others', async () => {
  const together = new Together<string>();
  await expect(together.ask('example.nl', () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
  await expect(together.ask('example.nl', () => Promise.resolve('answer'))).resolves.toBe('answer');
});

test('different questions do not wait for each other', async () => {
  const together = new Together<string>();
  void together.ask('example.nl', () => new Promise(() => undefined));
  await expect(together.ask('example.org', () => Promise.resolve('answer'))).resolves.toBe('answer');
});
