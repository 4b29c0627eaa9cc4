import { describe, expect, test } from '@jest/globals';
import { transient } from '../../src/core/errors.ts';
import {
  known,
  unknown,
  type Facts,
  type NameServerFacts,
  type OwnerFacts,
  type ServerAnswer,
} from '../../src/core/facts.ts';
import { isAwaited, isWatched, needsSerials, nextVersions } from '../../src/core/history.ts';
import { heldUntil } from '../../src/core/hold.ts';
import { plan } from '../../src/core/plan.ts';
import type { Intent, StoredRecordSet, Version } from '../../src/core/state.ts';
import { formatTime } from '../../src/core/time.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { answer, rrset, server, START, thrice } from '../support/answers.ts';
import { DESIRED, OWNER, World } from '../support/planner-world.ts';

const at = (seconds: number): string => formatTime(new Date(START + 1000 * seconds));

const version = (n: number, letters: string, more: Partial<Version> = {}): Version => ({
  n,
  kind: 'Written',
  records: rrset(letters),
  ttlSeconds: 3600,
  writtenAt: at(0),
  ...more,
});

const stored = (versions: readonly Version[], intent?: Intent): StoredRecordSet => ({
  owner: OWNER,
  provider: 'DNSProvider/bind',
  zone: 'example.nl',
  ttlSeconds: 3600,
  records: [],
  versions,
  intent,
});

const intent = (add: string, remove = '', ttlSeconds = 3600): Intent => ({
  add: rrset(add),
  remove: rrset(remove),
  ttlSeconds,
  since: at(0),
});

const VALUES = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** After so many writes within the lag of a name server: `a`, then `b`, ... */
function merged(writes: number): readonly Version[] {
  return Array.from({ length: writes }, (_, index) => index).reduce<readonly Version[]>(
    (versions, n) =>
      after(stored(versions, intent(VALUES.charAt(n), VALUES.charAt(n - 1))), { holds: VALUES.charAt(n) }),
    [],
  );
}

interface Pass {
  readonly second?: number;
  readonly holds: string;
  readonly ttlSeconds?: number;
  readonly servers?: readonly NameServerFacts[];
  readonly keepsIntent?: boolean;
  readonly owner?: Partial<OwnerFacts>;
  readonly facts?: Partial<Facts>;
}

/** The versions after a pass in which the primary holds these records. */
function after(before: StoredRecordSet | undefined, pass: Pass): readonly Version[] {
  const facts: Facts = {
    ...new World().facts(),
    now: new Date(START + 1000 * (pass.second ?? 0)),
    desired: DESIRED,
    ...pass.facts,
  };
  const [owner] = facts.owners as readonly [OwnerFacts];
  const servers = pass.servers === undefined ? undefined : known(pass.servers);
  const ttlSeconds = pass.holds === '' ? undefined : (pass.ttlSeconds ?? 3600);
  return nextVersions(
    before,
    { ...owner, servers, ...pass.owner },
    { records: rrset(pass.holds).map(parseTlsa), ttlSeconds },
    facts,
    pass.keepsIntent ?? false,
  );
}

const letters = (versions: readonly Version[]): string[] =>
  versions.map(({ kind, records }) =>
    kind === 'Unknown' ? '?' : `${kind === 'Unconfirmed' ? '~' : ''}${records.map(letterOf).sort().join('')}`,
  );
const letterOf = (text: string): string => {
  const [usage, , , data = ''] = text.split(' ');
  const letter = Buffer.from(data.slice(0, 2), 'hex').toString();
  return usage === '3' ? letter : letter.toUpperCase();
};

describe('what the primary holds makes the history', () => {
  test.each<[string, StoredRecordSet | undefined, Pass, string[]]>([
    ['nothing was ever known', undefined, { holds: '' }, ['?', '']],
    ['records stand there and nothing is stored', undefined, { holds: 'a' }, ['?', 'a']],
    ['nothing changed', stored([version(1, 'a')]), { holds: 'a' }, ['a']],
    ['our write is there', stored([version(1, 'a')], intent('b')), { holds: 'ab' }, ['a', 'ab']],
    ['our write is not there yet', stored([version(1, 'a')], intent('b')), { holds: 'a', keepsIntent: true }, ['a']],
    ['another is wanted now', stored([version(1, 'a')], intent('b')), { holds: 'a' }, ['a', '~ab']],
    ['a value comes back', stored([version(1, 'a'), version(2, 'ab')]), { holds: 'a' }, ['a', 'ab', 'a']],
    [
      'a dropped write arrives',
      stored([version(1, 'a'), version(2, 'ab', { kind: 'Unconfirmed' })]),
      { holds: 'ab' },
      ['a', '~ab', 'ab'],
    ],
    ['somebody else wrote', stored([version(1, 'a'), version(2, 'ab')]), { holds: 'abc' }, ['?', 'abc']],
    [
      'somebody else undid what was held, while our write was under way',
      stored([version(1, 'a'), version(2, 'ab')], intent('c')),
      { holds: 'a', keepsIntent: true },
      ['a', 'ab', '~abc', 'a'],
    ],
  ])('%s', (_, before, pass, expected) => {
    expect(letters(after(before, pass))).toEqual(expected);
  });

  test('a longer TTL that is answered counts; a shorter one that was asked for is a version of its own', () => {
    const before = stored([version(1, 'a')]);
    expect(after(before, { holds: 'a', ttlSeconds: 7200 })).toMatchObject([{ n: 1, ttlSeconds: 7200 }]);
    const seen = [server('ns1', answer(0, 'a', { ttlSeconds: 9000 }))];
    expect(after(stored([version(1, 'a')], intent('')), { holds: 'a', servers: seen })).toMatchObject([
      { n: 1, ttlSeconds: 9000 },
    ]);
    // A server that says less than it was asked for may have handed out what it was asked for.
    const lowered = after(stored([version(1, 'a')], intent('b', '', 7200)), { holds: 'ab', ttlSeconds: 60 });
    expect(lowered.at(-1)).toMatchObject({ n: 2, ttlSeconds: 7200 });
    const shorter = after(stored([version(1, 'a')], intent('', '', 60)), { holds: 'a', ttlSeconds: 60 });
    expect(shorter).toMatchObject([
      { n: 1, ttlSeconds: 3600 },
      { n: 2, ttlSeconds: 60 },
    ]);
    // Somebody else made it shorter still: the change is yet to be made, however often one looks.
    const pending = { holds: 'a', ttlSeconds: 30, servers: [server('ns1', answer(0, 'a'))], keepsIntent: true };
    expect(after(stored([version(1, 'a')], intent('', '', 60)), pending)).toHaveLength(1);
  });

  test('what stood there before us counts for a day where records stand, for our TTL where none do', () => {
    expect(after(undefined, { holds: 'a' })[0]).toMatchObject({ kind: 'Unknown', waitSeconds: 86_400 });
    expect(after(undefined, { holds: 'a', ttlSeconds: 86_400 })[0]).toMatchObject({ waitSeconds: 172_800 });
    expect(after(undefined, { holds: '' })[0]).toMatchObject({ waitSeconds: 7200 });
    // It was published once: a server that lags may yet show what nobody remembers.
    expect(after(undefined, { holds: '', facts: { statusLost: true } })[0]).toMatchObject({ waitSeconds: 86_400 });
    // Somebody removed what we wrote: records did stand there.
    expect(after(stored([version(1, 'a')]), { holds: '' })[0]).toMatchObject({ kind: 'Unknown', waitSeconds: 86_400 });
  });

  test('the serial is remembered where the write raised it', () => {
    const write = { holds: 'ab' };
    const before = stored([version(1, 'a')], intent('b'));
    expect(after(before, { ...write, owner: { serials: { beforeWrite: 7, now: 9 } } }).at(-1)?.serial).toBe(9);
    expect(after(before, { ...write, owner: { serials: { beforeWrite: 7, now: 7 } } }).at(-1)?.serial).toBeUndefined();
  });

  test('there are at most eight; the oldest become one of which nothing is known', () => {
    const eight = 'abcdefgh'.split('').map((letter, index) => version(index + 1, letter));
    const next = after(stored(eight, intent('i', 'h')), { holds: 'i' });
    expect(letters(next)).toEqual(['?', 'c', 'd', 'e', 'f', 'g', 'h', 'i']);
    expect(next[0]).toMatchObject({ n: 2, waitSeconds: 7200 });
    expect(next[0]?.supersededAt).toBeUndefined();
  });

  test('of those the values are remembered: one that comes back may still be the earlier one', () => {
    const nine = stored(merged(9));
    const comesBack = after(nine, { holds: 'a', servers: [server('ns1', ...thrice(0, 'i'))] });
    expect(letters(comesBack)).toEqual(['?', 'd', 'e', 'f', 'g', 'h', 'i', 'a']);
    const next = stored(after(stored(comesBack, intent('j', 'a')), { holds: 'j' }));
    const supersededAfter = (...shown: string[]): number =>
      after(next, { holds: 'j', servers: [server('ns1', ...shown.flatMap((one) => thrice(0, one)))] }).filter(
        ({ supersededAt }) => supersededAt !== undefined,
      ).length;
    expect([supersededAfter('a'), supersededAfter('x'), supersededAfter('f'), supersededAfter('j')]).toEqual([
      0, 0, 2, 7,
    ]);
    expect(needsSerials(next)).toBe(true);
  });

  test('of very many no value is: then it may be any, unless a serial tells', () => {
    const many = merged(50);
    expect(many[0]?.mergedValues).toEqual(['*']);
    const last = many.at(-1) ?? version(0, '');
    const shownIn = (first: ServerAnswer): number | undefined => {
      const versions = [...many.slice(0, -1), { ...last, serial: 9 }];
      const servers = [server('ns1', first, ...thrice(60, 'X', { serial: 9 }))];
      return after(stored(versions), { holds: 'X', servers }).filter(({ supersededAt }) => supersededAt !== undefined)
        .length;
    };
    expect(shownIn(answer(0, '', { serial: 9 }))).toBe(0);
    expect(shownIn(answer(0, '', { serial: 8 }))).toBe(7);
  });

  test('what stands there now is never merged away', () => {
    const given = 'bcdefgh'.split('').map((letter, index) => version(index + 2, letter, { kind: 'Unconfirmed' }));
    const next = after(stored([version(1, 'a'), ...given], intent('i')), { holds: 'a' });
    expect(letters(next)).toEqual(['a', '?', '~d', '~e', '~f', '~g', '~h', '~ai']);
  });
});

test('a name that left the NS sets is remembered as long as resolvers may ask it, also while the sets are not known', () => {
  const goneUntil = new Date(START + 3_600_000);
  const named = [server('ns1', answer(0, 'a')), { ...server('ns2'), goneUntil }];
  const rememberedAfter = (
    seconds: number,
    servers: OwnerFacts['servers'],
    before?: StoredRecordSet['goneNameServers'],
  ) => {
    const facts = new World().facts();
    const [owner] = facts.owners as readonly [OwnerFacts];
    const current = known({ records: rrset('a').map(parseTlsa), ttlSeconds: 3600 });
    const recordSet = {
      ...stored([version(1, 'a')]),
      records: [{ data: rrset('a')[0] ?? '', role: 'Serving' as const }],
    };
    return plan({
      ...facts,
      now: new Date(START + 1000 * seconds),
      desired: { ...DESIRED, publish: false },
      owners: [{ ...owner, servers, current }],
      stored: { certificates: [], recordSets: [{ ...recordSet, goneNameServers: before }] },
    }).state.recordSets[0]?.goneNameServers;
  };
  const gone = [{ name: 'ns2', until: at(3600) }];
  expect(rememberedAfter(0, known(named))).toEqual(gone);
  expect(rememberedAfter(60, unknown(transient('DelegationUnknown', 'no answer')), gone)).toEqual(gone);
  expect(rememberedAfter(60, known(named.slice(0, 1)), gone)).toBeUndefined();
  expect(rememberedAfter(3600, known(named), gone)).toBeUndefined();
});

describe('superseded is what every server has moved on from', () => {
  const two = stored([version(1, 'a'), version(2, 'ab')]);
  const supersededIn = (servers: readonly NameServerFacts[], second = 60): string | undefined =>
    after(two, { holds: 'ab', servers, second })[0]?.supersededAt;

  test('three answers over half a minute from each', () => {
    expect(supersededIn([server('ns1', ...thrice(0, 'ab')), server('ns2', ...thrice(5, 'ab'))])).toBe(at(35));
  });

  test.each<[string, readonly NameServerFacts[]]>([
    ['one server was not asked often enough', [server('ns1', ...thrice(0, 'ab')), server('ns2', answer(0, 'ab'))]],
    ['one was asked twice only', [server('ns1', ...thrice(0, 'ab')), server('ns2', answer(0, 'ab'), answer(30, 'ab'))]],
    ['one was asked for less than half a minute', [server('ns1', answer(0, 'ab'), answer(15, 'ab'), answer(29, 'ab'))]],
    ['three answers within a moment', [server('ns1', answer(0, 'ab'), answer(1, 'ab'), answer(2, 'ab'))]],
    ['one still shows the old one', [server('ns1', ...thrice(0, 'ab')), server('ns2', ...thrice(0, 'a'))]],
    [
      'one of its addresses does',
      [
        server(
          'ns1',
          answer(0, 'ab'),
          answer(0, 'a'),
          answer(15, 'ab'),
          answer(15, 'a'),
          answer(30, 'ab'),
          answer(30, 'a'),
        ),
      ],
    ],
    ['one is silent', [server('ns1', ...thrice(0, 'ab')), server('ns2')]],
    ['one shows what we do not know', [server('ns1', ...thrice(0, 'ab')), server('ns2', ...thrice(0, 'c'))]],
    [
      'one showed the old one in between',
      [server('ns1', answer(0, 'ab'), answer(15, 'ab'), answer(30, 'a'), answer(45, 'ab'))],
    ],
    ['nobody can be asked', []],
  ])('not while %s', (_, servers) => {
    expect(supersededIn(servers)).toBeUndefined();
  });

  test('a server that hands nothing out is not waited for', () => {
    const lame: NameServerFacts = { name: 'ns2', state: 'Lame', answers: [] };
    expect(supersededIn([server('ns1', ...thrice(0, 'ab')), lame, { ...lame, state: 'NoRoute' }])).toBe(at(30));
  });

  test('"answered something else" is not enough: a server that has shown neither of two writes may be about to', () => {
    const three = stored([version(1, 'a'), version(2, 'ab'), version(3, 'abc')]);
    const servers = [server('ns1', ...thrice(0, 'abc')), server('ns2', ...thrice(0, 'a'))];
    expect(after(three, { holds: 'abc', servers, second: 60 }).map((one) => one.supersededAt)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('an old answer that comes back takes it back', () => {
    const superseded = stored([version(1, 'a', { supersededAt: at(30) }), version(2, 'ab')]);
    const servers = [server('ns1', ...thrice(0, 'ab'), answer(300, 'a'))];
    expect(after(superseded, { holds: 'ab', servers, second: 300 })[0]?.supersededAt).toBeUndefined();
    const well = [server('ns1', ...thrice(0, 'ab'), answer(300, 'ab'))];
    expect(after(superseded, { holds: 'ab', servers: well, second: 300 })[0]?.supersededAt).toBe(at(30));
  });

  test('one that is older still takes back all that came after it', () => {
    const before = ['a', 'b'].map((letter, index) => version(index + 1, letter, { supersededAt: at(30) }));
    const shown = (letter: string): (string | undefined)[] => {
      const servers = [server('ns1', ...thrice(0, 'c'), answer(300, letter))];
      const next = after(stored([...before, version(3, 'c')]), { holds: 'c', servers, second: 300 });
      return next.map(({ supersededAt }) => supersededAt);
    };
    expect(shown('a')).toEqual([undefined, undefined, undefined]);
    expect(shown('b')).toEqual([at(30), undefined, undefined]);
    // What fits no version may be older than all.
    expect(shown('x')).toEqual([undefined, undefined, undefined]);
  });

  test('where a value recurs the serial tells, for a server that was seen below it', () => {
    const recurs = stored([version(1, 'a'), version(2, 'ab'), version(3, 'a', { serial: 12 })]);
    const seen = (...serials: readonly number[]): (string | undefined)[] => {
      const answers = serials.map((serial, index) => answer(15 * index, 'a', { serial }));
      return after(recurs, { holds: 'a', servers: [server('ns1', ...answers)], second: 300 }).map(
        (one) => one.supersededAt,
      );
    };
    expect(seen(12, 12, 12, 12)).toEqual([undefined, undefined, undefined]);
    expect(seen(11, 12, 12, 13)).toEqual([at(45), at(45), undefined]);
    // RFC 1982: 2^32 - 1 is below 12.
    expect(seen(2 ** 32 - 1, 12, 12, 12)).toEqual([at(45), at(45), undefined]);
    const wraps = stored([version(1, 'a'), version(2, 'ab'), version(3, 'a', { serial: 2 ** 32 - 2 })]);
    const servers = [2 ** 32 - 3, 1, 1, 1].map((serial, index) => answer(15 * index, 'a', { serial }));
    const next = after(wraps, { holds: 'a', servers: [server('ns1', ...servers)], second: 300 });
    expect(next.map((one) => one.supersededAt)).toEqual([at(45), at(45), undefined]);
  });

  test('where a value recurs, and every server had moved on, one at the serial of the latest does not take it back', () => {
    const before = { supersededAt: at(30) };
    const recurs = [version(1, 'a', before), version(2, 'ab', before), version(3, 'a', { serial: 12 })];
    const seenAfterRestart = (serial: number | undefined): (string | undefined)[] => {
      const servers = [server('ns1', answer(300, 'a', { serial }))];
      return after(stored(recurs), { holds: 'a', servers, second: 300 }).map((one) => one.supersededAt);
    };
    expect(seenAfterRestart(12)).toEqual([at(30), at(30), undefined]);
    expect(seenAfterRestart(11)).toEqual([undefined, undefined, undefined]);
    expect(seenAfterRestart(undefined)).toEqual([undefined, undefined, undefined]);
    // Where it does not recur it is an old one, whatever its serial.
    const old = stored([version(1, 'a', { ...before, serial: 11 }), version(2, 'ab', { serial: 12 })]);
    const servers = [server('ns1', answer(300, 'a', { serial: 12 }))];
    expect(after(old, { holds: 'ab', servers, second: 300 })[0]?.supersededAt).toBeUndefined();
  });

  test('where a value recurs, what was answered after the provider had said that it is everywhere is the latest', () => {
    const recurs = stored([version(1, 'a'), version(2, 'ab'), version(3, 'a', { changeID: 'C3' })]);
    const supersededWith = (changeID: string, second: number): (string | undefined)[] => {
      const settled = { changeID, at: new Date(START + 1000 * second) };
      const servers = [server('ns1', ...thrice(0, 'a')), server('ns2', ...thrice(0, 'a'))];
      const pass = { holds: 'a', servers, owner: { settled }, second: 300 };
      return after(recurs, pass).map((one) => one.supersededAt);
    };
    expect(supersededWith('C3', -1)).toEqual([at(30), at(30), undefined]);
    // The first of the three looks was before that.
    expect(supersededWith('C3', 0)).toEqual([undefined, undefined, undefined]);
    expect(supersededWith('C2', -1)).toEqual([undefined, undefined, undefined]);
  });

  test('a write is remembered by what the provider calls it, the one that was found is not', () => {
    const before = stored([version(1, 'a')], intent('b'));
    expect(after(before, { holds: 'ab', owner: { changeID: 'C7' } }).at(-1)?.changeID).toBe('C7');
    expect(after(before, { holds: 'ab' }).at(-1)?.changeID).toBeUndefined();
  });

  test('a write that was never confirmed supersedes nothing', () => {
    const dropped = stored([version(1, 'a'), version(2, 'ab', { kind: 'Unconfirmed' })]);
    const next = after(dropped, { holds: 'a', servers: [server('ns1', ...thrice(0, 'ab'))], second: 60 });
    expect(next.map((one) => one.supersededAt)).toEqual([undefined, undefined]);
  });

  test('where port 53 is blocked, a validating resolver and an hour stand in', () => {
    const silent = [server('ns1'), server('ns2')];
    const resolved = { resolved: rrset('ab').map(parseTlsa) };
    const pass = { holds: 'ab', servers: silent, owner: resolved };
    expect(after(two, { ...pass, second: 3599 })[0]?.supersededAt).toBeUndefined();
    expect(after(two, { ...pass, second: 3600 })[0]?.supersededAt).toBe(at(3600));
    const old = { resolved: rrset('a').map(parseTlsa) };
    expect(after(two, { ...pass, owner: old, second: 7200 })[0]?.supersededAt).toBeUndefined();
    // Not while one can be asked, nor within the hour after one could.
    const one = [server('ns1', answer(7000, 'ab')), server('ns2')];
    expect(after(two, { ...pass, servers: one, second: 7200 })[0]?.supersededAt).toBeUndefined();
    const lost = [{ ...server('ns1', answer(4000, 'ab')), state: 'Silent' as const }, server('ns2')];
    expect(after(two, { ...pass, servers: lost, second: 7599 })[0]?.supersededAt).toBeUndefined();
    expect(after(two, { ...pass, servers: lost, second: 7600 })[0]?.supersededAt).toBe(at(7600));
    // A value that recurs may be its earliest version.
    const recurs = stored([version(1, 'ab'), version(2, 'a'), version(3, 'ab')]);
    expect(after(recurs, { ...pass, second: 7200 }).map(({ supersededAt }) => supersededAt)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('nothing is believed of a clock that is wrong', () => {
    const servers = [server('ns1', ...thrice(0, 'ab'))];
    const facts = { clockSkewMs: -31_000 };
    expect(after(two, { holds: 'ab', servers, second: 60, facts })[0]?.supersededAt).toBeUndefined();
  });
});

describe('how long it is held', () => {
  test('so many TTLs and a minute after it was superseded', () => {
    expect(heldUntil(version(1, 'a'), 2)).toBeUndefined();
    expect(heldUntil(version(1, 'a', { supersededAt: at(0) }), 2)).toEqual(new Date(START + 1000 * 7260));
    const before = version(1, 'a', { kind: 'Unknown', waitSeconds: 86_400, supersededAt: at(0) });
    expect(heldUntil(before, 2)).toEqual(new Date(START + 1000 * 86_460));
  });

  test('a dead server ends by itself: with the longest signature', () => {
    const dead = server('ns2');
    const end = (...answers: Parameters<typeof answer>[]): Date | undefined => {
      const servers = [server('ns1', ...answers.map((one) => answer(...one))), dead];
      const [old] = after(stored([version(1, 'a')], intent('b')), { holds: 'ab', servers, second: 45 });
      return old && heldUntil(old, 2);
    };
    const fortnight = { signatureValiditySeconds: 1_209_600 };
    const since = [15, 30, 45].map((seconds): Parameters<typeof answer> => [seconds, 'ab']);
    expect(end([0, 'a', fortnight], ...since)).toEqual(new Date(START + 45_000 + 1_209_600_000 + 60_000));
    expect(end([0, 'a'], ...since)).toEqual(new Date(START + 45_000 + 30 * 86_400_000 + 60_000));
    // Who hands it out now, or did a moment ago, may sign it anew as well.
    expect(end([0, 'ab', fortnight], [15, 'a', fortnight])).toBeUndefined();
    expect(end([0, 'a', fortnight], [15, 'ab'], [30, 'ab'])).toBeUndefined();
    // The longest that was seen, of whatever answer.
    expect(end([0, 'a', { signatureValiditySeconds: 60 }], [10, 'ab', fortnight], ...since)).toEqual(
      new Date(START + 45_000 + 1_209_600_000 + 60_000),
    );
    // Records that stand there now say nothing of an earlier time at which they stood there.
    const recurs = stored([version(1, 'ab'), version(2, 'a'), version(3, 'ab')]);
    const next = after(recurs, { holds: 'ab', servers: [server('ns1', answer(15, 'ab')), dead], second: 15 });
    expect(next.map(({ rrsigExpiry }) => rrsigExpiry !== undefined)).toEqual([true, true, false]);
  });

  test('a name server of several machines, one of which lags and is met in every other look: nothing is stored anew', () => {
    const answers = Array.from({ length: 20 }, (_, look) => answer(300 * look, look % 2 === 0 ? 'a' : 'ab'));
    const passes: (readonly Version[])[] = [[version(1, 'a'), version(2, 'ab')]];
    for (let look = 2; look <= answers.length; look++) {
      const servers = [server('ns1', ...answers.slice(0, look).slice(-6)), server('ns2', ...thrice(0, 'ab'))];
      passes.push(after(stored(passes.at(-1) ?? []), { holds: 'ab', servers, second: 300 * look }));
    }
    const toStore = new Set(passes.map((versions) => JSON.stringify(versions)));
    expect([...toStore]).toHaveLength(1);
  });

  test('what a server shows and we do not know lengthens the oldest', () => {
    const foreign = [server('ns1', answer(0, 'x', { ttlSeconds: 86_400 }))];
    const beginning = version(1, '', { kind: 'Unknown', waitSeconds: 7200 });
    const [unknown] = after(stored([beginning, version(2, '')]), { holds: '', servers: foreign });
    expect(unknown).toMatchObject({ ttlSeconds: 86_400, waitSeconds: 172_800 });
    const short = [server('ns1', answer(0, 'x', { ttlSeconds: 60 }))];
    const [aDay] = after(stored([beginning, version(2, '')]), { holds: '', servers: short });
    expect(aDay).toMatchObject({ waitSeconds: 86_400 });
    const [known] = after(stored([version(1, 'a'), version(2, 'ab')]), { holds: 'ab', servers: foreign });
    expect(known).toMatchObject({ ttlSeconds: 86_400 });
  });

  test('a version for which there was no room is no stranger', () => {
    const waitAfter = (...letters: string[]): number | undefined => {
      const servers = [server('ns1', ...letters.map((one, index) => answer(index, one, { ttlSeconds: 3600 })))];
      return after(stored(merged(9)), { holds: 'i', servers })[0]?.waitSeconds;
    };
    expect(waitAfter('a', 'b', 'c', 'i')).toBe(7200);
    expect(waitAfter('a', 'x', 'c', 'i')).toBe(86_400);
  });

  test('a write that was given up and never came is over after a while', () => {
    const given = stored([version(1, 'a'), version(2, 'ab', { kind: 'Unconfirmed' })]);
    expect(letters(after(given, { holds: 'a', second: 599 }))).toEqual(['a', '~ab']);
    expect(letters(after(given, { holds: 'a', second: 600 }))).toEqual(['a']);
  });

  test('then it is forgotten, a little later', () => {
    const two = stored([version(1, 'a', { supersededAt: at(0) }), version(2, 'ab')]);
    expect(letters(after(two, { holds: 'ab', second: 7260 }))).toEqual(['a', 'ab']);
    expect(letters(after(two, { holds: 'ab', second: 7860 }))).toEqual(['ab']);
    expect([isWatched(two), isAwaited(two)]).toEqual([true, false]);
  });
});
