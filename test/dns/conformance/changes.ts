import { describe, expect, test } from '@jest/globals';
import type { RecordSet } from '../../../src/core/record-set.ts';
import { daneEE, type TlsaRecord } from '../../../src/core/tlsa.ts';
import { a, APPLIED, b, c, CONFLICT, foreign, NOTHING, set, type Suite } from './suite.ts';

export function describeChanges(suite: Suite): void {
  test('creates', async () => {
    const owner = suite.newOwner();
    await suite.expectServed(owner, NOTHING);
    expect(await suite.change(owner, NOTHING, { add: [a, c], ttlSeconds: 300 })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(300, a, c));
  });

  test('adds', async () => {
    const owner = await suite.created(a);
    expect(await suite.change(owner, set(60, a), { add: [b] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, a, b));
  });

  test('replaces', async () => {
    const owner = await suite.created(a, c);
    expect(await suite.change(owner, set(60, c, a), { add: [b], remove: [a] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, b, c));
  });

  test('removes one, and the last', async () => {
    const owner = await suite.created(a, b);
    expect(await suite.change(owner, set(60, a, b), { remove: [a] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, b));
    expect(await suite.change(owner, set(60, b), { remove: [b] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, NOTHING);
  });

  test('gives every record its TTL, foreign ones too', async () => {
    const owner = await suite.created(a);
    await suite.harness.addForeign(owner, foreign, 60);
    expect(await suite.change(owner, set(60, a, foreign), { add: [b], ttlSeconds: 120 })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(120, a, b, foreign));
    expect(await suite.change(owner, set(120, a, b, foreign), { ttlSeconds: 90 })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(90, a, b, foreign));
  });

  test('leaves foreign records when it takes the last of ours', async () => {
    const owner = await suite.created(a);
    await suite.harness.addForeign(owner, foreign, 60);
    expect(await suite.change(owner, set(60, a, foreign), { remove: [a] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, foreign));
  });

  test('that is there already changes nothing', async () => {
    const owner = await suite.created(a, b);
    expect(await suite.change(owner, set(60, a, b), { add: [b] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, a, b));
  });

  test('keeps long records as they are', async () => {
    const full = { usage: 2, selector: 0, matchingType: 0, data: 'c0de'.repeat(600) };
    const owner = await suite.created(full, a);
    await suite.expectServed(owner, set(60, full, a));
  });

  // Somebody else's: what we write ourselves is known to all.
  test('keeps records of every kind, or says that it cannot have them', async () => {
    const odd = { usage: 255, selector: 9, matchingType: 7, data: '00' };
    const owner = suite.newOwner();
    const result = await suite.change(owner, NOTHING, { add: [odd, a] });
    const isKept = suite.harness.oddRecords === 'Kept';
    expect(result).toMatchObject(isKept ? APPLIED : { outcome: 'Refused', error: { kind: 'Stalled' } });
    await suite.expectServed(owner, isKept ? set(60, odd, a) : NOTHING);
  });

  test('keeps many records', async () => {
    const many = Array.from({ length: 60 }, (_, index) => daneEE(index.toString(16).padStart(64, '0')));
    const owner = await suite.created(...many);
    await suite.expectServed(owner, set(60, ...many));
    expect(await suite.change(owner, set(60, ...many), { remove: many.slice(1) })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, ...many.slice(0, 1)));
  });

  describe('what somebody else did meanwhile wins', () => {
    test.each<[string, readonly TlsaRecord[], RecordSet]>([
      ['there was nothing, now there is', [foreign], NOTHING],
      ['a record was added', [a, foreign], set(60, a)],
      ['a record is gone', [a], set(60, a, b)],
      ['all are gone', [], set(60, a)],
      ['it is another', [foreign], set(60, a)],
    ])('%s', async (_what, there, expected) => {
      const owner = there.length === 0 ? suite.newOwner() : await suite.created(...there);
      expect(await suite.change(owner, expected, { add: [c] })).toEqual(CONFLICT);
      await suite.expectServed(owner, there.length === 0 ? NOTHING : set(60, ...there));
    });

    test('the same change a second time', async () => {
      const owner = suite.newOwner();
      expect(await suite.change(owner, NOTHING, { add: [a] })).toMatchObject(APPLIED);
      expect(await suite.change(owner, NOTHING, { add: [a] })).toEqual(CONFLICT);
      await suite.expectServed(owner, set(60, a));
    });

    test('of two at the same time, one', async () => {
      const owner = await suite.created(a);
      const outcomes = await Promise.all([b, c].map((record) => suite.change(owner, set(60, a), { add: [record] })));
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['Applied', 'Conflict']);
    });
  });
}
