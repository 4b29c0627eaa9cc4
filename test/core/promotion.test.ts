/** What goes into the Secret that pods mount, and when: the parts of it that are no matter of the gate. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ChainSummary } from '../../src/core/chain-summary.ts';
import { stalled, transient } from '../../src/core/errors.ts';
import { known, unknown, type Facts, type Known, type Promotion } from '../../src/core/facts.ts';
import { conditions } from '../../src/core/conditions.ts';
import { plan, type Plan } from '../../src/core/plan.ts';
import type { Effect } from '../../src/core/effect.ts';
import { makeCA, type Issued } from '../support/pki.ts';
import { leafOf, OWNER, World, type Leaf } from '../support/planner-world.ts';

const MISSING = unknown(transient('SecretNotFound', 'no Secret'));
const HOURS_48 = 48 * 3_600_000;

/** As `World`, with a source, the Secret that pods mount, and those who share both. */
class PromotingWorld extends World {
  serving: Known<ChainSummary> = MISSING;
  promotion: Promotion = { permitted: known(true), withheldBy: [] };
  releaseNow: string | undefined;

  promote(): void {
    this.desired = { ...this.desired, certificates: [{ secretName: this.secretName, servingSecretName: 'live' }] };
  }

  override facts(): Facts {
    const facts = super.facts();
    return {
      ...facts,
      secrets: new Map([...facts.secrets, ['live', this.serving]]),
      promotions: new Map([['live', this.promotion]]),
      releaseNow: this.releaseNow,
      owners: facts.owners.map((owner) => ({ ...owner, servers: known([]), resolved: this.records })),
    };
  }

  /** Passes until a Secret is to be written, or nothing is to be done. */
  untilReleaseOrRest(): Plan {
    for (let passes = 0; passes < 20; passes++) {
      const next = plan(this.facts());
      if (JSON.stringify(next.state) === JSON.stringify(this.stored) && next.effect?.kind === 'Release') return next;
      if (this.pass().did === 'Nothing') return next;
    }
    throw new Error('the planner does not come to rest');
  }

  candidate(): object | undefined {
    return this.stored.certificates[0]?.candidate;
  }
}

function releasesOf(effect: Effect | undefined): unknown[] {
  return effect?.kind === 'Release' ? [...effect.releases] : [];
}

let ca: Issued;
let one: Leaf;
let other: Leaf;
beforeAll(async () => {
  const root = await makeCA({ name: 'root' });
  ca = await makeCA({ name: 'issuing CA', issuer: root });
  one = await leafOf(ca);
  other = await leafOf(ca);
});

/** Published long ago, and served. */
function served(leaf: Leaf): PromotingWorld {
  const world = new PromotingWorld();
  world.hold(leaf);
  world.serve(leaf);
  // Seen by all, then forgotten by all.
  for (let wait = 0; wait < 2; wait++) {
    world.settle();
    world.later(HOURS_48);
  }
  world.settle();
  return world;
}

describe('the Secret that pods are to mount does not hold what the source holds', () => {
  test('a MailServer begins to promote: it is made from what is served already', () => {
    const world = served(one);
    world.promote();
    const { effect } = world.untilReleaseOrRest();
    expect(releasesOf(effect)).toEqual([
      {
        kind: 'CopySecret',
        secretName: 'mx1-tls',
        servingSecretName: 'live',
        spkiSHA256: one.summary.spkiSHA256,
        replaces: undefined,
      },
    ]);
  });

  test.each(['SecretNotFound', 'CertificateMissing'] as const)('%s, though it was there: it is made again', (code) => {
    const world = served(one);
    world.promote();
    world.serving = known(one.summary);
    world.settle();
    expect(world.candidate()).toBeUndefined();
    world.serving = unknown(transient(code, 'nothing is there'));
    expect(releasesOf(world.untilReleaseOrRest().effect)).toMatchObject([{ replaces: undefined }]);
  });

  test('what it holds cannot be read: it is not overwritten, and that is said', () => {
    const world = served(one);
    world.promote();
    world.serving = unknown(stalled('KeyDoesNotFit', 'the key does not fit'));
    world.hold(other);
    world.releaseNow = other.summary.spkiSHA256;
    expect(releasesOf(world.untilReleaseOrRest().effect)).toEqual([]);
    expect(world.candidate()).toEqual({ stage: 'Withheld', reason: 'KeyDoesNotFit' });
  });
});

test('the source is broken while its certificate waits: the wait goes on, and when it is over that is said, not that it is released', () => {
  const world = served(one);
  world.promote();
  world.serving = known(one.summary);
  world.settle();
  world.hold(other);
  world.settle();
  world.secret = unknown(stalled('KeyDoesNotFit', 'the key does not fit'));
  world.untilReleaseOrRest();
  expect(world.candidate()).toMatchObject({ stage: 'Waiting' });
  world.releaseNow = other.summary.spkiSHA256;
  expect(releasesOf(world.untilReleaseOrRest().effect)).toEqual([]);
  expect(world.candidate()).toEqual({ stage: 'Withheld', reason: 'KeyDoesNotFit' });
  world.hold(other);
  expect(releasesOf(world.untilReleaseOrRest().effect)).toHaveLength(1);
});

describe('Secrets that several MailServers share', () => {
  function sharing(): PromotingWorld {
    const world = served(one);
    world.promote();
    world.promotion = { permitted: known(true), withheldBy: ['mx2'] };
    return world;
  }

  test('each says that it is ready while it waits for the others', () => {
    const world = sharing();
    expect(releasesOf(world.untilReleaseOrRest().effect)).toEqual([]);
    expect(world.candidate()).toEqual({ stage: 'Withheld', reason: 'WithheldByOther' });
    world.promotion = { permitted: known(true), withheldBy: [] };
    expect(releasesOf(world.untilReleaseOrRest().effect)).toHaveLength(1);
  });

  test('one that is not ready does not say so', () => {
    const world = sharing();
    world.desired = { ...world.desired, suspend: true };
    world.untilReleaseOrRest();
    expect(world.candidate()).toEqual({ stage: 'Withheld', reason: 'Suspended' });
  });

  test('an annotation on one of them does not release what another withholds', () => {
    const world = sharing();
    world.releaseNow = one.summary.spkiSHA256;
    expect(releasesOf(world.untilReleaseOrRest().effect)).toEqual([]);
  });
});

describe('the Secret cannot be written', () => {
  test('the first certificate, whose records are published meanwhile, need not wait for caches after that', () => {
    const world = new PromotingWorld();
    world.promote();
    world.desired = { ...world.desired, probe: 'Disabled' };
    world.looked = false;
    world.hold(one);
    world.promotion = { permitted: unknown(stalled('SourceNotAnnotated', 'not permitted')), withheldBy: [] };
    expect(releasesOf(world.untilReleaseOrRest().effect)).toEqual([]);
    expect(world.published).toHaveLength(2);
    world.promotion = { permitted: known(true), withheldBy: [] };
    expect(releasesOf(world.untilReleaseOrRest().effect)).toHaveLength(1);

    // Pods may present what the Secret held before it was lost.
    world.serving = known(one.summary);
    world.settle();
    world.hold(other);
    world.serving = MISSING;
    expect(releasesOf(world.untilReleaseOrRest().effect)).toEqual([]);
  });

  test('it is tried again, and said; records change all the same', () => {
    const world = served(one);
    world.promote();
    world.untilReleaseOrRest();
    world.promotion = { ...world.promotion, lastAttempt: stalled('PromoteForbidden', 'not allowed') };
    world.desired = { ...world.desired, ttlSeconds: 1800 };
    const next = world.untilReleaseOrRest();
    expect(next.effect).toMatchObject({ kind: 'Release', otherwise: [{ owner: OWNER, ttlSeconds: 1800 }] });
    expect(world.candidate()).toMatchObject({ stage: 'Open', reason: 'PromoteForbidden' });
    expect(conditions(world.facts(), next)).toContainEqual(
      expect.objectContaining({ type: 'Stalled', status: 'True', reason: 'PromoteForbidden' }),
    );
  });
});
