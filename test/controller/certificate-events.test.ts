import { expect, test } from '@jest/globals';
import type { MailServerStatus } from '../../src/api/mail-server-status.ts';
import { certificateEvents } from '../../src/controller/certificate-events.ts';

type Certificate = NonNullable<MailServerStatus['certificates']>[number];
type Chain = Certificate['chains'][number];

const KEY = 'ab'.repeat(32);

const NEXT_KEY = 'cd'.repeat(32);
const EXPIRY = '2026-12-01T00:00:00Z';
const BEFORE_EXPIRY = new Date('2026-11-22T00:00:00Z');
const AFTER_EXPIRY = new Date('2026-12-02T00:00:00Z');

const chain = (state: Chain['state'], spkiSHA256 = KEY) => ({ state, spkiSHA256, notAfter: EXPIRY });

const certificate = (
  mode: Certificate['mode'],
  chains: Chain['state'] | ReturnType<typeof chain>[],
  candidate?: Certificate['candidate'],
) =>
  ({
    secretName: 'tls',
    mode,
    chains: typeof chains === 'string' ? [chain(chains)] : chains,
    ...(candidate && { candidate }),
  }) as unknown as Certificate;

const told = (before: readonly Certificate[], after: readonly Certificate[], now = BEFORE_EXPIRY) =>
  certificateEvents(
    { certificates: before } as unknown as MailServerStatus,
    { certificates: after } as unknown as MailServerStatus,
    now,
  ).map(({ reason, message }) => `${reason}: ${message}`);

const WAITS = { stage: 'Publishing', reason: 'Publishing' } as const;
const IN_GATE = { ...WAITS, requestName: 'mx-2' };

test.each([
  ['Promote', WAITS, 'Secret tls'],
  ['Gate', IN_GATE, 'CertificateRequest mx-2 for Secret tls'],
] as const)('%s: who holds what waits is said when it is found, released or dropped', (mode, candidate, holder) => {
  const waits = [certificate(mode, 'Candidate', candidate)];
  expect(told([], waits)).toEqual([expect.stringContaining(`CandidateFound: ${holder} holds a certificate for key`)]);
  expect(told(waits, [certificate(mode, 'Serving')])).toEqual([
    expect.stringMatching(new RegExp(`Released: .* of ${holder} is in the Secret that pods mount`)),
  ]);
  expect(told(waits, [certificate(mode, 'Dropped')])).toEqual([
    `CandidateDropped: the certificate for key abababab… in ${holder} was taken away before it was released`,
  ]);
});

test('why one that waited is dropped', () => {
  const waits = [certificate('Promote', 'Candidate', WAITS)];
  const replaced = [certificate('Promote', [chain('Candidate', NEXT_KEY), chain('Dropped')], WAITS)];
  expect(told(waits, replaced)).toContainEqual(
    expect.stringMatching(/^CandidateDropped: .* was replaced by one for key cdcdcdcd… before it was released$/),
  );
  expect(told(waits, [certificate('Promote', 'Dropped')], AFTER_EXPIRY)).toEqual([
    expect.stringMatching(/^CandidateDropped: .* has expired before it was released$/),
  ]);
});

test('servingSecretName is taken out of the spec: pods mount what waited, which is told as such, and once', () => {
  const waits = [certificate('Promote', 'Candidate', WAITS)];
  const observed = [certificate('Observe', [chain('Serving'), chain('Dropped')])];
  expect(told(waits, observed)).toEqual([expect.stringMatching(/^Released: /)]);
  expect(told(observed, [certificate('Observe', 'Serving')])).toEqual([]);
});

test.each([
  ['Observe', 'Secret tls'],
  ['Gate', 'Secret tls'],
  ['Promote', 'the Secret that pods mount in place of tls'],
] as const)('%s: a certificate that is served is found in %s', (mode, where) => {
  expect(told([], [certificate(mode, 'Serving')])).toEqual([
    `CertificateFound: ${where} holds a certificate for key abababab…, valid to ${EXPIRY}`,
  ]);
});
