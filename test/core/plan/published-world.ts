/** The certificates that the tests of the planner use, and a host that is published with one of them. */
import { conditions } from '../../../src/core/conditions.ts';
import { leafOf, World, type Leaf } from '../../support/planner-world.ts';
import { makeCA } from '../../support/pki.ts';

export async function makeLeaves(): Promise<Readonly<Record<'first' | 'renewed' | 'otherCA' | 'selfSigned', Leaf>>> {
  const root = await makeCA({ name: 'Root' });
  const issuing = await makeCA({ name: 'Issuing CA', issuer: root });
  const other = await makeCA({ name: 'Other CA', issuer: root });
  return {
    first: await leafOf(issuing),
    renewed: await leafOf(issuing),
    otherCA: await leafOf(other),
    selfSigned: await leafOf(),
  };
}

export const ee = (leaf: Leaf): string => `3 1 1 ${leaf.summary.spkiSHA256}`;
export const ta = (leaf: Leaf): string => `2 1 1 ${String(leaf.summary.caSPKISHA256s[0])}`;

export function publishedWorld(leaf: Leaf): World {
  const world = new World();
  world.hold(leaf);
  world.serve(leaf);
  world.settle();
  return world;
}

/** What a condition says once nothing is left to do. */
export function stateOf(world: World, type: string): string | undefined {
  const plan = world.settle();
  const condition = conditions(world.facts(), plan).find((candidate) => candidate.type === type);
  return condition && `${condition.status} ${condition.reason}`;
}
