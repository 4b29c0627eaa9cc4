/** A former certificate, and how long its records stay. */
import { describe, expect, test } from '@jest/globals';
import { rolloverSummary } from '../../../src/core/rollover-summary.ts';
import { parseChain } from '../../../src/core/certificate.ts';
import { summarize } from '../../../src/core/chain-summary.ts';
import { stalled, transient } from '../../../src/core/errors.ts';
import { known, unknown, type Endpoint, type Facts } from '../../../src/core/facts.ts';
import { makeCA, makeLeaf } from '../../support/pki.ts';
import { DESIRED, HOST, leafOf, World } from '../../support/planner-world.ts';
import { endpointWith } from '../../support/summaries.ts';
import { ee, makeLeaves, publishedWorld, stateOf, ta } from './published-world.ts';

const { first, renewed } = await makeLeaves();

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NO_ROUTE: Endpoint['presented'] = { kind: 'Skipped', error: 'NetworkUnreachable' };

class LookedAtWorld extends World {
  /** Instead of what is served. */
  endpoints: Facts['endpoints'];

  override facts(): Facts {
    const facts = super.facts();
    return { ...facts, endpoints: this.endpoints ?? facts.endpoints };
  }
}

describe('a former certificate', () => {
  test('that has expired and is still presented keeps its record when a look gets no answer', async () => {
    const old = await leafOf(undefined, { notAfter: new Date(Date.now() + 40 * DAY) });
    const world = publishedWorld(old);
    world.later(30 * DAY);
    world.hold(renewed); // and the server does not load it
    world.settle();
    world.later(11 * DAY);
    world.served = undefined;
    world.settle();
    world.serve(old);
    world.settle();
    expect(world.published).toContain(ee(old));
  });

  test('stays while an endpoint does not answer, but not for ever: until it has expired and nobody presented it since', async () => {
    const old = await leafOf(undefined, { notAfter: new Date(Date.now() + 40 * DAY) });
    const world = publishedWorld(old);
    world.hold(renewed);
    world.served = undefined;
    world.settle();
    world.later(39 * DAY);
    world.settle();
    expect(world.published).toContain(ee(old));
    world.later(2 * DAY);
    world.settle();
    world.later(23 * 3_600_000);
    world.settle();
    expect(world.published).toContain(ee(old));
    world.later(2 * 3_600_000);
    world.settle();
    expect(world.published).not.toContain(ee(old));
  });

  test.each<[string, Facts['endpoints']]>([
    ['no way leads from here to any endpoint', known([{ ...endpointWith(undefined), presented: NO_ROUTE }])],
    ['such a kind of key cannot be looked at', unknown(stalled('KeyAlgorithmNotProbed', 'use RSA or ECDSA'))],
  ])('stays while %s, but not for ever either', async (_, endpoints) => {
    const old = await leafOf(undefined, { notAfter: new Date(Date.now() + 40 * DAY) });
    const world = new LookedAtWorld();
    world.hold(old);
    world.serve(old);
    world.settle();
    world.endpoints = endpoints;
    world.hold(renewed);
    world.settle();
    world.later(39 * DAY);
    world.settle();
    expect(world.published).toContain(ee(old));
    world.later(DAY + HOUR); // it has expired
    world.settle();
    world.later(23 * HOUR);
    world.settle();
    expect(world.published).toContain(ee(old));
    world.later(HOUR);
    world.settle();
    expect(world.published).toEqual([ee(renewed)]);
  });

  test('while its Secret cannot be read, none of our records is taken away: what it holds now may be accepted by any', () => {
    const world = publishedWorld(first);
    world.secret = unknown(transient('SecretUnreadable', 'the API server does not answer'));
    world.desired = { ...DESIRED, records: ['3 1 1'], ttlSeconds: 60 };
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first)].sort());
    world.desired = { ...world.desired, publish: false };
    world.settle();
    expect(world.published).toEqual([]);
  });

  test.each<[string, World['secret']]>([
    ['it can be read again', known(first.summary)],
    ['it is gone: then what it held last counts', unknown(transient('SecretNotFound', 'no Secret'))],
  ])('they go as soon as %s', (_, secret) => {
    const world = publishedWorld(first);
    world.secret = unknown(stalled('KeyDoesNotFit', 'the key is not that of the certificate'));
    world.desired = { ...DESIRED, records: ['3 1 1'] };
    world.settle();
    world.secret = secret;
    world.settle();
    expect(world.published).toEqual([ee(first)]);
  });

  test('that of a stolen key goes all the same, once another is presented', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    world.secret = unknown(transient('SecretUnreadable', 'the API server does not answer'));
    world.desired = { ...DESIRED, records: ['3 1 1'], compromisedKeys: [first.summary.spkiSHA256] };
    world.settle();
    expect(world.published).toEqual([ee(renewed)]);
  });

  test('stays while a host that has records of ours is not looked at', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.probesItsHost = false; // its provider is away, say; another host's endpoints say nothing about it
    world.settle();
    world.later(30 * DAY);
    world.settle();
    expect(world.published).toContain(ee(first));
    world.probesItsHost = true;
    world.settle();
    world.later(DAY);
    world.settle();
    expect(world.published).not.toContain(ee(first));
  });

  test('does not go after one look that follows a long pause', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    world.later(7 * DAY);
    world.looks = 1; // the operator was away
    world.settle();
    expect(world.published).toContain(ee(first));
    expect(rolloverSummary(world.facts(), world.settle()).step).toBe('Proving');
    world.looks = 12;
    world.settle();
    expect(world.published).not.toContain(ee(first));
  });

  test('goes on with its clock after a restart, and is not judged while nobody can look', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    const clock = (): string | undefined => world.stored.certificates[0]?.chains[1]?.notSeenSince;
    const begun = clock();
    world.looked = false; // nothing was looked at yet
    world.later(2 * DAY);
    world.settle();
    expect([begun !== undefined, clock()]).toEqual([true, begun]);
    expect(world.published).toContain(ee(first));
  });

  test('is none when another Secret holds the certificate now', () => {
    const world = publishedWorld(first);
    world.desired = { ...DESIRED, certificates: [{ secretName: 'renamed' }] };
    world.secretName = 'renamed';
    world.settle();
    expect(
      world.stored.certificates.map(({ secretName, chains }) => [secretName, chains.map(({ state }) => state)]),
    ).toEqual([['renamed', ['Serving']]]);
  });

  test('that was sent without its CA counts as that under the name of another Secret, too', async () => {
    const issued = await makeLeaf({
      names: [HOST],
      issuer: await makeCA({ name: 'CA', issuer: await makeCA({ name: 'Root' }) }),
    });
    const [whole, alone] = [parseChain(issued.chainPem), parseChain(issued.pem)];
    const world = new World();
    world.hold({ chain: whole, summary: summarize(whole) });
    world.served = alone;
    world.settle();
    world.served = undefined;
    world.desired = { ...DESIRED, certificates: [{ secretName: 'renamed' }] };
    world.secretName = 'renamed';
    world.settle();
    expect(world.published).toEqual([`3 1 1 ${summarize(whole).spkiSHA256}`]);
  });

  test('goes when the Secret that the spec names instead is not there, but its records stay', () => {
    const world = new World();
    world.desired = { ...DESIRED, probe: 'Disabled' };
    world.hold(first);
    world.settle();
    world.desired = { ...world.desired, certificates: [{ secretName: 'mistyped' }] };
    world.settle();
    world.later(2 * DAY);
    expect(stateOf(world, 'RecordsPublished')).toBe('False NothingToPublish');
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
  });
});
