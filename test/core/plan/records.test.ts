/** What the planner makes of what stands in the DNS, and of changes that were lost. */
import { describe, expect, test } from '@jest/globals';
import { stalled, transient } from '../../../src/core/errors.ts';
import { DESIRED, World } from '../../support/planner-world.ts';
import { ee, makeLeaves, publishedWorld, stateOf, ta } from './published-world.ts';

const { first, renewed } = await makeLeaves();

describe('what is in the DNS', () => {
  test('records that are found and right become ours: with the finalizer, and then with our TTL', () => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    world.records = publishedWorld(first).records;
    world.ttlSeconds = 86_400;
    world.settle();
    expect([world.finalizer, world.ttlSeconds, world.stored.recordSets[0]?.ttlSeconds]).toEqual([true, 3600, 3600]);
    world.deleting = true;
    world.settle();
    expect(world.published).toEqual([]);
  });

  test('what was published before a crash is maintained, whatever the checks for a first publication say', () => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    while (world.writes === 0) world.pass(); // killed right after the UPDATE
    world.lastAttempt = undefined;
    world.hold(renewed);
    world.served = undefined;
    world.secure = false;
    world.settle();
    expect(world.published).toContain(ee(renewed));
  });

  test('an UPDATE whose answer was lost, and that arrives after a withdrawal was asked for, is withdrawn', () => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    while (world.stored.recordSets[0]?.intent === undefined) world.pass();
    world.desired = { ...DESIRED, publish: false };
    expect(stateOf(world, 'RecordsPublished')).toBe('False OutcomeUnknown');
    world.records = publishedWorld(first).records; // it arrives
    world.settle();
    expect([world.published, world.stored.recordSets.flatMap(({ records }) => records)]).toEqual([[], []]);
  });

  test('a record of ours that somebody removed comes back', () => {
    const world = publishedWorld(first);
    world.records = [];
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
  });

  test('a new TTL is written once, also when the server lowers it', () => {
    const world = publishedWorld(first);
    const before = world.writes;
    world.desired = { ...DESIRED, ttlSeconds: 7200 };
    world.settle();
    expect([world.writes - before, world.ttlSeconds, world.stored.recordSets[0]?.ttlSeconds]).toEqual([1, 7200, 7200]);
    world.ttlSeconds = 300;
    world.settle();
    expect(world.writes - before).toBe(1);
    world.maxTtlSeconds = 600;
    world.desired = { ...DESIRED, ttlSeconds: 86_400 };
    world.settle();
    expect([world.writes - before, world.ttlSeconds]).toEqual([2, 600]);
    // Senders were asked to keep them for a day.
    expect(world.stored.recordSets[0]?.versions.at(-1)?.ttlSeconds).toBe(86_400);
  });

  test('a change whose answer was lost, and that arrives after another took its place, is taken back', () => {
    const world = publishedWorld(first);
    const announced = (letter: string) => ({ name: letter, spkiSHA256: letter.repeat(64) });
    world.refuse = transient('PrimaryTimeout', 'no answer');
    world.desired = { ...DESIRED, announcedCAs: [announced('a')] };
    world.settle();
    world.desired = { ...DESIRED, announcedCAs: [announced('b')] };
    world.settle();
    world.foreign(`2 1 1 ${'a'.repeat(64)}`); // it arrives
    world.refuse = undefined;
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), `2 1 1 ${'b'.repeat(64)}`, ee(first)].sort());
  });

  test('nor is it left as foreign where nothing took its place', () => {
    const world = publishedWorld(first);
    world.refuse = transient('PrimaryTimeout', 'no answer');
    world.desired = { ...DESIRED, announcedCAs: [{ name: 'a', spkiSHA256: 'a'.repeat(64) }] };
    world.settle();
    world.desired = DESIRED;
    world.settle();
    expect(stateOf(world, 'RecordsPublished')).toBe('False OutcomeUnknown');
    world.foreign(`2 1 1 ${'a'.repeat(64)}`); // it arrives
    world.refuse = undefined;
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first)].sort());
  });

  test('a refused write is said, and the intent stays', () => {
    const world = publishedWorld(first);
    world.refuse = stalled('PrimaryRefused', 'the server refuses');
    world.hold(renewed);
    world.settle();
    expect(stateOf(world, 'RecordsPublished')).toBe('False PrimaryRefused');
    expect(world.stored.recordSets[0]?.intent?.add).toEqual([ee(renewed)]);
    world.refuse = undefined;
    expect(stateOf(world, 'RecordsPublished')).toBe('True Published');
  });
});
