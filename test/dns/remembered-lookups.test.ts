/** How long what a resolver said is believed without asking again. The resolver here only counts: it is no double of DNS. */
import { beforeEach, expect, test } from '@jest/globals';
import { transient } from '../../src/core/errors.ts';
import { rememberedLookups, type RememberedLookups } from '../../src/dns/remembered-lookups.ts';
import type { Lookup } from '../../src/dns/resolver.ts';

const host = 'mx1.example.nl';
let clock: number;
let asked: string[];
let ttlSeconds: number | undefined;
let fails: boolean;
let lookups: RememberedLookups;

beforeEach(() => {
  clock = 0;
  asked = [];
  ttlSeconds = 3600;
  fails = false;
  const lookup = (name: string, type: string): Promise<Lookup> => {
    asked.push(`${name} ${type}`);
    if (fails) return Promise.reject(transient('ResolverTimeout', 'no answer'));
    return Promise.resolve({ ttlSeconds } as Lookup);
  };
  lookups = rememberedLookups({ lookup }, () => clock);
});

test('for five seconds, each name and type for itself', async () => {
  await Promise.all([lookups.lookup(host, 'A'), lookups.lookup(host, 'A'), lookups.lookup(host, 'AAAA')]);
  clock = 4_999;
  await lookups.lookup(host, 'A');
  expect(asked).toEqual([`${host} A`, `${host} AAAA`]);
  clock = 5_000;
  await lookups.lookup(host, 'A');
  expect(asked.length).toBe(3);
});

test('no longer than the TTL', async () => {
  ttlSeconds = 1;
  await lookups.lookup(host, 'A');
  clock = 1_000;
  await lookups.lookup(host, 'A');
  expect(asked.length).toBe(2);
});

test('a failure is not kept', async () => {
  fails = true;
  await expect(lookups.lookup(host, 'A')).rejects.toMatchObject({ code: 'ResolverTimeout' });
  fails = false;
  await lookups.lookup(host, 'A');
  expect(asked.length).toBe(2);
});

test('what is forgotten is asked anew, and no other', async () => {
  const other = `other-${host}`;
  for (const name of [host, other]) await lookups.lookup(name, 'A');
  lookups.forget(host);
  for (const name of [host, other]) await lookups.lookup(name, 'A');
  expect(asked).toEqual([`${host} A`, `${other} A`, `${host} A`]);
});
