import { describe, expect, test } from '@jest/globals';
import { createZoneWriter } from '../../src/dns/providers/zone-writer.ts';
import type { Change, ChangeResult, Zone } from '../../src/dns/providers/provider.ts';

const zone: Zone = { name: 'example.nl', signing: 'Signing' };
const change = (owner: string): Change => ({
  owner,
  add: [],
  remove: [],
  ttlSeconds: 60,
  expected: { records: [], ttlSeconds: undefined },
});

/** A provider that answers when it is told to. */
function heldProvider() {
  const requests: {
    zone: string;
    owners: string[];
    answer: (results: readonly ChangeResult[]) => void;
    fail: (error: Error) => void;
  }[] = [];
  return {
    requests,
    change: (of: Zone, changes: readonly Change[]) =>
      new Promise<readonly ChangeResult[]>((answer, fail) => {
        requests.push({ zone: of.name, owners: changes.map(({ owner }) => owner), answer, fail });
      }),
  };
}

const applied = (count: number): ChangeResult[] => Array.from({ length: count }, () => ({ outcome: 'Applied' }));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('writers of one zone', () => {
  test('the first goes at once; those that come meanwhile go together', async () => {
    const provider = heldProvider();
    const writer = createZoneWriter(provider);
    const written = ['a', 'b', 'c'].map((owner) => writer.write(zone, change(owner)));
    expect(provider.requests.map(({ owners }) => owners)).toEqual([['a']]);
    provider.requests[0]?.answer([{ outcome: 'Conflict' }]);
    await settled();
    expect(provider.requests.map(({ owners }) => owners)).toEqual([['a'], ['b', 'c']]);
    provider.requests[1]?.answer([{ outcome: 'Applied' }, { outcome: 'Conflict' }]);
    expect((await Promise.all(written)).map(({ outcome }) => outcome)).toEqual(['Conflict', 'Applied', 'Conflict']);
  });

  test('when all is written the next goes on its own again', async () => {
    const provider = heldProvider();
    const writer = createZoneWriter(provider);
    for (const owner of ['a', 'b']) {
      const written = writer.write(zone, change(owner));
      await settled();
      provider.requests.at(-1)?.answer(applied(1));
      await written;
    }
    expect(provider.requests.map(({ owners }) => owners)).toEqual([['a'], ['b']]);
  });

  test('zones do not wait for each other, also those that are told apart by their id alone', async () => {
    const provider = heldProvider();
    const writer = createZoneWriter(provider);
    void writer.write(zone, change('a'));
    void writer.write({ ...zone, name: 'example.org' }, change('b'));
    void writer.write({ ...zone, id: '2' }, change('c'));
    await settled();
    expect(provider.requests.map(({ owners }) => owners)).toEqual([['a'], ['b'], ['c']]);
  });

  test('two changes of one owner are never in one request', async () => {
    const provider = heldProvider();
    const writer = createZoneWriter(provider);
    for (const owner of ['first', 'a', 'b', 'a', 'c']) void writer.write(zone, change(owner));
    for (const { length } of [['first'], ['a', 'b'], ['a', 'c']]) {
      provider.requests.at(-1)?.answer(applied(length));
      await settled();
    }
    expect(provider.requests.map(({ owners }) => owners)).toEqual([['first'], ['a', 'b'], ['a', 'c']]);
  });

  test('10,000 writers share a hundred requests or so', async () => {
    let requests = 0;
    const writer = createZoneWriter({
      change: async (_zone, changes) => {
        requests++;
        await settled();
        return applied(changes.length);
      },
    });
    await Promise.all(Array.from({ length: 10_000 }, (_, index) => writer.write(zone, change(`mx${index}`))));
    expect(requests).toBeLessThanOrEqual(101);
  });

  test('a failure is told to those who were in the request, and the next go on', async () => {
    const provider = heldProvider();
    const writer = createZoneWriter(provider);
    const [a, b] = [writer.write(zone, change('a')), writer.write(zone, change('b'))];
    provider.requests[0]?.fail(new Error('broken'));
    await expect(a).rejects.toThrow('broken');
    await settled();
    provider.requests[1]?.answer([]);
    await expect(b).rejects.toThrow('fewer results');
    const c = writer.write(zone, change('c'));
    await settled();
    provider.requests[2]?.answer(applied(1));
    expect(await c).toEqual({ outcome: 'Applied' });
  });
});
