import { expect, test } from '@jest/globals';
import { ServerClock } from '../../src/kube/server-clock.ts';
import { FakeClock } from './fake-clock.ts';

/** An API server whose clock is `behindMs` behind ours; each way of an answer takes `wayMs`. */
async function ask(clock: FakeClock, serverClock: ServerClock, behindMs: number, wayMs = 0): Promise<void> {
  const told = serverClock.asked();
  await clock.pass(wayMs);
  const date = new Date(clock.now() - behindMs).toUTCString();
  await clock.pass(wayMs);
  told(date);
}

test.each([0, 31_000, -31_000, 86_400_000])(
  'a clock that is %d ms ahead, by answers of whole seconds',
  async (ahead) => {
    const clock = new FakeClock();
    const serverClock = new ServerClock(clock);
    for (let round = 0; round < 20; round++) {
      await ask(clock, serverClock, ahead, 173);
      expect(Math.abs((serverClock.skewMs() ?? NaN) - ahead)).toBeLessThanOrEqual(500 + 173);
      await clock.pass(137);
    }
  },
);

test('nothing is known before an answer, nor from one without a date', () => {
  const serverClock = new ServerClock(new FakeClock());
  serverClock.asked()(null);
  serverClock.asked()('yesterday');
  expect(serverClock.skewMs()).toBeUndefined();
});

test('an answer that took long, as when the process was paused, says nothing', async () => {
  const clock = new FakeClock();
  const serverClock = new ServerClock(clock);
  await ask(clock, serverClock, 0);
  const before = serverClock.skewMs();
  const told = serverClock.asked();
  const date = new Date(clock.now()).toUTCString();
  clock.pause(60_000);
  told(date);
  expect(serverClock.skewMs()).toBe(before);
});

test('when our clock is set, that shows before the next answer', async () => {
  const clock = new FakeClock();
  const serverClock = new ServerClock(clock);
  await ask(clock, serverClock, 0);
  clock.set(-40_000);
  expect(serverClock.skewMs()).toBeLessThan(-30_000);
  clock.set(40_000);
  expect(Math.abs(serverClock.skewMs() ?? NaN)).toBeLessThanOrEqual(500);
});
