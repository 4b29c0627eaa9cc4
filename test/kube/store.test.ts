import { describe, expect, test } from '@jest/globals';
import { isNewer, type KubeObject } from '../../src/kube/resource.ts';
import { Store } from '../../src/kube/store.ts';
import { createLogger } from '../../src/observe/log.ts';

interface Mail extends KubeObject {
  readonly secrets: readonly string[];
}

const log = createLogger({ level: 'silent', format: 'json' });

const mail = (name: string, resourceVersion: number, secrets: readonly string[] = [], uid = name): Mail => ({
  apiVersion: 'v1',
  kind: 'Mail',
  metadata: { namespace: 'ns', name, uid, resourceVersion: String(resourceVersion) },
  secrets,
});

function storeOf(...objects: readonly Mail[]) {
  const store = new Store<Mail, 'secret'>(log, { secret: ({ secrets }) => secrets });
  const changes: string[] = [];
  for (const object of objects) store.apply(object);
  store.subscribe(({ old, object }) => {
    changes.push(`${old?.metadata.resourceVersion ?? '-'}>${object?.metadata.resourceVersion ?? '-'}`);
  });
  return { store, changes };
}

describe('changes', () => {
  test('are told once, with what was before', () => {
    const { store, changes } = storeOf();
    store.apply(mail('a', 9));
    store.apply(mail('a', 9));
    store.apply(mail('a', 10));
    store.remove(mail('a', 11));
    store.remove(mail('a', 11));
    expect(changes).toEqual(['->9', '9>10', '10>-']);
  });

  test('older news than what is here is no news', () => {
    const { store, changes } = storeOf(mail('a', 100));
    store.apply(mail('a', 99));
    expect(changes).toEqual([]);
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe('100');
  });

  test('an object deleted and made again goes before it comes', () => {
    const { store, changes } = storeOf(mail('a', 9, [], 'first'));
    store.apply(mail('a', 12, [], 'second'));
    expect(changes).toEqual(['9>-', '->12']);
  });

  test('a late deletion of the former object does not take the new one', () => {
    const { store } = storeOf(mail('a', 12, [], 'second'));
    store.remove(mail('a', 11, [], 'first'));
    expect(store.list()).toHaveLength(1);
  });

  test('a subscriber or an index that throws harms nobody else', () => {
    const store = new Store<Mail, 'secret'>(log, {
      secret: () => {
        throw new Error('bug');
      },
    });
    store.subscribe(() => {
      throw new Error('bug');
    });
    let told = 0;
    store.subscribe(() => (told += 1));
    store.replace([mail('a', 1), mail('b', 2)], undefined);
    expect(told).toBe(2);
    expect(store.list()).toHaveLength(2);
  });
});

describe('read your writes', () => {
  test('what the API server answered is there at once', () => {
    const { store } = storeOf(mail('a', 9));
    store.put(mail('a', 10));
    store.apply(mail('a', 9));
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe('10');
  });

  test('it is kept without managedFields, and without the copy that kubectl apply left', () => {
    const { store } = storeOf(mail('a', 9));
    const mine = { 'tlsa-operator.io/mine': 'yes' };
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', theirs: '{}', ...mine };
    const answer = mail('a', 10);
    const metadata = { ...answer.metadata, annotations, managedFields: [{}] };
    store.put({ ...answer, metadata });
    expect(store.get('ns/a')?.metadata).toEqual({ ...answer.metadata, annotations: mine });
  });

  test.each([
    ['that is gone meanwhile', [] as Mail[]],
    ['that another one of its name replaced', [mail('a', 11, [], 'second')]],
  ])('an answer about an object %s is not taken', (_, held) => {
    const { store, changes } = storeOf(...held);
    store.put(mail('a', 10, [], 'first'));
    expect(changes).toEqual([]);
  });
});

describe('a whole list', () => {
  test('takes away what is not in it, and keeps what is newer', () => {
    const { store, changes } = storeOf(mail('a', 1), mail('b', 20), mail('c', 3));
    store.replace([mail('a', 1), mail('b', 19), mail('d', 4)], undefined);
    expect(changes).toEqual(['3>-', '->4']);
    expect(store.get('ns/b')?.metadata.resourceVersion).toBe('20');
  });

  test('of one namespace leaves the others alone', () => {
    const { store } = storeOf(mail('a', 1));
    store.replace([], 'other');
    expect(store.list()).toHaveLength(1);
    store.replace([], 'ns');
    expect(store.list()).toHaveLength(0);
  });
});

test('an index follows every change', () => {
  const { store } = storeOf(mail('a', 1, ['x', 'y']), mail('b', 2, ['y']));
  const names = (secret: string) => store.byIndex('secret', secret).map(({ metadata }) => metadata.name);
  expect([names('x'), names('y'), names('z')]).toEqual([['a'], ['a', 'b'], []]);
  store.apply(mail('a', 3, ['z', 'z']));
  expect([names('x'), names('y'), names('z')]).toEqual([[], ['b'], ['a']]);
  store.remove(mail('a', 4));
  expect(names('z')).toEqual([]);
});

test('it is synced when somebody says so', async () => {
  const { store } = storeOf();
  expect(store.isSynced).toBe(false);
  store.markSynced();
  await store.synced;
  expect(store.isSynced).toBe(true);
});

test.each([
  ['10', '9', true],
  ['9', '10', false],
  ['9', '9', false],
  ['18446744073709551615', '18446744073709551614', true],
])('is %s newer than %s? %s', (a, b, expected) => {
  expect(isNewer(a, b)).toBe(expected);
});
