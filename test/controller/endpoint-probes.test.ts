/** What is remembered of looks at endpoints. The probe is a double: it answers nothing. */
import { expect, test } from '@jest/globals';
import { EndpointProbes, type EndpointTarget } from '../../src/controller/endpoint-probes.ts';

const MINUTE = 60_000;

const target = (address: string): EndpointTarget => ({
  hostname: 'mx1.example.nl',
  source: 'Service',
  address,
  port: 25,
  listenPort: 25,
  keyAlgorithm: 'RSA',
});

test('an endpoint that comes has looks of its own, and those that stay keep theirs', async () => {
  let now = Date.parse('2026-11-22T12:00:00Z');
  const probes = new EndpointProbes(
    () => Promise.resolve({ kind: 'Failed', error: 'Timeout', message: 'a double' }),
    () => now,
    () => 0.5,
  );
  const look = async (...addresses: readonly string[]): Promise<readonly number[]> => {
    now += MINUTE;
    const { endpoints } = await probes.look('mail/mx1', addresses.map(target), {
      atRestMs: MINUTE,
      isGood: () => true,
    });
    return endpoints.map(({ looks }) => looks.length);
  };
  expect(await look('10.0.0.1')).toEqual([1]);
  expect(await look('10.0.0.1')).toEqual([2]);
  expect(await look('10.0.0.2', '10.0.0.1')).toEqual([1, 3]);
  expect(await look('10.0.0.1')).toEqual([4]);
  expect(await look('10.0.0.1', '10.0.0.2')).toEqual([5, 1]);
});
