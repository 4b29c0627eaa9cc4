/** What a pass may do with facts of before it wrote status, and for what it must look again. */
import { expect, test } from '@jest/globals';
import type { Effect } from '../../src/core/effect.ts';
import type { State } from '../../src/core/state.ts';
import { mayGoOn } from '../../src/controller/may-go-on.ts';

const STATE: State = { certificates: [], recordSets: [] };
const RELEASE = {
  kind: 'CopySecret',
  secretName: 'mx1-tls',
  servingSecretName: 'mx1-tls-live',
  spkiSHA256: 'ab'.repeat(32),
  replaces: undefined,
} as const;

test.each<[string, Effect | undefined, boolean]>([
  ['records are changed: the change names what it expects to find', { kind: 'ChangeRecordSets', changes: [] }, true],
  ['nothing is to be done', undefined, true],
  [
    'a certificate is released only after one more look',
    { kind: 'Release', releases: [RELEASE], otherwise: [] },
    false,
  ],
  ['the same before it is let go', { kind: 'RemoveFinalizer', left: [] }, false],
])('%s', (_what, effect, expected) => {
  expect(mayGoOn(STATE, { effect, state: STATE, recordSets: [], promotions: [], wakeAt: undefined })).toBe(expected);
});
