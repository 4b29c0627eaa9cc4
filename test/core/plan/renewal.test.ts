/** The Secret holds another certificate: what the planner makes of the records. */
import { describe, expect, test } from '@jest/globals';
import { transient } from '../../../src/core/errors.ts';
import { unknown } from '../../../src/core/facts.ts';
import { ee, makeLeaves, publishedWorld, stateOf, ta } from './published-world.ts';

const { first, renewed, otherCA, selfSigned } = await makeLeaves();

describe('a renewal', () => {
  test('adds the new key at once and keeps the former one until no endpoint has presented it for retireAfter', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first), ee(renewed)].sort());

    world.later(48 * 3_600_000);
    world.settle();
    expect(world.published).toContain(ee(first)); // still served: the clock has not begun

    world.serve(renewed);
    world.settle();
    world.later(23 * 3_600_000);
    world.settle();
    expect(world.published).toContain(ee(first));
    world.later(3_600_000);
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(renewed)].sort());
  });

  test('a former certificate that is seen again starts its clock anew', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    world.later(20 * 3_600_000);
    world.serve(first);
    world.settle();
    world.serve(renewed);
    world.settle();
    world.later(20 * 3_600_000);
    world.settle();
    expect(world.published).toContain(ee(first));
  });

  test('a certificate that is in no Secret is told, and changes nothing in the DNS', () => {
    const world = publishedWorld(first);
    const [before, published] = [world.writes, world.published];
    world.serve(renewed);
    expect(stateOf(world, 'ServingMatches')).toBe('False UnknownChainServed');
    world.later(30 * 24 * 3_600_000);
    world.settle();
    expect([world.writes, world.published]).toEqual([before, published]);
  });

  test('to another CA publishes both CAs; to a self-signed certificate takes every 2 1 1 away', () => {
    const world = publishedWorld(first);
    world.hold(otherCA);
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ta(otherCA), ee(first), ee(otherCA)].sort());
    world.hold(selfSigned);
    world.settle();
    expect(world.published.filter((record) => record.startsWith('2'))).toEqual([]);
  });

  test('a Secret that vanishes or turns to garbage takes nothing away', () => {
    const world = publishedWorld(first);
    world.secret = unknown(transient('SecretNotFound', 'gone'));
    expect(stateOf(world, 'CertificatesResolved')).toBe('False SecretNotFound');
    world.later(365 * 24 * 3_600_000);
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
  });
});
