import { expect, test } from '@jest/globals';
import { Shared } from '../../src/kube/shared.ts';

const read = (): object =>
  JSON.parse(
    '{"metadata":{"name":"mx","labels":{}},"status":{"conditions":[{"type":"Ready","message":"it is"},null],"seen":[1,true]}}',
  ) as object;

test('is equal to what was given, which stays as it is', () => {
  const given = read();
  expect(new Shared().of(given)).toEqual(read());
  expect(given).toEqual(read());
});

test('plain parts of equal objects are held once', () => {
  const shared = new Shared();
  const [a, b] = [shared.of(read()), shared.of(read())] as { status: { conditions: object[]; seen: unknown } }[];
  expect(a?.status).not.toBe(b?.status);
  expect(a?.status.conditions[0]).toBe(b?.status.conditions[0]);
  expect(a?.status.seen).toBe(b?.status.seen);
});

test('a text is not taken for the object that it describes, nor a list for an object', () => {
  const shared = new Shared();
  const parts = ['{"0":1}', { 0: 1 }, [1], '[1]', 1];
  expect(parts.map((part) => shared.of(part))).toEqual(parts);
});

test('what is more than JSON stays as it is', () => {
  const error = new Error('unread');
  const at = new Date(0);
  const found = new Shared().of({ outcome: { at, error } });
  expect(found.outcome.at).toBe(at);
  expect(found.outcome.error).toBe(error);
});

test('what was not met for a long time is forgotten; what is met again and again is not', () => {
  const shared = new Shared();
  const often = shared.of({ type: 'Ready' });
  const once = shared.of({ type: 'Once' });
  for (let n = 0; n < 10_000; n++) shared.of([{ n }, { type: 'Ready' }]);
  expect(shared.of({ type: 'Ready' })).toBe(often);
  expect(shared.of({ type: 'Once' })).not.toBe(once);
});
