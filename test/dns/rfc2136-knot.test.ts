import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeProvider } from './conformance/index.ts';
import { describeCredentials } from './credentials.ts';
import { startKnotHarness } from './other-primaries.ts';
import type { Rfc2136Harness } from './rfc2136-harness.ts';

describeProvider('Knot by RFC 2136', () => startKnotHarness('10.53.0.12'));

describe('Knot and RFC 2136', () => {
  let knot: Rfc2136Harness;
  beforeAll(async () => {
    knot = await startKnotHarness('10.53.0.13');
  });
  afterAll(() => knot.stop());

  describeCredentials(() => knot, {
    'another secret': ['Stalled', 'BadSignature'],
    'another key': ['Stalled', 'BadKey'],
    'another algorithm': ['Stalled', 'BadKey'],
    'a clock that is an hour late': ['Transient', 'BadTime'],
  });

  test('without a list of zones nothing proves the key, and that is said', async () => {
    await expect(knot.providerWith({ zones: [] }).authenticate()).rejects.toMatchObject({
      kind: 'Stalled',
      code: 'PrimaryRefused',
      message: expect.stringContaining('"zones"'),
    });
  });
});
