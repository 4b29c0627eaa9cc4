/** What an administrator who withdraws is told: until when the server must go on. */
import { expect, test } from '@jest/globals';
import type { MailServerStatus } from '../../src/api/mail-server-status.ts';
import { eventsOf } from '../../src/controller/mail-server-events.ts';

const FACTS = { now: new Date('2026-11-23T12:00:00Z'), desired: { waitTTLs: 2 } };

const records = [`3 1 1 ${'ab'.repeat(32)}`];
const owner = { owner: '_25._tcp.mx1.example.nl', zone: 'example.nl', provider: 'DNSProvider/bind', ttlSeconds: 3600 };
const written = { kind: 'Written', writtenAt: '2026-11-20T12:00:00Z' };

const status = (...recordSets: object[]): MailServerStatus => ({ recordSets }) as unknown as MailServerStatus;
const published = (...versions: object[]): MailServerStatus =>
  status({ ...owner, records: records.map((data) => ({ data, role: 'Serving' })), versions });

const withdrawn = (before: MailServerStatus, after: MailServerStatus, facts: object = {}): string[] =>
  eventsOf(before, after, { ...FACTS, ...facts }).map(({ reason, message }) => `${reason}: ${message}`);

test('deleted: two TTLs and a minute from now, and of several TTLs the longest', () => {
  const now = { ...written, n: 2, records, ttlSeconds: 3600 };
  expect(withdrawn(published(now), status())).toEqual([
    'Withdrawn: our records at _25._tcp.mx1.example.nl are gone; keep serving the certificate until 2026-11-23T14:01:00Z, as senders may hold them (longer if a name server is behind)',
  ]);
  expect(withdrawn(published(now), status(), { clockSkewMs: -3_600_000 })).toEqual([
    expect.stringContaining('until 2026-11-23T15:01:00Z'),
  ]);
  const longer = { ...written, n: 1, records, ttlSeconds: 7200, supersededAt: '2026-11-23T11:00:00Z' };
  expect(withdrawn(published(longer, now), status())).toEqual([expect.stringContaining('until 2026-11-23T15:01:00Z')]);
});

test('publish: false: the same, and status says when it is sure', () => {
  const versions = [
    { ...written, n: 2, records, ttlSeconds: 3600 },
    { ...written, n: 3, records: [], ttlSeconds: 0 },
  ];
  expect(withdrawn(published(...versions.slice(0, 1)), status({ ...owner, records: [], versions }))).toEqual([
    expect.stringMatching(/until 2026-11-23T14:01:00Z.*\(status\.safeToStopAt says when/),
  ]);
});
