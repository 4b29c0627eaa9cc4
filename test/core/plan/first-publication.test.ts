/** The planner before and at the first publication of an owner. */
import { describe, expect, test } from '@jest/globals';
import { stalled, transient } from '../../../src/core/errors.ts';
import { unknown } from '../../../src/core/facts.ts';
import { DESIRED, type Leaf, leafOf, OWNER, World } from '../../support/planner-world.ts';
import { ee, makeLeaves, publishedWorld, stateOf, ta } from './published-world.ts';

const { first, renewed } = await makeLeaves();

describe('first publication', () => {
  test('goes finalizer, intent, write, version: each in a pass of its own', () => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    const steps: string[] = [];
    for (;;) {
      const { plan, did } = world.pass();
      if (did === 'Nothing') break;
      const [recordSet] = world.stored.recordSets;
      steps.push(
        did === 'Acted'
          ? String(plan.effect?.kind)
          : recordSet?.intent !== undefined
            ? 'intent'
            : recordSet !== undefined
              ? 'version'
              : 'chain',
      );
      // Nothing is in the DNS before the intent is in status.
      if (world.published.length > 0) expect(steps).toContain('intent');
    }
    expect(steps).toEqual(['chain', 'SetFinalizer', 'intent', 'ChangeRecordSets', 'version']);
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
    expect(world.stored.recordSets[0]).toMatchObject({
      owner: OWNER,
      zone: 'example.nl',
      ttlSeconds: 3600,
      versions: [{ kind: 'Unknown' }, { kind: 'Written', records: [] }, { n: 3, kind: 'Written', ttlSeconds: 3600 }],
    });
    expect(world.stored.recordSets[0]?.intent).toBeUndefined();
  });

  test.each<[string, (world: World) => void, string]>([
    ['no address can be connected to', (world) => (world.served = undefined), 'ProbeUnavailable'],
    [
      'the server presents another certificate',
      (world) => {
        world.serve(renewed);
      },
      'UnknownChainServed',
    ],
    ['the zone is not secure', (world) => (world.secure = false), 'Insecure'],
    ['there is no Secret', (world) => (world.secret = unknown(transient('SecretNotFound', 'none'))), 'SecretNotFound'],
    [
      'the provider refuses the host',
      (world) => (world.zone = unknown(stalled('HostnameNotAllowed', 'no'))),
      'HostnameNotAllowed',
    ],
  ])('writes nothing while %s', (_, spoil, reason) => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    spoil(world);
    expect(stateOf(world, 'Ready')).toBe(`False ${reason}`);
    expect(world.writes).toBe(0);
    expect(world.stored.recordSets).toEqual([]);
  });

  test('an insecure zone is written when the spec says Warn, and an unprobed host when it says Disabled', () => {
    const world = new World();
    world.hold(first);
    world.secure = false;
    world.desired = { ...DESIRED, dnssec: 'Warn', probe: 'Disabled' };
    expect(stateOf(world, 'Ready')).toBe('True Published');
    expect(stateOf(world, 'DNSSECSecure')).toBe('False Insecure');
  });
});

describe('a certificate that is not as it should be is published, and said', () => {
  test.each<[string, string, () => Promise<Leaf>]>([
    [
      'expired',
      'True CertificateExpired',
      () => leafOf(undefined, { notBefore: new Date(Date.now() - 2e9), notAfter: new Date(Date.now() - 1e9) }),
    ],
    [
      'of the future',
      'True CertificateNotYetValid',
      () => leafOf(undefined, { notBefore: new Date(Date.now() + 1e9) }),
    ],
    ['for another host', 'True HostnameNotCovered', () => leafOf(undefined, { names: ['mx2.example.nl'] })],
  ])('%s', async (_, condition, make) => {
    const leaf = await make();
    const world = publishedWorld(leaf);
    expect(stateOf(world, 'CertificatesResolved')).toBe(condition);
    expect(world.published).toEqual([ee(leaf)]);
  });
});
