import { expect, test } from '@jest/globals';
import { ALIAS_OWNER, HOSTS, TEXT_OWNER, WILDCARD_HOST, WILDCARD_OWNER } from './harness.ts';
import { a, APPLIED, at, b, CONFLICT, foreign, NOTHING, set, type Suite } from './suite.ts';

export function describeNames(suite: Suite): void {
  test('upper and lower case are one', async () => {
    const owner = suite.newOwner();
    await suite.harness.addForeign(owner.toUpperCase(), foreign, 60);
    await suite.expectServed(owner, set(60, foreign));
    expect(await suite.change(owner, set(60, foreign), { add: [a] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, a, foreign));
  });

  test.each([
    ['a dot', 'a\\.b'],
    ['a backslash', 'a\\\\b'],
    ['a space', 'a\\032b'],
  ])('%s inside a label', async (_what, label) => {
    const owner = `_25._tcp.${label}.${HOSTS}`;
    const result = await suite.change(owner, NOTHING, { add: [a] });
    if (suite.harness.oddNames === 'Refused') {
      expect(result).toMatchObject({ outcome: 'Refused', error: { name: 'OperatorError', kind: 'Stalled' } });
      return;
    }
    expect(result).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, a));
    expect(await suite.change(owner, set(60, a), { add: [b], remove: [a] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, b));
  });

  test('an alias at the owner is said, and never written beside', async () => {
    const { provider, answers } = suite.harness;
    const alias = await answers(ALIAS_OWNER, 'CNAME');
    await expect(provider.read(suite.zone, ALIAS_OWNER)).rejects.toMatchObject({
      name: 'OperatorError',
      kind: 'Stalled',
      code: 'OwnerIsAlias',
    });
    expect(await suite.change(ALIAS_OWNER, NOTHING, { add: [a] })).toEqual(CONFLICT);
    expect(await answers(ALIAS_OWNER, 'CNAME')).toBe(alias);
  });

  test('other types at the owner stay', async () => {
    expect(await suite.change(TEXT_OWNER, NOTHING, { add: [a] })).toMatchObject(APPLIED);
    expect(await suite.change(TEXT_OWNER, set(60, a), { remove: [a] })).toMatchObject(APPLIED);
    expect(await suite.harness.answers(TEXT_OWNER, 'TXT')).toBe('"stays"');
  });

  // So it is in the DNS (RFC 4592 §2.2.2), on every server: why nothing is published below such a host (HostIsWildcard).
  test('a record below a host that a wildcard makes takes its address away, until it goes', async () => {
    const { answers } = suite.harness;
    const owner = `_25._tcp.${WILDCARD_HOST}`;
    expect(await answers(WILDCARD_HOST, 'A')).toBe('192.0.2.1');
    expect(await suite.change(owner, NOTHING, { add: [a] })).toMatchObject(APPLIED);
    expect(await answers(WILDCARD_HOST, 'A')).toBe('');
    expect(await suite.change(owner, set(60, a), { remove: [a] })).toMatchObject(APPLIED);
    expect(await answers(WILDCARD_HOST, 'A')).toBe('192.0.2.1');
  });

  test('what a wildcard makes at an owner does not stand there', async () => {
    const { provider, served } = suite.harness;
    const made = await served(WILDCARD_OWNER);
    expect(made.records).toHaveLength(1);
    expect(await provider.read(suite.zone, WILDCARD_OWNER)).toEqual(NOTHING);
    const change = at(WILDCARD_OWNER, [a], { expected: made });
    expect(await provider.change(suite.zone, [change])).toEqual([CONFLICT]);
    expect(await served(WILDCARD_OWNER)).toEqual(made);
  });
}
