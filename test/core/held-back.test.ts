/** What keeps a certificate from being released, beside what senders hold (docs/rollover.md, "Promote"). */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { stalled, transient, type OperatorError } from '../../src/core/errors.ts';
import { known, unknown, type Facts } from '../../src/core/facts.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';
import { restingOn, SERVING, SOURCE, type PromoteWorld } from '../support/promote-world.ts';

const HOUR = 3_600_000;

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, renewed] = [await leafOf(issuing), await leafOf(issuing)];
});

const resting = (): PromoteWorld => restingOn(first);
const served = ({ serving }: PromoteWorld): string =>
  serving === undefined ? 'nothing' : serving === first ? 'first' : 'renewed';

describe('while the mail server is away', () => {
  test('a renewal waits as ever: the serving Secret is there', () => {
    const world = resting();
    world.source = renewed;
    world.answersServe = false;
    world.pass(HOUR);
    expect(served(world)).toBe('first');
  });

  test('a serving Secret that is lost is made anew after ten minutes, and before that not while pods present what it held', () => {
    const world = resting();
    world.source = renewed;
    world.serving = undefined;
    world.served = first;
    world.pass(HOUR);
    expect(served(world)).toBe('nothing');
    world.answersServe = false;
    world.pass(9 * 60_000);
    expect(served(world)).toBe('nothing');
    world.pass(11 * 60_000);
    expect(served(world)).toBe('renewed');
  });

  test('where the records were withdrawn, what pods go on presenting is not missed: senders may hold records that refuse the next one', () => {
    const world = resting();
    world.desired = { ...world.desired, publish: false };
    world.settle();
    expect(world.records).toEqual([]);
    world.source = renewed;
    world.serving = undefined;
    world.served = first;
    world.pass(HOUR);
    expect(served(world)).toBe('nothing');
    world.pass(2 * HOUR);
    expect(served(world)).toBe('renewed');
  });

  test('where nothing is published, whatever is presented is served: another one may have withdrawn just now, and senders remember', () => {
    const world = resting();
    world.stored = { certificates: [], recordSets: [] };
    world.records = [];
    world.finalizer = false;
    world.source = renewed;
    world.serving = undefined;
    world.served = first;
    world.pass(HOUR);
    expect(served(world)).toBe('nothing');
    world.pass(25 * HOUR);
    expect(served(world)).toBe('renewed');
  });

  test('a certificate that is added beside another one is not missed, and waits', () => {
    const world = resting();
    const added = { secretName: 'mx1-rsa', servingSecretName: 'mx1-rsa-live' };
    world.desired = { ...world.desired, certificates: [...world.desired.certificates, added] };
    const { secrets, promotions } = world.facts();
    const none = unknown(transient('SecretNotFound', 'none'));
    world.change = {
      secrets: new Map([...secrets, [added.secretName, known(renewed.summary)], [added.servingSecretName, none]]),
      promotions: new Map([...promotions, [added.servingSecretName, world.permitted]]),
    };
    world.answersServe = false;
    world.pass(HOUR);
    expect(world.stored.certificates).toContainEqual(
      expect.objectContaining({
        secretName: added.secretName,
        candidate: expect.objectContaining({ stage: 'Waiting' }),
      }),
    );
  });
});

describe('an owner of this MailServer', () => {
  /** A second one, which may not be published. */
  function withOwner(error: OperatorError): PromoteWorld {
    const world = resting();
    const facts = world.facts.bind(world);
    world.facts = () => {
      const { owners, ...others } = facts();
      const more = owners.map((owner) => ({ ...owner, owner: '_25._tcp.mx2.example.nl', zone: unknown(error) }));
      return { ...others, owners: [...owners, ...more] };
    };
    world.source = renewed;
    world.pass(12 * HOUR);
    return world;
  }

  test('that is to be published holds back what its senders do not know', () => {
    expect(served(withOwner(stalled('ZoneNotFound', 'no such zone')))).toBe('first');
  });

  test("that is another MailServer's holds nothing back", () => {
    expect(served(withOwner(stalled('OwnerConflict', 'it has it')))).toBe('renewed');
  });
});

test('beside records of others that no certificate of ours fits, one that fits is waited for', () => {
  const world = resting();
  world.records = [...world.records, parseTlsa(`3 0 1 ${'ab'.repeat(32)}`)];
  world.pass(72 * HOUR);
  world.source = renewed;
  world.pass(2 * HOUR + 58_000);
  // It fits by its CA, in all that a sender may hold.
  expect(served(world)).toBe('renewed');
});

describe('what holds it back', () => {
  test.each<[string, (world: PromoteWorld) => void, string]>([
    ['the clocks do not agree', (world) => (world.change = { clockSkewMs: 31_000 }), 'ClockSkew'],
    ['it is suspended', (world) => (world.desired = { ...world.desired, suspend: true }), 'Suspended'],
    [
      'it may not be copied',
      (world) => (world.permitted = { permitted: unknown(stalled('KeyDoesNotFit', 'no')), withheldBy: [] }),
      'KeyDoesNotFit',
    ],
    [
      'another MailServer of the Secret is not ready',
      (world) => (world.permitted = { permitted: known(true), withheldBy: ['mx2'] }),
      'WithheldByOther',
    ],
  ])('%s', (_, spoil, reason) => {
    const world = resting();
    spoil(world);
    world.source = renewed;
    world.pass(12 * HOUR);
    expect(world.candidate).toMatchObject({ stage: 'Withheld', reason });
    expect(served(world)).toBe('first');
  });

  test.each<[string, (facts: Facts) => Partial<Facts['owners'][number]>]>([
    ['the primary cannot be read', () => ({ current: unknown(transient('Timeout', 'no answer')) })],
    ['its name servers cannot be found', () => ({ servers: unknown(transient('Timeout', 'no answer')) })],
    [
      'no name server answers',
      () => ({ servers: known([{ name: 'ns1', state: 'Silent', answers: [] }]), lagging: known(undefined) }),
    ],
    [
      'no name server answers for a moment, and a resolver shows what it has long had',
      ({ now, owners: [owner] }) => {
        const records = owner?.current.known === true ? owner.current.value.records : [];
        const ns1 = { name: 'ns1', state: 'Silent' as const, answers: [{ at: now, records }] };
        return { servers: known([ns1]), resolved: records };
      },
    ],
  ])('when the gate opens, %s', (_, spoil) => {
    const world = resting();
    world.source = renewed;
    world.pass(2 * HOUR);
    const { owners } = world.facts();
    world.change = { owners: owners.map((owner) => ({ ...owner, ...spoil(world.facts()) })) };
    world.pass(30 * 60_000);
    expect(served(world)).toBe('first');
    world.change = {};
    world.pass(10 * 60_000);
    expect(served(world)).toBe('renewed');
  });

  test('a serving Secret that cannot be read is not overwritten', () => {
    const world = resting();
    world.source = renewed;
    world.pass(HOUR);
    const secrets = new Map([
      [SOURCE, known(renewed.summary)],
      [SERVING, unknown(transient('SecretUnreadable', 'the API server does not answer'))],
    ]);
    world.change = { secrets };
    world.pass(12 * HOUR);
    expect(served(world)).toBe('first');
  });
});
