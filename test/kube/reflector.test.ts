/** The reflector against an API server that misbehaves as told. Against a real one: api-server.test.ts. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { errorOfAnswer, errorWithoutAnswer } from '../../src/kube/api-error.ts';
import type { ApiRequest } from '../../src/kube/cluster.ts';
import { reflect } from '../../src/kube/reflector.ts';
import { SECRETS, type KubeObject } from '../../src/kube/resource.ts';
import { Store } from '../../src/kube/store.ts';
import { createLogger } from '../../src/observe/log.ts';
import { FakeClock, settle } from './fake-clock.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const MINUTE = 60_000;

const item = (name: string, resourceVersion: number, uid = name) => ({
  metadata: { namespace: 'ns', name, uid, resourceVersion: String(resourceVersion) },
});
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const bookmark = (resourceVersion: number) =>
  event('BOOKMARK', { metadata: { resourceVersion: String(resourceVersion) } });
const list = (resourceVersion: number, ...items: object[]) => ({
  metadata: { resourceVersion: String(resourceVersion) },
  items,
});

/** What the server does at each list and watch, in order; the last one of each goes on for ever. */
interface Script {
  readonly lists: readonly (object | Error)[];
  readonly watches: readonly (Watch | Error)[];
}

interface Watch {
  readonly says: readonly string[];
  /** `open`: says no more, and stays. */
  readonly then: 'end' | 'break' | 'open';
}

const OPEN: Watch = { says: [], then: 'open' };

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function reflecting({ lists, watches }: Script, options: { readonly optional?: boolean } = {}) {
  const lines: string[] = [];
  const told = createLogger({ level: 'info', format: 'json', destination: { write: (line) => lines.push(line) } });
  const clock = new FakeClock();
  const store = new Store<KubeObject>(log);
  const changes: string[] = [];
  store.subscribe(({ old, object }) => {
    changes.push(
      `${old === undefined ? '' : '-'}${object === undefined ? '' : '+'}${(object ?? old)?.metadata.uid ?? ''}`,
    );
  });
  const requests: string[] = [];
  const asked = (kind: string, { query }: ApiRequest): number => {
    requests.push(`${kind} ${query?.['resourceVersion'] ?? query?.['continue'] ?? ''}`.trim());
    return requests.filter((request) => request.startsWith(kind)).length - 1;
  };
  const cluster = {
    call: <T>(request: ApiRequest): Promise<T> => {
      const answer = lists[Math.min(asked('list', request), lists.length - 1)];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as T);
    },
    stream: (request: ApiRequest): AsyncGenerator<Uint8Array> =>
      said(watches[Math.min(asked('watch', request), watches.length - 1)] ?? OPEN, request.signal),
  };
  const stop = new AbortController();
  const done = reflect(
    { cluster, resource: SECRETS, store, clock, random: () => 1, log: told, ...options },
    stop.signal,
  );
  ended.push(async () => {
    stop.abort();
    await done;
    expect(clock.timers).toBe(0);
  });
  await settle();
  const levels = (): string[] => lines.map((line) => (JSON.parse(line) as { readonly level: string }).level);
  return { clock, store, changes, requests, told: levels };
}

async function* said(watch: Watch | Error, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (watch instanceof Error) throw watch;
  for (const text of watch.says) yield new TextEncoder().encode(text);
  if (watch.then === 'break') throw new Error('ECONNRESET');
  if (watch.then === 'open') {
    await new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  }
}

test('what the watch says is in the store; it is taken up again from the last thing it said', async () => {
  const { clock, changes, requests } = await reflecting({
    lists: [list(5, item('a', 3), item('b', 4))],
    watches: [
      {
        says: [event('ADDED', item('c', 6)) + event('MODIFIED', item('a', 7)), event('DELETED', item('b', 8))],
        then: 'end',
      },
      { says: [bookmark(20)], then: 'break' },
      OPEN,
    ],
  });
  await clock.pass(MINUTE);
  expect(changes).toEqual(['+a', '+b', '+c', '-+a', '-b']);
  expect(requests).toEqual(['list', 'watch 5', 'watch 8', 'watch 20']);
});

describe('lists again', () => {
  test.each([
    ['the watch is refused as too old', errorOfAnswer('GET', 410)],
    ['the watch says so and stays open', { says: [event('ERROR', { code: 410 })], then: 'open' } as const],
    ['the watch reports another error', { says: [event('ERROR', { code: 500 })], then: 'end' } as const],
    ['the kind is gone', errorOfAnswer('GET', 404)],
  ])('when %s', async (_, watch) => {
    const { clock, changes, requests } = await reflecting({
      lists: [list(5, item('a', 3), item('b', 4, 'b-1')), list(9, item('b', 8, 'b-2'))],
      watches: [watch, OPEN],
    });
    await clock.pass(1_000);
    expect(requests).toEqual(['list', 'watch 5', 'list', 'watch 9']);
    expect(changes).toEqual(['+a', '+b-1', '-a', '-b-1', '+b-2']);
  });

  test('at once, when a watch that was taken up again is too old', async () => {
    const { clock, requests } = await reflecting({
      lists: [list(5), list(9)],
      watches: [{ says: [bookmark(6)], then: 'break' }, errorOfAnswer('GET', 410), OPEN],
    });
    await clock.pass(1_000);
    expect(requests).toEqual(['list', 'watch 5', 'watch 6', 'list', 'watch 9']);
  });

  test('from the first page, when a list expired half-way', async () => {
    const firstPage = { ...list(5, item('a', 3)), metadata: { resourceVersion: '5', continue: 'two' } };
    const { clock, store, requests } = await reflecting({
      lists: [firstPage, errorOfAnswer('GET', 410), firstPage, list(5, item('b', 4))],
      watches: [OPEN],
    });
    expect(store.isSynced).toBe(false);
    await clock.pass(1_000);
    expect(requests).toEqual(['list', 'list two', 'list', 'list two', 'watch 5']);
    expect(store.list()).toHaveLength(2);
    expect(store.isSynced).toBe(true);
  });
});

describe('goes on from where it was', () => {
  test.each([
    ['no answer comes', errorWithoutAnswer('GET', 'no')],
    ['the server is overloaded', errorOfAnswer('GET', 429)],
    ['it is forbidden for a while', errorOfAnswer('GET', 403)],
    ['the connection breaks', { says: [], then: 'break' } as const],
    ['the server says nonsense', { says: ['<html>\n'], then: 'open' } as const],
  ])('when %s', async (_, watch) => {
    const { clock, requests } = await reflecting({ lists: [list(5)], watches: [watch, OPEN] });
    expect(requests).toEqual(['list', 'watch 5']);
    await clock.pass(1_000);
    expect(requests).toEqual(['list', 'watch 5', 'watch 5']);
  });

  test('when the connection is silent for longer than the server ever is', async () => {
    const { clock, requests } = await reflecting({
      lists: [list(5)],
      watches: [{ says: [bookmark(6)], then: 'open' }, OPEN],
    });
    await clock.pass(179_000);
    expect(requests).toEqual(['list', 'watch 5']);
    await clock.pass(2_000);
    expect(requests).toEqual(['list', 'watch 5', 'watch 6']);
  });
});

test('a server that ends every watch at once is asked less and less often', async () => {
  const { clock, requests } = await reflecting({ lists: [list(5)], watches: [{ says: [bookmark(6)], then: 'end' }] });
  await clock.pass(10 * MINUTE);
  expect(requests.length).toBeLessThan(30);
  expect(requests.length).toBeGreaterThan(20);
});

test('an outage of an hour is waited for, and what happened meanwhile is there soon after', async () => {
  const outage = Array.from({ length: 120 }, () => errorWithoutAnswer('GET', 'no'));
  const { clock, store } = await reflecting({
    lists: [list(5)],
    watches: [...outage, { says: [event('ADDED', item('a', 6))], then: 'open' }],
  });
  await clock.pass(62 * MINUTE);
  expect(store.get('ns/a')).toBeDefined();
});

describe('a kind that may not be installed', () => {
  test('is no error, and told as there at once; it is looked for again, quietly, and watched once it is', async () => {
    const { store, changes, clock, requests, told } = await reflecting(
      {
        lists: [errorOfAnswer('GET', 404), errorOfAnswer('GET', 404), list(5, item('a', 5)), errorOfAnswer('GET', 404)],
        watches: [{ says: [event('ADDED', item('b', 6))], then: 'open' }],
      },
      { optional: true },
    );
    expect(store.isSynced).toBe(true);
    for (let again = 0; again < 2; again++) {
      await clock.pass(9_999);
      expect(requests).toHaveLength(1 + again);
      await clock.pass(1);
      await settle();
    }
    expect(requests).toEqual(['list', 'list', 'list', 'watch 5']);
    expect(changes).toEqual(['+a', '+b']);
    expect(told()).toEqual(['info']);
  });

  test('and one that is taken away leaves nothing, after five minutes', async () => {
    const { changes, clock, told } = await reflecting(
      {
        lists: [list(5, item('a', 5)), errorOfAnswer('GET', 404)],
        watches: [errorOfAnswer('GET', 404)],
      },
      { optional: true },
    );
    await clock.pass(5 * MINUTE - 1);
    expect([changes, told()]).toEqual([['+a'], []]);
    await clock.pass(10_000);
    expect(changes).toEqual(['+a', '-a']);
    expect(told()).toEqual(['info']);
  });

  test('what may not be read for a while, and then again, is all there again', async () => {
    const { store, clock } = await reflecting(
      {
        lists: [list(5, item('a', 5))],
        watches: [...Array.from({ length: 40 }, () => errorOfAnswer('GET', 403)), OPEN],
      },
      { optional: true },
    );
    await clock.pass(20 * MINUTE);
    expect(store.get('ns/a')).toBeDefined();
  });

  test('an API server that starts, and does not have it yet, takes nothing away', async () => {
    const { changes, clock } = await reflecting(
      {
        lists: [list(5, item('a', 5)), errorOfAnswer('GET', 404), errorOfAnswer('GET', 404), list(6, item('a', 5))],
        watches: [errorOfAnswer('GET', 404), OPEN],
      },
      { optional: true },
    );
    await clock.pass(10 * MINUTE);
    expect(changes).toEqual(['+a']);
  });

  test('one that may not be read is told once, as a warning, and holds nothing up', async () => {
    const { store, clock, told } = await reflecting(
      { lists: [errorOfAnswer('GET', 403)], watches: [OPEN] },
      { optional: true },
    );
    expect(store.isSynced).toBe(true);
    await clock.pass(60_000);
    expect(told()).toEqual(['warn']);
  });

  test('an API server that is away says nothing of it', async () => {
    const { store } = await reflecting({ lists: [errorOfAnswer('GET', 503)], watches: [OPEN] }, { optional: true });
    expect(store.isSynced).toBe(false);
  });

  test('a kind that must be there is waited for', async () => {
    const { store } = await reflecting({ lists: [errorOfAnswer('GET', 404)], watches: [OPEN] });
    expect(store.isSynced).toBe(false);
  });
});
