/** What every DNS provider must do, whatever its protocol: one suite, run over each (provider.ts is the contract). */
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { describeBatches } from './batches.ts';
import { describeChanges } from './changes.ts';
import { describeFailures } from './failures.ts';
import type { Harness } from './harness.ts';
import { describeNames } from './names.ts';
import { describeSerials } from './serials.ts';
import { Suite } from './suite.ts';
import { describeZones } from './zones.ts';

/** `withoutSerials`: for those that tell by `settled` what their name servers have. */
export function describeProvider(name: string, start: () => Promise<Harness>, withoutSerials = false): void {
  describe(`${name} as a provider`, () => {
    const suite = new Suite();
    beforeAll(() => suite.start(start));
    afterAll(() => suite.harness.stop());

    test('its credential is accepted', () => suite.harness.provider.authenticate());
    describe('zones', () => {
      describeZones(suite);
    });
    describe('a change', () => {
      describeChanges(suite);
    });
    if (!withoutSerials) {
      describe('the serial', () => {
        describeSerials(suite);
      });
    }
    describe('several owners at once', () => {
      describeBatches(suite);
    });
    describe('names', () => {
      describeNames(suite);
    });
    describe('what fails is never an answer', () => {
      describeFailures(suite);
    });
  });
}
