import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeProvider } from './conformance/index.ts';
import { describeCredentials } from './credentials.ts';
import { startPowerDnsHarness } from './other-primaries.ts';
import type { Rfc2136Harness } from './rfc2136-harness.ts';

describeProvider('PowerDNS by RFC 2136', () => startPowerDnsHarness('10.53.0.14'));

describe('PowerDNS and RFC 2136', () => {
  let powerDns: Rfc2136Harness;
  beforeAll(async () => {
    powerDns = await startPowerDnsHarness('10.53.0.15');
  });
  afterAll(() => powerDns.stop());

  // It says NOTAUTH to all of them, and no more.
  describeCredentials(() => powerDns, {
    'another secret': ['Stalled', 'BadKey'],
    'another key': ['Stalled', 'BadKey'],
    'another algorithm': ['Stalled', 'BadKey'],
    'a clock that is an hour late': ['Stalled', 'BadKey'],
  });
});
