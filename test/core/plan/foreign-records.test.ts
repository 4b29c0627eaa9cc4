/** Records of others, beside ours: left alone, or adopted. */
import { describe, expect, test } from '@jest/globals';
import { known } from '../../../src/core/facts.ts';
import { rolloverSummary } from '../../../src/core/rollover-summary.ts';
import { formatTime } from '../../../src/core/time.ts';
import { DESIRED, World } from '../../support/planner-world.ts';
import { ee, makeLeaves, publishedWorld, stateOf, ta } from './published-world.ts';

const { first, renewed } = await makeLeaves();

describe('foreign records', () => {
  const FOREIGN = `3 1 1 ${'ab'.repeat(32)}`;
  const HOUR = 3_600_000;

  test('a foreign record survives publication, renewal and withdrawal', () => {
    const world = new World();
    world.foreign(FOREIGN);
    world.hold(first);
    world.serve(first);
    world.settle();
    world.hold(renewed);
    world.settle();
    expect(world.published).toContain(FOREIGN);
    expect(world.stored.recordSets[0]?.records).toContainEqual({ data: FOREIGN, role: 'Foreign' });
    world.desired = { ...DESIRED, publish: false };
    world.settle();
    expect(world.published).toEqual([FOREIGN]);
    expect(stateOf(world, 'RecordsPublished')).toBe('True Withdrawn');
  });

  test('an adopted record goes as that of a former certificate does, and is foreign until then', () => {
    const world = publishedWorld(first);
    world.foreign(FOREIGN);
    world.settle();
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    const until = formatTime(new Date(world.now + 24 * HOUR));
    expect(rolloverSummary(world.facts(), world.settle())).toMatchObject({ step: 'Retiring', until });
    world.later(23 * HOUR);
    world.settle();
    expect(world.published).toContain(FOREIGN);
    world.desired = DESIRED; // adopted no more: the clock is forgotten
    world.settle();
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    world.settle();
    world.later(23 * HOUR);
    world.settle();
    expect(world.published).toContain(FOREIGN);
    world.later(HOUR);
    world.looks = 11; // after a restart
    world.settle();
    expect(world.published).toContain(FOREIGN);
    world.looks = 12;
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
  });

  test('without probes an adopted record goes after retireAfter', () => {
    const world = publishedWorld(first);
    world.foreign(FOREIGN);
    world.desired = { ...DESIRED, adoption: 'Adopt', probe: 'Disabled' };
    world.settle();
    world.later(24 * HOUR - 1000);
    world.settle();
    expect(world.published).toContain(FOREIGN);
    world.later(1000);
    world.settle();
    expect(world.published).not.toContain(FOREIGN);
  });

  test('an adopted record of one port does not wait for what another one presents', () => {
    const world = publishedWorld(first);
    const facts = world.facts.bind(world);
    world.facts = () => {
      const { endpoints, ...others } = facts();
      const stranger = { kind: 'Presented', ...renewed } as const;
      const seen = endpoints?.known === true ? endpoints.value : [];
      const more = seen.map((one) => ({ ...one, port: 587, presented: stranger }));
      return { ...others, endpoints: known([...seen, ...more]) };
    };
    world.foreign(FOREIGN);
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    world.settle();
    world.later(24 * HOUR);
    world.settle();
    expect(world.published).not.toContain(FOREIGN);
  });

  test('a withdrawal leaves a record that is not adopted yet', () => {
    const world = publishedWorld(first);
    world.foreign(FOREIGN);
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    world.settle();
    world.desired = { ...world.desired, publish: false };
    world.settle();
    expect(world.published).toEqual([FOREIGN]);
    world.later(25 * HOUR);
    world.settle();
    expect(world.published).toEqual([FOREIGN]);
  });

  test('the clock of adoption stands still while an endpoint presents what it would take away, or does not answer', () => {
    const world = new World();
    world.foreign(ee(first));
    world.ttlSeconds = 3600;
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    world.serve(first);
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    world.settle();
    world.later(48 * HOUR);
    world.settle();
    expect(world.published).toContain(ee(first));
    world.serve(renewed);
    world.settle();
    world.later(20 * HOUR);
    world.served = undefined;
    world.settle();
    world.serve(renewed);
    world.settle();
    world.later(20 * HOUR);
    world.settle();
    expect(world.published).toContain(ee(first));
    world.later(4 * HOUR);
    world.settle();
    expect(world.published).not.toContain(ee(first));
  });

  test('a new TTL is not given to what others left there, once ours are withdrawn', () => {
    const world = publishedWorld(first);
    world.foreign(FOREIGN);
    world.desired = { ...DESIRED, publish: false };
    world.settle();
    world.desired = { ...world.desired, ttlSeconds: 600 };
    world.settle();
    expect([world.published, world.ttlSeconds]).toEqual([[FOREIGN], 3600]);
  });
});
