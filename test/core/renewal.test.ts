/** What is said of renewals before the first one: whether they are covered, when the next one comes, and whether there is time for them. */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { conditions } from '../../src/core/conditions.ts';
import type { ConditionState, ConditionType } from '../../src/core/condition-state.ts';
import { transient } from '../../src/core/errors.ts';
import { known, unknown, type Facts, type Renewal, type ServerAnswer } from '../../src/core/facts.ts';
import { formatMinutes, formatTime } from '../../src/core/time.ts';
import { DESIRED, leafOf, World, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PROMOTED = [{ secretName: 'mx1-tls', servingSecretName: 'mx1-tls-live' }];

/** Its name server is asked, so that what senders may hold is known. */
class AnsweringWorld extends World {
  readonly #answers: ServerAnswer[] = [];

  override facts(): Facts {
    const facts = super.facts();
    const servers = known([{ name: 'ns1', state: 'Answers', answers: this.#answers } as const]);
    return { ...facts, owners: facts.owners.map((owner) => ({ ...owner, servers })) };
  }

  /** Until no sender holds what was. */
  wait(): void {
    this.settle();
    for (let look = 0; look < 3; look++) {
      this.later(20_000);
      this.#answers.push({ at: new Date(this.now), records: this.records, ttlSeconds: 3600 });
      this.settle();
    }
    this.later(3 * HOUR);
  }
}

let world: AnsweringWorld;
let selfSigned: Leaf;
let byCA: Leaf;
beforeAll(async () => {
  selfSigned = await leafOf();
  byCA = await leafOf(await makeCA({ name: 'issuing CA', issuer: await makeCA({ name: 'root' }) }));
});
beforeEach(() => {
  world = new AnsweringWorld();
});

function told(type: ConditionType): ConditionState {
  const plan = world.settle();
  const condition = conditions(world.facts(), plan).find((one) => one.type === type);
  if (condition === undefined) throw new Error(`no condition ${type}`);
  return condition;
}

const inShort = ({ status, reason }: ConditionState): string => `${status} ${reason}`;

function renewal(change: Partial<Renewal>): void {
  world.renewals = new Map([['mx1-tls', { certificate: 'mx1', keepsKey: false, ...change }]]);
}

describe('a key that stays covers the renewal, without a 2 1 1', () => {
  beforeEach(() => {
    world.hold(selfSigned);
    world.serve(selfSigned);
    world.wait();
  });

  test('and one that changes does not: the policy decides, whenever it changes', () => {
    expect(inShort(told('Covered'))).toBe('False NoTrustAnchor');
    renewal({ keepsKey: true });
    const { message, ...covered } = told('Covered');
    expect(covered).toMatchObject({ status: 'True', reason: 'KeyStays' });
    expect(message).toMatch(/Secret mx1-tls .*Certificate mx1/);
    renewal({ keepsKey: false });
    expect(inShort(told('Covered'))).toBe('False NoTrustAnchor');
  });

  test('without the Certificate nothing is known', () => {
    renewal({ keepsKey: true });
    expect(inShort(told('Covered'))).toBe('True KeyStays');
    world.renewals = new Map();
    expect(inShort(told('Covered'))).toBe('False NoTrustAnchor');
  });

  test('a lost Secret gets a new key', () => {
    renewal({ keepsKey: true });
    told('Covered');
    world.secret = unknown(transient('SecretNotFound', 'gone'));
    expect(inShort(told('Covered'))).toBe('False NoTrustAnchor');
  });

  test('not before every sender has the 3 1 1 of that key', () => {
    world.hold(byCA);
    world.serve(byCA);
    renewal({ keepsKey: true });
    expect(inShort(told('Covered'))).toBe('False EarlierRecordsHeld');
    world.wait();
    expect(inShort(told('Covered'))).toBe('True KeyStays');
  });

  test('another Certificate says nothing of it', () => {
    world.renewals = new Map([['other', { certificate: 'other', keepsKey: true }]]);
    expect(inShort(told('Covered'))).toBe('False NoTrustAnchor');
  });
});

test('a 2 1 1 comes first: the reason does not change with the policy', () => {
  world.hold(byCA);
  world.serve(byCA);
  world.wait();
  renewal({ keepsKey: true });
  expect(inShort(told('Covered'))).toBe('True TrustAnchorPublished');
});

test('the next renewal stands in status, and is named where it is not covered', () => {
  world.hold(selfSigned);
  world.serve(selfSigned);
  const at = '2027-01-02T03:04:05Z';
  renewal({ at });
  expect(told('Covered').message).toContain(`the next renewal is due at ${at}`);
  expect(world.stored.certificates).toMatchObject([{ nextRenewal: at }]);
  world.renewals = new Map();
  expect(told('Covered').message).not.toContain('next renewal');
  expect(world.stored.certificates[0]).not.toHaveProperty('nextRenewal');
});

/** TTL 3600, twice, and 90 s: 2h2m in whole minutes. */
const WAIT = 122 * MINUTE;

interface Case {
  readonly what: string;
  readonly lifetime: number;
  /** So long before the expiry; undefined: no Certificate. */
  readonly renewBefore?: number;
  readonly change?: Partial<World['desired']>;
  /** `Resolved`, or the reason and what the message says to set. */
  readonly expected: string;
  readonly sets?: RegExp;
}

const OBSERVE: readonly Case[] = [
  { what: 'long enough', lifetime: 5 * MINUTE + WAIT, expected: 'Resolved' },
  {
    what: 'a minute less',
    lifetime: 4 * MINUTE + WAIT,
    expected: 'LifetimeTooShort',
    sets: /valid for 2h6m only.* valid for 2h7m or more/,
  },
  {
    what: 'a minute less, of a Certificate',
    lifetime: 4 * MINUTE + WAIT,
    renewBefore: 10 * MINUTE,
    expected: 'LifetimeTooShort',
    sets: /duration of Certificate mx1 to 2h7m or more and renewBefore to 5m or more/,
  },
  { what: 'a lower TTL', lifetime: HOUR, change: { ttlSeconds: 600 }, expected: 'Resolved' },
  { what: 'one TTL', lifetime: 2 * HOUR, change: { waitTTLs: 1 }, expected: 'Resolved' },
  {
    what: 'renewed late: nothing is withheld',
    lifetime: 90 * 24 * HOUR,
    renewBefore: 5 * MINUTE,
    expected: 'Resolved',
  },
  {
    what: 'renewed too often',
    lifetime: 3 * HOUR,
    renewBefore: HOUR,
    expected: 'RenewBeforeTooLong',
    sets: /every 2h0?m?;.* renewBefore of Certificate mx1 to 58m or less/,
  },
  { what: 'as often as may be', lifetime: 3 * HOUR, renewBefore: 3 * HOUR - WAIT, expected: 'Resolved' },
  { what: 'not published', lifetime: HOUR, change: { publish: false }, expected: 'Resolved' },
];

/** With the deadline of 72 h it takes half of what is left: twice the wait, 4h4m. */
const PROMOTE: readonly Case[] = [
  { what: 'long enough', lifetime: 3 * WAIT, renewBefore: 2 * WAIT, expected: 'Resolved' },
  {
    what: 'a minute less',
    lifetime: 3 * WAIT - MINUTE,
    renewBefore: 2 * WAIT - MINUTE,
    expected: 'LifetimeTooShort',
    sets: /duration of Certificate mx1 to 6h6m or more and renewBefore to 4h4m or more/,
  },
  {
    what: 'no Certificate: as it is',
    lifetime: HOUR,
    expected: 'LifetimeTooShort',
    sets: /valid for 6h6m or more, and renew it 4h4m or more before/,
  },
  { what: 'no Certificate, and long enough', lifetime: 3 * WAIT, expected: 'Resolved' },
  {
    what: 'renewed late',
    lifetime: 90 * 24 * HOUR,
    renewBefore: 2 * WAIT - MINUTE,
    expected: 'RenewBeforeTooShort',
    sets: /renewed 4h3m before.* renewBefore of Certificate mx1 to 4h4m or more/,
  },
  {
    what: 'a deadline that is nearer than half',
    lifetime: 90 * 24 * HOUR,
    renewBefore: 3 * HOUR,
    change: { deadlineBeforeExpiryMs: HOUR },
    expected: 'RenewBeforeTooShort',
    sets: /to 3h2m or more/,
  },
  {
    what: 'that deadline, and renewed before it',
    lifetime: 90 * 24 * HOUR,
    renewBefore: HOUR + WAIT,
    change: { deadlineBeforeExpiryMs: HOUR },
    expected: 'Resolved',
  },
  {
    what: 'a high TTL and six days',
    lifetime: 160 * HOUR,
    renewBefore: 53 * HOUR,
    change: { ttlSeconds: 86_400 },
    expected: 'RenewBeforeTooShort',
    sets: /to 96h4m or more/,
  },
  {
    what: 'renewed too often',
    lifetime: 90 * 24 * HOUR,
    renewBefore: 90 * 24 * HOUR - HOUR,
    expected: 'RenewBeforeTooLong',
    sets: /every 1h;.* to 2157h58m or less/,
  },
];

describe.each([
  ['Observe', OBSERVE, DESIRED.certificates],
  ['Promote', PROMOTE, PROMOTED],
])('%s: is there time for renewals', (_mode, cases, certificates) => {
  test.each(cases)('$what', async ({ lifetime, renewBefore, change, expected, sets }) => {
    const notAfter = new Date(world.now + lifetime - 30 * MINUTE);
    const leaf = await leafOf(undefined, { notBefore: new Date(notAfter.getTime() - lifetime), notAfter });
    world.hold(leaf);
    world.serve(leaf);
    world.desired = { ...DESIRED, certificates, ...change };
    const expiry = Date.parse(leaf.summary.notAfter);
    if (renewBefore !== undefined)
      renewal({ at: formatTime(new Date(expiry - renewBefore)), notAfter: leaf.summary.notAfter });

    const { reason, message, status } = told('CertificatesResolved');
    expect([status, reason]).toEqual(['True', expected]);
    if (sets !== undefined) expect(message).toMatch(sets);
    expect(told('Ready').reason).not.toBe(expected);

    // A key that stays changes no records.
    renewal({ keepsKey: true });
    expect(told('CertificatesResolved').reason).toBe('Resolved');
  });
});

test('a renewal time of the certificate before says nothing of this one', () => {
  world.hold(byCA);
  world.serve(byCA);
  world.desired = { ...DESIRED, certificates: PROMOTED };
  const { notAfter } = byCA.summary;
  renewal({ at: notAfter, notAfter });
  expect(told('CertificatesResolved').reason).toBe('RenewBeforeTooShort');
  renewal({ at: notAfter, notAfter: formatTime(new Date(Date.parse(notAfter) + HOUR)) });
  expect(told('CertificatesResolved').reason).toBe('Resolved');
});

test('one warning does not hide another', async () => {
  const leaf = await leafOf(undefined, { names: ['other.example.nl'], notAfter: new Date(world.now + HOUR) });
  world.hold(leaf);
  world.serve(leaf);
  const { reason, message } = told('CertificatesResolved');
  expect(reason).toBe('HostnameNotCovered');
  expect(message).toMatch(/is not for mx1\.example\.nl.*; .*is valid for/);
});

test.each([
  [59_999, '0m'],
  [5 * MINUTE, '5m'],
  [HOUR, '1h'],
  [HOUR + 61_000, '1h1m'],
  [2160 * HOUR, '2160h'],
])('%d ms is %s', (ms, text) => {
  expect(formatMinutes(ms)).toBe(text);
});
