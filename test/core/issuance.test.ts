import { describe, expect, test } from '@jest/globals';
import type { ChainSummary } from '../../src/core/chain-summary.ts';
import { transient } from '../../src/core/errors.ts';
import { known, unknown } from '../../src/core/facts.ts';
import type { Attempt, AttemptState, IssuanceFacts } from '../../src/core/issuance-facts.ts';
import { nextIssuance } from '../../src/core/issuance.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const minutesAgo = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);

/** 90 days from the day before yesterday: a third of it is over in 28 days. */
const CHAIN: ChainSummary = {
  spkiSHA256: 'a'.repeat(64),
  caSPKISHA256s: ['b'.repeat(64)],
  keyAlgorithm: 'ECDSA',
  names: ['mx1.example.nl'],
  notBefore: '2026-11-20T12:00:00Z',
  notAfter: '2027-02-18T12:00:00Z',
};

const attempt = (number: number, state: AttemptState): Attempt => ({ name: `child-${number}`, number, state });
const issued = (number: number, at = new Date(CHAIN.notBefore)): Attempt =>
  attempt(number, { kind: 'Issued', at, chain: CHAIN });
const expired = ({ name, number, state }: Attempt): Attempt =>
  state.kind === 'Issued'
    ? { name, number, state: { ...state, chain: { ...state.chain, notAfter: NOW.toISOString() } } }
    : { name, number, state };
const failed = (number: number, minutes: number): Attempt =>
  attempt(number, { kind: 'Failed', at: minutesAgo(minutes) });

const facts = (others: Partial<IssuanceFacts>): IssuanceFacts => ({
  now: NOW,
  approval: 'Approved',
  isOver: false,
  isReadable: true,
  issuer: known('ClusterIssuer letsencrypt'),
  attempts: [],
  withholders: known([]),
  backOff: { firstMs: 10 * 60_000, maxMs: 6 * 3_600_000 },
  ...others,
});
const HELD = known([{ name: 'mx1', until: '2026-11-22T13:00:00Z' }, { name: 'mx2' }]);

describe('what is done with a request for one of our issuers', () => {
  test.each<[string, Partial<IssuanceFacts>, object]>([
    ['nothing before it is approved: that is not ours to do', { approval: 'None' }, { kind: 'Wait' }],
    ['a denied one fails', { approval: 'Denied' }, { kind: 'Fail', reason: 'Denied' }],
    ['one that was completed or given up is left alone', { isOver: true, approval: 'Denied' }, { kind: 'Wait' }],
    ['one without a CSR fails', { isReadable: false }, { kind: 'Fail', reason: 'Failed' }],
    [
      'one whose key somebody else has fails, so that cert-manager makes another',
      { attempts: [issued(1)], withholders: known([{ name: 'mx1' }, { name: 'mx2', refusesKey: true }]) },
      { kind: 'Fail', reason: 'Failed', message: 'its key is in spec.compromisedKeys of MailServer mx2' },
    ],
    [
      'one whose issuer is not there waits',
      { issuer: unknown(transient('IssuerNotFound', 'no such issuer')) },
      { kind: 'Wait', message: 'no such issuer' },
    ],
    ['the wrapped issuer is asked at once', {}, { kind: 'Issue', number: 1, forget: [] }],
    ['also when mail is not ready for another certificate', { withholders: HELD }, { kind: 'Issue', number: 1 }],
    [
      'it is waited for',
      { attempts: [attempt(1, { kind: 'Pending' })] },
      { kind: 'Wait', message: 'ClusterIssuer letsencrypt has not answered CertificateRequest child-1 yet' },
    ],
    ['nobody withholds it: it goes on', { attempts: [issued(1)] }, { kind: 'Complete', attempt: { number: 1 } }],
    [
      'who withholds it is told, and until when',
      { attempts: [issued(1)], withholders: HELD },
      {
        kind: 'Wait',
        message:
          'issued, and held back until no sender would refuse it, by MailServer mx1 (until 2026-11-22T13:00:00Z), mx2',
        until: new Date('2026-12-20T12:00:00Z'),
      },
    ],
    [
      'while it is not known who uses the Secret, it is withheld',
      { attempts: [issued(1)], withholders: unknown(transient('CertificateUnknown', 'not known yet')) },
      { kind: 'Wait', message: 'not known yet' },
    ],
    [
      'a MailServer that was deleted had records that senders remember',
      { attempts: [issued(1)], notBefore: new Date('2026-11-22T12:30:00Z') },
      { kind: 'Wait', until: new Date('2026-11-22T12:30:00Z') },
    ],
    ['and then not any more', { attempts: [issued(1)], notBefore: NOW }, { kind: 'Complete' }],
    [
      'what was withheld for a third of its life is issued again',
      { attempts: [issued(1)], withholders: HELD, now: new Date('2026-12-20T12:00:00Z') },
      { kind: 'Issue', number: 2, forget: [] },
    ],
    [
      'what was old when it was answered goes on: another would be no newer',
      { attempts: [issued(1, new Date('2027-01-31T11:59:00Z'))], now: new Date('2027-01-31T12:00:00Z') },
      { kind: 'Complete', attempt: { number: 1 } },
    ],
    [
      'one that is not valid yet is waited for: each further one would be valid later still',
      { attempts: [issued(1, new Date('2026-10-21T12:00:00Z'))], withholders: HELD },
      { kind: 'Wait', until: new Date('2026-12-20T12:00:00Z') },
    ],
    [
      'where it is withheld, it is issued again after a third of what was left',
      {
        attempts: [issued(1, new Date('2027-01-31T12:00:00Z'))],
        withholders: HELD,
        now: new Date('2027-01-31T12:00:00Z'),
      },
      { kind: 'Wait', until: new Date('2027-02-06T12:00:00Z') },
    ],
    [
      'and no sooner than after a failure, however little that is',
      { attempts: [issued(3, NOW)].map(expired), withholders: HELD },
      {
        kind: 'Wait',
        message: expect.stringContaining(
          'child-3 was answered with what has expired; ClusterIssuer letsencrypt is asked',
        ),
        until: new Date('2026-11-22T12:10:00Z'),
      },
    ],
    [
      'meanwhile the earlier one may go',
      { attempts: [issued(1), attempt(2, { kind: 'Pending' })], now: new Date('2026-12-20T12:00:00Z') },
      { kind: 'Complete', attempt: { number: 1 } },
    ],
    [
      'and the later one is what goes once it is there',
      { attempts: [issued(2), issued(1)] },
      { kind: 'Complete', attempt: { number: 2 } },
    ],
    [
      'a failure is tried again, later and later',
      { attempts: [failed(1, 30), failed(2, 19)] },
      { kind: 'Wait', until: new Date('2026-11-22T12:01:00Z') },
    ],
    [
      'when it is time, with a new child; of the failed ones the last is kept to be looked at',
      { attempts: [failed(1, 60), failed(2, 20)] },
      { kind: 'Issue', number: 3, forget: ['child-1'] },
    ],
    [
      'never later than the longest back-off',
      { attempts: [failed(20, 0)] },
      { kind: 'Wait', until: new Date('2026-11-22T18:00:00Z') },
    ],
    [
      'what cannot be used counts as a failure, and is said',
      { attempts: [attempt(1, { kind: 'Failed', at: NOW, error: transient('NotLeading', 'of another key') })] },
      { kind: 'Wait', message: expect.stringContaining('was answered with what cannot be used (of another key)') },
    ],
    [
      'a failure to issue it again takes nothing away',
      { attempts: [issued(1), failed(2, 1)], withholders: HELD },
      { kind: 'Wait', message: expect.stringMatching(/^issued, and held back/) },
    ],
    [
      'and is tried again',
      { attempts: [issued(1), failed(2, 20)], withholders: HELD },
      { kind: 'Issue', number: 3, forget: [] },
    ],
    [
      'a child that was denied ends it, as it would without us',
      { attempts: [attempt(1, { kind: 'Denied' })] },
      { kind: 'Fail', reason: 'Failed', message: 'CertificateRequest child-1 was denied by an approval controller' },
    ],
    [
      'unless there is a certificate already',
      { attempts: [issued(1), attempt(2, { kind: 'Denied' })], withholders: HELD },
      { kind: 'Wait', until: new Date(CHAIN.notAfter) },
    ],
    [
      'a denial ends it where the certificate that there was has expired',
      { attempts: [issued(1), attempt(2, { kind: 'Denied' })].map(expired), withholders: HELD },
      { kind: 'Fail', reason: 'Failed' },
    ],
    [
      'what has expired is not handed over',
      { attempts: [issued(1), attempt(2, { kind: 'Pending' })].map(expired) },
      { kind: 'Wait', message: 'ClusterIssuer letsencrypt has not answered CertificateRequest child-2 yet' },
    ],
    [
      'by a clock that is ahead, no back-off would last',
      { attempts: [failed(1, 600)], clockSkewMs: 31_000 },
      { kind: 'Wait', until: new Date('2026-11-22T12:01:00Z') },
    ],
    ['nor any wait', { attempts: [issued(1)], notBefore: NOW, clockSkewMs: 31_000 }, { kind: 'Wait' }],
    ['but the issuer is asked', { clockSkewMs: 31_000 }, { kind: 'Issue' }],
    ['a little makes no difference', { attempts: [issued(1)], clockSkewMs: -30_000 }, { kind: 'Complete' }],
    [
      'a child for an issuer that is wrapped no more is replaced',
      { attempts: [attempt(1, { kind: 'Astray' })] },
      { kind: 'Issue', number: 2 },
    ],
  ])('%s', (_, given, step) => {
    expect(nextIssuance(facts(given))).toMatchObject(step);
  });
});
