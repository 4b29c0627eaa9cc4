/** Which changes of an object call for a pass while one is over it. */
import { expect, test } from '@jest/globals';
import { UnderWork } from '../../src/controller/under-work.ts';
import type { KubeObject } from '../../src/kube/resource.ts';
import { Store } from '../../src/kube/store.ts';
import { createLogger } from '../../src/observe/log.ts';

const object = (resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'it', namespace: 'here', uid: 'uid', resourceVersion },
});

/** What a pass does to the object, with the watch beside it; how often the key is woken for it. */
async function woken(pass: (watch: (version: string) => void, write: (version: string) => void) => void) {
  const store = new Store<KubeObject>(createLogger({ level: 'silent', format: 'json' }));
  let count = 0;
  const underWork = new UnderWork(store, () => {
    count += 1;
  });
  store.apply(object('1'));
  store.subscribe(() => {
    underWork.changed('here/it');
  });
  const watch = (version: string): void => {
    store.apply(object(version));
  };
  await underWork.pass(object('1'), () => {
    pass(watch, (version) => {
      underWork.put(object(version));
    });
    return Promise.resolve();
  });
  return { count, watch, now: () => count };
}

test('none that the pass made itself, whether its answer or the watch comes first', async () => {
  const { count, watch, now } = await woken((_watch, write) => {
    write('2');
  });
  watch('2');
  expect([count, now()]).toEqual([0, 0]);
  const { count: other } = await woken((seen, write) => {
    seen('2');
    write('2');
  });
  expect(other).toBe(0);
});

test('one that somebody else made meanwhile, once', async () => {
  const { count } = await woken((watch, write) => {
    write('2');
    watch('3');
    watch('4');
  });
  expect(count).toBe(1);
});

test('each that comes when no pass is over it', async () => {
  const { watch, now } = await woken(() => undefined);
  watch('2');
  watch('3');
  expect(now()).toBe(2);
});
