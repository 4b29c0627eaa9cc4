/** Observe: what is said before a renewal holds when it comes (docs/rollover.md, "Observe"). */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { acceptance } from '../../src/core/accepts.ts';
import { parseChain } from '../../src/core/certificate.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import { covered } from '../../src/core/covered.ts';
import { transient } from '../../src/core/errors.ts';
import { known, unknown } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import { formatTime } from '../../src/core/time.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { HOST, leafOf, type Leaf } from '../support/planner-world.ts';
import { makeCA, makeLeaf } from '../support/pki.ts';
import { PromoteWorld, SERVING, SOURCE } from '../support/promote-world.ts';

const HOUR = 3_600_000;

let first: Leaf;
let renewed: Leaf;
let otherCA: Leaf;
let selfSigned: Leaf;
let ofAnotherHost: Leaf;
/** `first`, and the same certificate as a server that sends no CA presents it. */
let alone: Leaf;
/** The key of `first`, certified by another CA. */
let sameKey: Leaf;
beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const issuing = await makeCA({ name: 'Issuing CA', issuer: root });
  const other = await makeCA({ name: 'Other CA', issuer: root });
  [renewed, otherCA, selfSigned] = await Promise.all([leafOf(issuing), leafOf(other), leafOf()]);
  ofAnotherHost = await leafOf(issuing, { names: ['mx2.example.nl'] });
  const issued = await makeLeaf({ names: [HOST], issuer: issuing });
  const [whole, leaf] = [parseChain(issued.chainPem), parseChain(issued.pem)];
  first = { chain: whole, summary: summarize(whole) };
  const again = parseChain(
    (
      await makeLeaf({
        names: [HOST],
        issuer: other,
        sameKeyAs: issued,
        notAfter: new Date(Date.now() + 9 * 24 * HOUR),
      })
    ).chainPem,
  );
  sameKey = { chain: again, summary: summarize(again) };
  alone = { chain: leaf, summary: summarize(leaf) };
});

/** One Secret, which the server mounts. */
function observing(desired: Partial<PromoteWorld['desired']> = {}): PromoteWorld {
  const world = new PromoteWorld();
  world.desired = { ...world.desired, certificates: [{ secretName: SOURCE }], ...desired };
  return world;
}

function holds(world: PromoteWorld, leaf: Leaf): void {
  world.source = leaf;
  world.served = leaf;
}

const saidOf = (world: PromoteWorld) => {
  const facts = world.facts();
  return covered(facts, plan(facts));
};
const said = (world: PromoteWorld): string => `${saidOf(world).status} ${saidOf(world).reason}`;

/** Since long. */
function resting(leaf: Leaf, desired: Partial<PromoteWorld['desired']> = {}): PromoteWorld {
  const world = observing(desired);
  holds(world, leaf);
  world.pass(72 * HOUR);
  return world;
}

test('what senders may hold from before decides, and until when is said', () => {
  const world = observing();
  holds(world, first);
  world.records = [parseTlsa(`3 1 1 ${first.summary.spkiSHA256}`)];
  world.pass(60_000);
  expect(said(world)).toBe('False EarlierRecordsHeld');
  // What stood there before us counts for a day.
  world.pass(23 * HOUR);
  expect(said(world)).toBe('False EarlierRecordsHeld');
  expect(saidOf(world).message).toContain(`until ${formatTime(new Date(world.now)).slice(0, 8)}`);
  world.pass(2 * HOUR);
  expect(said(world)).toBe('True TrustAnchorPublished');
});

test('while it is True, every RRset that a sender may hold accepts what a renewal by the same CA serves', () => {
  const world = resting(first);
  expect(said(world)).toBe('True TrustAnchorPublished');
  holds(world, renewed);
  const accepted = (): boolean[] =>
    world.stored.recordSets.flatMap(({ versions }) =>
      versions.map(({ records }) => acceptance(records.map(parseTlsa), renewed.summary, HOST).accepts),
    );
  expect(accepted()).toEqual([true]);
  world.pass(60_000);
  expect(accepted()).toEqual([true, true]);
  // By another CA it would not be.
  const [version] = world.stored.recordSets[0]?.versions ?? [];
  expect(acceptance((version?.records ?? []).map(parseTlsa), otherCA.summary, HOST).accepts).toBe(false);
});

describe('it is not covered, and it is said what will happen, for how long, and what to do', () => {
  test.each<[string, () => PromoteWorld, string]>([
    ['a self-signed certificate', () => resting(selfSigned), 'no CA certificate comes with that of Secret mx1-tls'],
    ['records of keys alone', () => resting(first, { records: ['3 1 1'] }), 'spec.records leaves it out'],
    [
      'a certificate for another host',
      () => resting(ofAnotherHost),
      'the certificate in Secret mx1-tls is not for mx1.example.nl',
    ],
    [
      'a server that sends no CA',
      () => {
        const world = resting(first);
        world.served = alone;
        world.pass(72 * HOUR);
        return world;
      },
      'no CA certificate comes with that of Secret mx1-tls',
    ],
  ])('%s', (_, make, why) => {
    const world = make();
    expect(said(world)).toBe('False NoTrustAnchor');
    expect(saidOf(world).message).toMatch(
      /refuse a renewed key for up to 3600 s.*use a DaneIssuer or servingSecretName/,
    );
    expect(saidOf(world).message).toContain(`, since ${why}`);
  });
});

test('not by a 2 1 1 that cannot match a certificate for another host, though it stands there for its CA', () => {
  const world = resting(first);
  expect(said(world)).toBe('True TrustAnchorPublished');
  world.desired = { ...world.desired, suspend: true };
  holds(world, ofAnotherHost);
  world.settle();
  expect(said(world)).toBe('False NoTrustAnchor');
});

test('not while an endpoint presents what is in no Secret: senders refuse it already', () => {
  const world = resting(first);
  world.served = otherCA;
  expect(said(world)).toBe('False UnknownChainServed');
  world.served = first;
  expect(said(world)).toBe('True TrustAnchorPublished');
});

test('nor while a name server answers what stood there before, and nobody remembers what that was', () => {
  const world = resting(first);
  expect(world.stored.recordSets[0]?.versions).toHaveLength(1);
  world.change = { owners: world.facts().owners.map((owner) => ({ ...owner, lagging: known(['ns2.example.nl']) })) };
  expect(saidOf(world)).toMatchObject({ status: 'False', reason: 'ServersLag' });
  expect(saidOf(world).message).toContain('ns2.example.nl');
});

test('nor while one presents a key that the records name, by a CA that they do not: the next key is not named', () => {
  const world = resting(first);
  world.served = sameKey;
  expect(said(world)).toBe('False UnknownChainServed');
});

test.each<[string, (world: PromoteWorld) => void, string]>([
  [
    'records of others that match nothing',
    (world) => {
      world.records = [...world.records, parseTlsa(`3 0 1 ${'ab'.repeat(32)}`)];
    },
    'False ForeignRecordBlocks',
  ],
  [
    'a Secret that cannot be read may have been renewed',
    (world) => {
      world.change = { secrets: new Map([[SOURCE, unknown(transient('SecretUnreadable', 'no answer'))]]) };
    },
    'Unknown SecretUnreadable',
  ],
  [
    'a Secret that is gone has not been',
    (world) => {
      world.change = { secrets: new Map([[SOURCE, unknown(transient('SecretNotFound', 'none'))]]) };
    },
    'True TrustAnchorPublished',
  ],
  [
    'an endpoint that does not answer changes nothing',
    (world) => {
      world.answersServe = false;
    },
    'True TrustAnchorPublished',
  ],
])('%s', (_, spoil, expected) => {
  const world = resting(first);
  spoil(world);
  expect(said(world)).toBe(expected);
});

test.each<[string, () => PromoteWorld, string]>([
  [
    'what a Secret will hold that is not there yet is not known',
    () => {
      const world = resting(first);
      world.desired = { ...world.desired, certificates: [{ secretName: 'mistyped' }] };
      return world;
    },
    'Unknown SecretNotFound',
  ],
  [
    'nor is it beside one that is there',
    () => {
      const world = resting(first);
      world.desired = { ...world.desired, certificates: [{ secretName: SOURCE }, { secretName: 'mistyped' }] };
      return world;
    },
    'Unknown SecretNotFound',
  ],
  [
    'a Secret that holds a stolen key again is not covered by anything',
    () => {
      const world = resting(first);
      world.desired = { ...world.desired, compromisedKeys: [first.summary.spkiSHA256] };
      holds(world, renewed);
      world.settle();
      world.source = first;
      return world;
    },
    'Unknown CompromisedKey',
  ],
])('%s', (_, make, expected) => {
  const world = make();
  world.change = {
    secrets: new Map([
      [SOURCE, known((world.source ?? first).summary)],
      ['mistyped', unknown(transient('SecretNotFound', 'none'))],
    ]),
  };
  world.settle();
  expect(said(world)).toBe(expected);
});

test('a digest of foreign hand hides the 2 1 1 in what senders hold, also when it is gone', () => {
  const world = observing();
  holds(world, first);
  world.records = [parseTlsa(`2 1 2 ${'ab'.repeat(64)}`)];
  world.pass(72 * HOUR);
  expect(said(world)).toBe('False ForeignRecordBlocks');
  world.desired = { ...world.desired, adoption: 'Adopt' };
  world.pass(24 * HOUR);
  expect(world.records).toHaveLength(2);
  expect(said(world)).toBe('False EarlierRecordsHeld');
  world.pass(3 * HOUR);
  expect(said(world)).toBe('True TrustAnchorPublished');
});

test('without probes the Secret is judged, and that is said', () => {
  const world = resting(first, { probe: 'Disabled' });
  expect(said(world)).toBe('True TrustAnchorPublished');
  expect(saidOf(world).message).toContain('as the Secret says');
});

test('a wait is not over by a clock that is wrong', () => {
  const world = observing();
  holds(world, first);
  world.records = [parseTlsa(`3 1 1 ${first.summary.spkiSHA256}`)];
  world.pass(60_000);
  world.now += 72 * HOUR;
  world.change = { clockSkewMs: 72 * HOUR };
  expect(said(world)).toBe('False EarlierRecordsHeld');
});

test('Promote is covered by its gate', () => {
  const world = new PromoteWorld();
  world.source = first;
  world.pass(72 * HOUR);
  world.change = { secrets: new Map([SOURCE, SERVING].map((name) => [name, known(first.summary)])) };
  expect(said(world)).toBe('True Promoted');
});
