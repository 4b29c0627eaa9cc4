import { expect, test } from '@jest/globals';
import type { MailServerStatus } from '../../src/api/mail-server-status.ts';
import { certificateEvents } from '../../src/controller/certificate-events.ts';

type Certificate = NonNullable<MailServerStatus['certificates']>[number];
type Chain = Certificate['chains'][number];

const KEY = 'ab'.repeat(32);

const certificate = (mode: Certificate['mode'], state: Chain['state'], candidate?: Certificate['candidate']) =>
  ({
    secretName: 'tls',
    mode,
    chains: [{ state, spkiSHA256: KEY, notAfter: '2026-12-01T00:00:00Z' }],
    ...(candidate && { candidate }),
  }) as unknown as Certificate;

const WAITS = { stage: 'Publishing', reason: 'Publishing' } as const;
const IN_GATE = { ...WAITS, requestName: 'mx-2' };

test.each([
  ['Promote', WAITS, 'Secret tls'],
  ['Gate', IN_GATE, 'CertificateRequest mx-2 for Secret tls'],
] as const)('%s: who holds what waits is said when it is found, released or dropped', (mode, candidate, holder) => {
  const waits = { certificates: [certificate(mode, 'Candidate', candidate)] };
  const told = (before: object, after: object) =>
    certificateEvents(before as MailServerStatus, after as MailServerStatus).map(
      ({ reason, message }) => `${reason}: ${message}`,
    );
  expect(told({}, waits)).toEqual([expect.stringContaining(`CandidateFound: ${holder} holds a certificate for key`)]);
  expect(told(waits, { certificates: [certificate(mode, 'Serving')] })).toEqual([
    expect.stringMatching(new RegExp(`Released: .* of ${holder} is in the Secret that pods mount`)),
  ]);
  expect(told(waits, { certificates: [certificate(mode, 'Dropped')] })).toEqual([
    expect.stringMatching(new RegExp(`CandidateDropped: .* in ${holder} was replaced`)),
  ]);
});
