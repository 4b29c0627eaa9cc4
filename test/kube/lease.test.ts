/** Leader election over an API server in memory and a clock that passes when told. On a real Lease: lease-real.test.ts. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errorOfAnswer, errorWithoutAnswer } from '../../src/kube/api-error.ts';
import { sleep } from '../../src/kube/clock.ts';
import type { ApiRequest, Caller } from '../../src/kube/cluster.ts';
import { runLeaderElection } from '../../src/kube/lease.ts';
import { createLogger } from '../../src/observe/log.ts';
import { FakeClock } from './fake-clock.ts';

const log = createLogger({ level: 'silent', format: 'json' });

/** Of each call; no whole number, as on real clocks. */
const LATENCY_MS = 10.25;

interface Lease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly holderIdentity: string; readonly leaseTransitions: number; readonly renewTime: string };
}

/** `NoAnswer`: requests arrive, answers do not. */
type Network = 'Up' | 'Down' | 'NoAnswer';

class World {
  readonly clock = new FakeClock();
  lease: Lease | undefined;
  readonly candidates: Candidate[] = [];
  #version = 0;

  candidate(): Candidate {
    const candidate = new Candidate(this, `candidate-${this.candidates.length}`);
    this.candidates.push(candidate);
    return candidate;
  }

  leaders(): readonly string[] {
    return this.candidates.filter(({ leads }) => leads).map(({ identity }) => identity);
  }

  /** What the API server does. */
  answer({ method, body }: ApiRequest): Lease {
    const wanted = body as Lease;
    if (method === 'PUT' && this.lease === undefined) throw errorOfAnswer(method, 404);
    if (method === 'POST' && this.lease !== undefined) throw errorOfAnswer(method, 409);
    if (method === 'PUT' && wanted.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      throw errorOfAnswer(method, 409);
    }
    if (method !== 'GET') {
      this.#version += 1;
      this.lease = { ...wanted, metadata: { resourceVersion: String(this.#version) } };
    }
    if (this.lease === undefined) throw errorOfAnswer(method, 404);
    return this.lease;
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await this.clock.pass(500);
      expect(this.leaders().length).toBeLessThan(2);
    }
  }
}

class Candidate {
  readonly identity: string;
  network: Network = 'Up';
  leads = false;
  /** What it may believe at any moment. */
  holds = (): boolean => false;
  readonly #stop = new AbortController();
  readonly ended: Promise<'Released' | 'Lost'>;

  constructor(world: World, identity: string) {
    this.identity = identity;
    const cluster: Caller = {
      call: async <T>(request: ApiRequest): Promise<T> => {
        await sleep(world.clock, LATENCY_MS, new AbortController().signal);
        if (this.network === 'Down') throw errorWithoutAnswer(request.method, 'no answer');
        const answer = world.answer(request);
        if (this.network === 'NoAnswer') throw errorWithoutAnswer(request.method, 'no answer');
        return answer as T;
      },
    };
    const onStartedLeading = (holds: () => boolean): void => {
      this.holds = holds;
      this.leads = true;
    };
    const election = {
      namespace: 'ns',
      name: 'lease',
      identity,
      onStartedLeading,
      clock: world.clock,
      random: () => 0.5,
      log,
    };
    this.ended = runLeaderElection({ cluster, ...election }, this.#stop.signal).finally(() => {
      this.leads = false;
    });
  }

  stop(): Promise<'Released' | 'Lost'> {
    this.#stop.abort();
    return this.ended;
  }
}

async function twoCandidates() {
  const world = new World();
  const first = world.candidate();
  await world.pass(1_000);
  const second = world.candidate();
  await world.pass(60_000);
  expect(world.leaders()).toEqual(['candidate-0']);
  return { world, first, second };
}

test('the one who has the lease keeps it as long as it renews', async () => {
  const { world } = await twoCandidates();
  await world.pass(10 * 60_000);
  expect(world.leaders()).toEqual(['candidate-0']);
  expect(world.lease?.spec).toMatchObject({ holderIdentity: 'candidate-0', leaseTransitions: 0 });
  expect(world.lease?.spec.renewTime).toMatch(/^2026-01-01T00:1\d:\d\d\.\d{6}Z$/);
});

test('who stops gives it up, and the next one leads at its next look', async () => {
  const { world, first } = await twoCandidates();
  const stopped = first.stop();
  await world.pass(1_000);
  expect(await stopped).toBe('Released');
  expect(world.lease?.spec.holderIdentity).toBe('');
  await world.pass(4_500);
  expect(world.leaders()).toEqual(['candidate-1']);
  expect(world.lease?.spec.leaseTransitions).toBe(1);
});

test.each(['Down', 'NoAnswer'] as const)(
  'who cannot renew (%s) ends before another leads, and another leads soon after',
  async (network) => {
    const { world, first } = await twoCandidates();
    first.network = network;
    await world.pass(12_500);
    expect(world.leaders()).toEqual([]);
    expect(await first.ended).toBe('Lost');
    await world.pass(15_000);
    expect(world.leaders()).toEqual(['candidate-1']);
  },
);

test('a leader that was paused knows at once, before any of its timers; one that renewed in time still leads', async () => {
  const { world, first } = await twoCandidates();
  world.clock.pause(7_000);
  expect(first.holds()).toBe(true);
  await world.pass(3_000);
  expect(first.holds()).toBe(true);
  // The other clock does not tell.
  world.clock.set(-10_000);
  world.clock.pause(10_000);
  expect(first.holds()).toBe(false);
});

test('a machine that slept stops the monotonic clock, not the other one', async () => {
  const { world, first } = await twoCandidates();
  world.clock.set(60_000);
  expect(first.holds()).toBe(false);
  await world.pass(3_000);
  expect(first.holds()).toBe(true);
});

test('answers that were lost do not cost the lease when one comes just before the deadline', async () => {
  const { world, first } = await twoCandidates();
  first.network = 'NoAnswer';
  await world.pass(6_500);
  first.network = 'Up';
  await world.pass(60_000);
  expect(world.leaders()).toEqual(['candidate-0']);
});

test('clocks that disagree do not matter: a holder whose times are of the past is left alone while it renews', async () => {
  const { world } = await twoCandidates();
  world.clock.set(-24 * 60 * 60_000);
  await world.pass(60_000);
  world.clock.set(48 * 60 * 60_000);
  await world.pass(60_000);
  expect(world.leaders()).toEqual(['candidate-0']);
});

test('a lease that was taken by force is lost at once', async () => {
  const { world, first } = await twoCandidates();
  const { lease } = world;
  if (lease === undefined) throw new Error('there is a lease');
  world.answer({ method: 'PUT', path: '', body: { ...lease, spec: { ...lease.spec, holderIdentity: 'thief' } } });
  await world.pass(4_500);
  expect(await first.ended).toBe('Lost');
  expect(first.holds()).toBe(false);
});

test('a lease that was deleted is made again by its holder, and by nobody else meanwhile', async () => {
  const { world } = await twoCandidates();
  world.lease = undefined;
  await world.pass(4_500);
  expect(world.leaders()).toEqual(['candidate-0']);
  expect(world.lease).toMatchObject({ spec: { holderIdentity: 'candidate-0' } });
});

test('whatever the network does there are never two leaders, and in the end there is one', async () => {
  const step = fc.record({
    who: fc.nat({ max: 2 }),
    what: fc.constantFrom<Network | 'Stop'>('Up', 'Down', 'NoAnswer', 'Stop'),
    seconds: fc.integer({ min: 1, max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const world = new World();
      const places = [world.candidate(), world.candidate(), world.candidate()];
      for (const { who, what, seconds } of steps) {
        const candidate = places[who];
        if (what === 'Stop') void candidate?.stop();
        else if (candidate !== undefined) candidate.network = what;
        await world.pass(seconds * 1000);
      }
      for (const candidate of places) candidate.network = 'Up';
      world.candidate();
      await world.pass(40_000);
      expect(world.leaders()).toHaveLength(1);
    }),
    { numRuns: 50 },
  );
});
