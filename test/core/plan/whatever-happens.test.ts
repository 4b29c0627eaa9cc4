/** What holds after any events, in any order. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { transient } from '../../../src/core/errors.ts';
import { unknown } from '../../../src/core/facts.ts';
import { judge } from '../../../src/core/match.ts';
import { HOST, type World } from '../../support/planner-world.ts';
import { makeLeaves, publishedWorld } from './published-world.ts';

const { first, renewed, otherCA, selfSigned } = await makeLeaves();

describe('whatever happens', () => {
  type Event = (world: World) => void;
  const events: fc.Arbitrary<Event> = fc.constantFrom<Event[]>(
    (world) => {
      world.hold(first);
    },
    (world) => {
      world.hold(renewed);
    },
    (world) => {
      world.hold(otherCA);
    },
    (world) => {
      world.hold(selfSigned);
    },
    (world) => {
      world.serve(first);
    },
    (world) => {
      world.serve(renewed);
    },
    (world) => {
      world.served = undefined;
    },
    (world) => {
      world.secret = unknown(transient('SecretNotFound', 'gone'));
    },
    (world) => {
      world.lastAttempt = undefined;
    }, // the operator was killed
    (world) => {
      world.foreign(`3 1 1 ${'cd'.repeat(32)}`);
    },
    (world) => {
      world.records = world.records.slice(1);
    },
    (world) => {
      world.desired = { ...world.desired, ttlSeconds: world.desired.ttlSeconds === 3600 ? 1800 : 3600 };
    },
    (world) => {
      world.later(25 * 3_600_000);
    },
    (world) => {
      world.pass();
    },
    (world) => {
      world.pass();
    },
    (world) => {
      world.pass();
    },
  );

  test('the planner comes to rest, and what it then has published strictly accepts every chain in use', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (history) => {
        const world = publishedWorld(first);
        for (const event of history) event(world);
        world.settle();
        const ours = world.records.filter((record) => record.data !== 'cd'.repeat(32));
        const inUse = world.stored.certificates.flatMap(({ chains }) => chains).map(({ spkiSHA256 }) => spkiSHA256);
        for (const leaf of [first, renewed, otherCA, selfSigned]) {
          if (inUse.includes(leaf.summary.spkiSHA256))
            expect(judge(ours, leaf.chain, HOST, new Date()).strictlyAccepts).toBe(true);
        }
        expect(world.pass().did).toBe('Nothing');
      }),
      { numRuns: 300 },
    );
  });

  test('a foreign record is there until somebody else removes it', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 20 }), (history) => {
        const world = publishedWorld(first);
        for (const event of history) {
          const had = world.published.some((record) => record.endsWith('cd'.repeat(32)));
          const before = world.writes;
          event(world);
          const lost = had && !world.published.some((record) => record.endsWith('cd'.repeat(32)));
          // Only the event that takes a record away by hand may lose it, and that writes nothing itself.
          if (lost) expect(world.writes).toBe(before);
        }
      }),
      { numRuns: 200 },
    );
  });
});
