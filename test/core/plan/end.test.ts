/** A MailServer is deleted, or suspended. */
import { describe, expect, test } from '@jest/globals';
import { transient } from '../../../src/core/errors.ts';
import { unknown } from '../../../src/core/facts.ts';
import { DESIRED, type World } from '../../support/planner-world.ts';
import { makeLeaves, publishedWorld, stateOf } from './published-world.ts';

const { first, renewed } = await makeLeaves();

describe('the end', () => {
  test('a deleted MailServer withdraws its records, then lets go', () => {
    const world = publishedWorld(first);
    world.deleting = true;
    world.settle();
    expect([world.published, world.gone]).toEqual([[], true]);
  });

  test.each<[string, (world: World) => void]>([
    ['deletion: Retain', (world) => (world.desired = { ...DESIRED, deletion: 'Retain' })],
    ['suspend', (world) => (world.desired = { ...DESIRED, suspend: true })],
    [
      'the annotation to abandon, with a dead provider',
      (world) => {
        world.zone = unknown(transient('Timeout', 'dead'));
        world.abandon = true;
      },
    ],
  ])('%s lets go and leaves the records', (_, change) => {
    const world = publishedWorld(first);
    change(world);
    world.deleting = true;
    world.settle();
    expect([world.published.length, world.gone]).toEqual([2, true]);
  });

  test('a dead provider does not let a deleted MailServer go', () => {
    const world = publishedWorld(first);
    world.zone = unknown(transient('Timeout', 'dead'));
    world.deleting = true;
    world.settle();
    expect(world.gone).toBe(false);
  });

  test('unless its records were withdrawn before', () => {
    const world = publishedWorld(first);
    world.desired = { ...DESIRED, publish: false };
    world.settle();
    world.zone = unknown(transient('Timeout', 'dead'));
    world.deleting = true;
    world.settle();
    expect(world.gone).toBe(true);
  });

  describe('of which the status was lost while the primary could not be read', () => {
    const robbed = (desired = DESIRED): World => {
      const world = publishedWorld(first);
      world.desired = desired;
      world.unreadable = transient('Timeout', 'the primary does not answer');
      world.stored = { certificates: [], recordSets: [] };
      world.settle();
      return world;
    };

    test('it goes when its records are withdrawn, and no earlier', () => {
      const world = robbed();
      world.deleting = true;
      world.settle();
      expect(world.gone).toBe(false);
      world.unreadable = undefined;
      world.settle();
      expect([world.published, world.gone]).toEqual([[], true]);
    });

    test('its records stay ours, and their TTL is set right', () => {
      const world = robbed({ ...DESIRED, ttlSeconds: DESIRED.ttlSeconds + 1 });
      world.unreadable = undefined;
      world.settle();
      expect(stateOf(world, 'RecordsPublished')).toBe('True Published');
      expect(world.ttlSeconds).toBe(DESIRED.ttlSeconds + 1);
    });

    test('a day is waited for, whatever is found then', () => {
      const world = robbed();
      world.unreadable = undefined;
      world.records = [];
      world.settle();
      expect(world.stored.recordSets[0]?.versions[0]).toMatchObject({ kind: 'Unknown', waitSeconds: 86_400 });
    });
  });

  test('suspended, nothing changes, and status says what would', () => {
    const world = publishedWorld(first);
    const before = world.writes;
    world.desired = { ...DESIRED, suspend: true };
    world.hold(renewed);
    expect(stateOf(world, 'RecordsPublished')).toBe('False Suspended');
    expect(world.writes).toBe(before);
  });
});
