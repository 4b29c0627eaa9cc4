import { expect, test } from '@jest/globals';
import type { RecordSet } from '../../../src/core/record-set.ts';
import type { Change } from '../../../src/dns/providers/provider.ts';
import { FORBIDDEN_OWNER, ZONE } from './harness.ts';
import { a, APPLIED, at, CONFLICT, defined, foreign, NOTHING, set, value, type Suite } from './suite.ts';

export function describeBatches(suite: Suite): void {
  const creating = (owner: string, expected: RecordSet = NOTHING): Change => at(owner, [a], { expected });
  const newOwners = (length: number): string[] => Array.from({ length }, suite.newOwner);
  const change = (changes: readonly Change[]): ReturnType<typeof suite.harness.provider.change> =>
    suite.harness.provider.change(suite.zone, changes);

  test('none', async () => {
    expect(await change([])).toEqual([]);
  });

  test('more than one request can hold, in few requests', async () => {
    const { counted, requestsFor300 } = suite.harness;
    const owners = newOwners(300);
    const before = counted.requests();
    const results = await counted.provider.change(
      suite.zone,
      owners.map((owner) => creating(owner)),
    );
    expect(results).toMatchObject(owners.map(() => APPLIED));
    expect(counted.requests() - before).toBe(requestsFor300);
    const served = await Promise.all(owners.filter((_, index) => index % 23 === 0).map(suite.harness.served));
    expect(served.map(value)).toEqual(served.map(() => value(set(60, a))));
    await suite.expectServed(defined(owners.at(-1)), set(60, a));
  });

  test('a bad one harms no other, and the results are in order', async () => {
    const owners = newOwners(9);
    const bad = new Set([2, 3, 8]);
    const results = await change(
      owners.map((owner, index) => creating(owner, bad.has(index) ? set(60, foreign) : NOTHING)),
    );
    expect(results).toMatchObject(owners.map((_, index) => (bad.has(index) ? CONFLICT : APPLIED)));
    for (const [index, owner] of owners.entries()) {
      await suite.expectServed(owner, bad.has(index) ? NOTHING : set(60, a));
    }
  });

  test('a name that cannot be written harms no other', async () => {
    const long = `${'a.'.repeat(126)}${ZONE}`;
    expect(await change([creating(long), creating(suite.newOwner())])).toMatchObject([
      { outcome: 'Refused', error: { name: 'OperatorError', kind: 'Stalled' } },
      APPLIED,
    ]);
  });

  // Where the server says that it has done what its policy forbade (PowerDNS), only a look at what is served can tell.
  test('what the credential may not change stays as it is, and harms no other', async () => {
    const owners = newOwners(4).toSpliced(2, 0, FORBIDDEN_OWNER);
    const results = await change(owners.map((owner) => creating(owner)));
    const refused = {
      outcome: 'Refused',
      error: { kind: 'Stalled', message: expect.stringContaining(FORBIDDEN_OWNER) },
    };
    const forbidden = suite.harness.forbidden === 'Refused' ? refused : APPLIED;
    expect(results).toMatchObject(owners.map((owner) => (owner === FORBIDDEN_OWNER ? forbidden : APPLIED)));
    const isDone = (owner: string): boolean => owner !== FORBIDDEN_OWNER || suite.harness.forbidden === 'Done';
    for (const owner of owners) await suite.expectServed(owner, isDone(owner) ? set(60, a) : NOTHING);
  });
}
