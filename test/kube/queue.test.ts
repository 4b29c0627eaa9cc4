import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WorkQueue, type WorkQueueOptions } from '../../src/kube/queue.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { FakeClock, settle } from './fake-clock.ts';

const HOUR = 60 * 60_000;

function queueOf(options: Partial<WorkQueueOptions> = {}) {
  const clock = new FakeClock();
  const worked: string[] = [];
  const errors: unknown[] = [];
  const queue = new WorkQueue({
    workers: 2,
    work: (key) => {
      worked.push(key);
      return Promise.resolve();
    },
    onError: (_, error) => errors.push(error),
    clock,
    random: () => 1,
    ...options,
  });
  return { clock, queue, worked, errors };
}

/** Work that goes on until it is told to end. */
function heldWork() {
  const running = new Map<string, () => void>();
  const started: string[] = [];
  const twiceAtOnce: string[] = [];
  const work = (key: string): Promise<void> => {
    if (running.has(key)) twiceAtOnce.push(key);
    started.push(key);
    return new Promise((resolve) => {
      running.set(key, () => {
        running.delete(key);
        resolve();
      });
    });
  };
  const finish = async (key: string): Promise<void> => {
    running.get(key)?.();
    await settle();
  };
  return { work, started, twiceAtOnce, running, finish };
}

describe('keys', () => {
  test('a key added many times before work begins is worked on once', async () => {
    const { queue, worked } = queueOf();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    queue.start();
    await settle();
    expect(worked).toEqual(['a', 'b']);
  });

  test('a key added while under work is worked on once more afterwards', async () => {
    const held = heldWork();
    const { queue } = queueOf({ work: held.work });
    queue.start();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(held.started).toEqual(['a']);
    await held.finish('a');
    expect(held.started).toEqual(['a', 'a']);
    await held.finish('a');
    expect(held.started).toEqual(['a', 'a']);
  });

  test('no more keys are under work than there are workers, first come first served', async () => {
    const held = heldWork();
    const { queue } = queueOf({ work: held.work });
    queue.start();
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    expect([...held.running.keys()]).toEqual(['a', 'b']);
    await held.finish('b');
    expect([...held.running.keys()]).toEqual(['a', 'c']);
  });

  test('whatever is added in whatever order: every key is worked on after it was last added, never twice at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c', 'finish'), { maxLength: 40 }), async (steps) => {
        const held = heldWork();
        const { queue } = queueOf({ work: held.work });
        queue.start();
        const owed = new Set<string>();
        for (const step of steps) {
          const startedBefore = held.started.length;
          if (step === 'finish') await held.finish([...held.running.keys()][0] ?? '');
          else {
            owed.add(step);
            queue.add(step);
          }
          for (const key of held.started.slice(startedBefore)) owed.delete(key);
        }
        for (let startedBefore = held.started.length; held.running.size > 0; startedBefore = held.started.length) {
          await held.finish([...held.running.keys()][0] ?? '');
          for (const key of held.started.slice(startedBefore)) owed.delete(key);
        }
        expect(owed).toEqual(new Set());
        expect(held.twiceAtOnce).toEqual([]);
      }),
    );
  });
});

describe('later', () => {
  test('of several wishes the earliest counts', async () => {
    const { clock, queue, worked } = queueOf();
    queue.start();
    queue.addAfter('a', 10_000);
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 20_000);
    await clock.pass(4_999);
    expect(worked).toEqual([]);
    await clock.pass(1);
    expect(worked).toEqual(['a']);
    await clock.pass(HOUR);
    expect(worked).toEqual(['a']);
  });

  test('no timer is longer than an hour, and a wait of sixty days ends on time', async () => {
    const { clock, queue, worked } = queueOf();
    queue.start();
    queue.addAfter('a', 60 * 24 * HOUR);
    await clock.pass(60 * 24 * HOUR - 1);
    expect(worked).toEqual([]);
    await clock.pass(1);
    expect(worked).toEqual(['a']);
    expect(Math.max(...clock.delays)).toBe(HOUR);
  });

  test('when the clock is set, the wait ends by the new time', async () => {
    const { clock, queue, worked } = queueOf();
    queue.start();
    queue.addAfter('a', 10 * HOUR);
    clock.set(9 * HOUR);
    await clock.pass(HOUR);
    expect(worked).toEqual(['a']);
  });
});

describe('failure', () => {
  test('work that fails is reported and tried again, each time later, up to five minutes', async () => {
    const { clock, queue, errors } = queueOf({ work: () => Promise.reject(new Error('no')) });
    queue.start();
    queue.add('a');
    await settle();
    await clock.pass(HOUR);
    expect(clock.delays.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
    expect(Math.max(...clock.delays)).toBe(5 * 60_000);
    expect(errors.length).toBeGreaterThan(16);
  });

  test('after a success the wait is short again', () => {
    const { clock, queue } = queueOf();
    for (let failures = 0; failures < 10; failures += 1) queue.retry('a');
    queue.forget('a');
    queue.retry('b');
    queue.retry('a');
    expect(clock.delays).toEqual([5, 5]);
  });

  test('jitter takes up to half of the wait', () => {
    const { clock, queue } = queueOf({ random: () => 0 });
    queue.retry('a');
    expect(clock.delays).toEqual([2.5]);
  });
});

test('draining waits for the work under way, and starts nothing more', async () => {
  const held = heldWork();
  const { clock, queue } = queueOf({ work: held.work, workers: 1 });
  queue.start();
  for (const key of ['a', 'b', 'a']) queue.add(key);
  queue.addAfter('c', 1_000);
  let isDrained = false;
  const drained = queue.drain().then(() => (isDrained = true));
  queue.add('d');
  queue.retry('e');
  await clock.pass(HOUR);
  expect(isDrained).toBe(false);
  await held.finish('a');
  await drained;
  expect(held.started).toEqual(['a']);
  expect(clock.timers).toBe(0);
});

test('the metrics tell what the queue does', async () => {
  const metrics = createMetrics();
  const held = heldWork();
  const { clock, queue } = queueOf({
    work: held.work,
    workers: 1,
    metrics: (state) => metrics.queue('mailserver', state),
  });
  queue.start();
  queue.add('a');
  queue.add('b');
  queue.retry('c');
  queue.add('a');
  queue.add('a');
  await clock.pass(2_000);
  const value = async (name: string): Promise<number | undefined> => {
    const line = (await metrics.registry.metrics())
      .split('\n')
      .find((text) => text.startsWith(`${name}{name="mailserver"`));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
  expect(await value('workqueue_adds_total')).toBe(4);
  expect(await value('workqueue_retries_total')).toBe(1);
  expect(await value('workqueue_depth')).toBe(2);
  expect(await value('workqueue_unfinished_work_seconds')).toBe(2);
  expect(await value('workqueue_longest_running_processor_seconds')).toBe(2);
  await held.finish('a');
  expect(await value('workqueue_work_duration_seconds_sum')).toBe(2);
  expect(await value('workqueue_queue_duration_seconds_sum')).toBe(2);
  expect(await value('workqueue_depth')).toBe(2);
});
