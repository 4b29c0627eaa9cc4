/** When a deletion may leave its records behind (docs/mailserver.md, "Deletion"). */
import { expect, test } from '@jest/globals';
import { mayAbandon, type Clock } from '../../src/controller/may-abandon.ts';

const HOUR = 3_600_000;
const DELETED = Date.parse('2026-11-23T12:00:00Z');

function metadata(annotations: Readonly<Record<string, string>> = {}, isDeleted = true) {
  const deletionTimestamp = isDeleted ? { deletionTimestamp: '2026-11-23T12:00:00Z' } : {};
  return {
    metadata: {
      ...deletionTimestamp,
      name: 'mx',
      namespace: 'mail',
      uid: 'uid',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-11-01T00:00:00Z',
      annotations,
    },
  };
}

const clock = (hours: number, change: Partial<Clock> = {}): Clock => ({
  now: DELETED + hours * HOUR,
  startedAt: DELETED - HOUR,
  clockSkewMs: 0,
  ...change,
});

test.each<[string, Clock, boolean]>([
  ['within the hour', clock(0.9), false],
  ['after the hour', clock(1.1), true],
  ['where this process could not try for an hour yet', clock(5, { startedAt: DELETED + 4.5 * HOUR }), false],
  ['by a clock that is an hour ahead', clock(1.1, { clockSkewMs: HOUR }), false],
])('%s', (_when, at, expected) => {
  expect(mayAbandon(metadata(), at)).toBe(expected);
});

test('at once where somebody says so, whatever the clock says; and never what is not deleted', () => {
  const said = metadata({ 'tlsa-operator.io/abandon-records': 'true' });
  expect(mayAbandon(said, clock(0, { clockSkewMs: HOUR }))).toBe(true);
  expect(mayAbandon(metadata({}, false), clock(100))).toBe(false);
});
