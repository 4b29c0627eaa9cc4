/** Who is asked what stands at an owner, where the provider's API allows few requests; and what it says of its own changes. */
import { expect, test } from '@jest/globals';
import type { Claim } from '../../src/controller/claims.ts';
import { readOwner } from '../../src/controller/read-owner.ts';
import { SettledChanges } from '../../src/controller/settled-changes.ts';
import { known } from '../../src/core/facts.ts';
import type { StoredRecordSet, Version } from '../../src/core/state.ts';
import { daneEE, formatTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import type { ServerSample } from '../../src/dns/servers.ts';

const [a, b] = [daneEE('01'.repeat(32)), daneEE('02'.repeat(32))] as const;
const owner = '_25._tcp.mx1.example.nl';
const writtenAt = '2026-11-22T12:00:00Z';

const version = (n: number, records: readonly TlsaRecord[], changeID?: string): Version => ({
  n,
  kind: 'Written',
  records: records.map(formatTlsa),
  ttlSeconds: 60,
  writtenAt,
  changeID,
});
const stored = (...versions: readonly Version[]): StoredRecordSet => ({
  owner,
  provider: 'DNSProvider/route53',
  zone: 'example.nl',
  ttlSeconds: 60,
  records: [{ data: formatTlsa(a), role: 'Serving' }],
  versions,
});

/** Counts what the API is asked. */
function world(parts: { readonly isRateLimited?: boolean; readonly settled?: () => Promise<boolean> } = {}) {
  const asked: string[] = [];
  const dns = {
    isRateLimited: true,
    ...parts,
    read: () => {
      asked.push('read');
      return Promise.resolve({ records: [b], ttlSeconds: 60 });
    },
  };
  const claim = {
    providerName: 'DNSProvider/route53',
    provider: { dns },
    zone: { name: 'example.nl', id: 'Z1', signing: 'Signing' },
  } as unknown as Claim;
  return { claim, asked };
}

const answering = (...answers: readonly (readonly TlsaRecord[] | 'Silent')[]) => {
  const samples = answers.map((records, index) => ({
    name: `ns${index}.example.nl`,
    state: records === 'Silent' ? 'Silent' : 'Answers',
    outcomes: new Map([[`192.0.2.${index}`, records === 'Silent' ? 'Silent' : { records, ttlSeconds: 60 }]]),
  }));
  return { once: () => Promise.resolve(samples as unknown as readonly ServerSample[]) };
};

const AT_REST = stored(version(1, [a]));

test.each([
  ['at rest, what the name servers show', {}, AT_REST, [[a], [a]], [], [a]],
  ['through a wait', {}, stored(version(1, [b]), version(2, [a])), [[a], [a]], [], [a]],
  ['one of them silent', {}, AT_REST, [[a], 'Silent'], [], [a]],
  ['one of them shows something else', {}, AT_REST, [[a], [b]], ['read'], [b]],
  ['none of them shows it', {}, AT_REST, [[], []], ['read'], [b]],
  ['all of them silent', {}, AT_REST, ['Silent'], ['read'], [b]],
  ['nothing was published yet', {}, undefined, [[a]], ['read'], [b]],
  ['a provider that may be asked at will', { isRateLimited: false }, AT_REST, [[a]], ['read'], [b]],
] as const)('%s', async (_, parts, record, answers, requests, found) => {
  const { claim, asked } = world(parts);
  const { current } = await readOwner(known(claim), owner, record, undefined, answering(...answers));
  expect(current).toEqual(known({ records: found, ttlSeconds: 60 }));
  expect(asked).toEqual(requests);
});

test('around a change its own record is asked, and the change has its name', async () => {
  const { claim, asked } = world();
  const intent = { add: [formatTlsa(b)], remove: [], ttlSeconds: 60, since: writtenAt };
  const last = { outcome: 'Applied', intent, sentAt: 0, serialBefore: undefined, changeID: 'C7' } as const;
  const read = await readOwner(known(claim), owner, { ...AT_REST, intent }, last, answering([a]));
  expect(read).toMatchObject({ changeID: 'C7', current: { value: { records: [b] } } });
  expect(asked).toEqual(['read']);
  const another = { ...intent, add: [] };
  const later = await readOwner(known(claim), owner, { ...AT_REST, intent: another }, last, answering([a]));
  expect(later.changeID).toBeUndefined();
});

test('the provider is asked for a change only where no answer can tell, until it says yes', async () => {
  const says = [false, true];
  let requests = 0;
  const { claim } = world({
    settled: () => {
      requests++;
      return Promise.resolve(says.shift() ?? false);
    },
  });
  let now = 1_000;
  const settled = new SettledChanges(() => now);
  expect(await settled.of(claim, owner, stored(version(1, [a]), version(2, [b], 'C2')))).toBeUndefined();
  expect(requests).toBe(0);
  const recurring = stored(version(1, [a]), version(2, [b], 'C2'), version(3, [a], 'C3'));
  expect(await settled.of(claim, owner, recurring)).toBeUndefined();
  now = 2_000;
  const yes = { changeID: 'C3', at: new Date(2_000) };
  expect(await settled.of(claim, owner, recurring)).toEqual(yes);
  now = 3_000;
  expect(await settled.of(claim, owner, recurring)).toEqual(yes);
  expect(requests).toBe(2);
});
