/** Which certificate is the first of a host, and needs no wait (docs/rollover.md, "The first certificate"). */
import { expect, test } from '@jest/globals';
import type { ChainSummary } from '../../src/core/chain-summary.ts';
import { transient } from '../../src/core/errors.ts';
import { known, unknown, type Facts, type OwnerFacts } from '../../src/core/facts.ts';
import { isFirst } from '../../src/core/first-certificate.ts';
import type { StoredChain, Version } from '../../src/core/state.ts';
import { rrset } from '../support/answers.ts';
import { DESIRED, OWNER, World } from '../support/planner-world.ts';
import { endpointWith, summaryOf } from '../support/summaries.ts';

/** Its `3 1 1` is `n`. */
const CANDIDATE: StoredChain = { ...summaryOf('n', ''), state: 'Candidate', since: '2026-11-22T12:00:00Z' };
const other = summaryOf('o', '');

interface Case {
  /** What was ever at the owner, `?` being what nobody knows. */
  readonly versions?: readonly string[];
  readonly before?: StoredChain['state'];
  readonly presented?: ChainSummary;
  readonly mounted?: ChainSummary;
  readonly endpoints?: Facts['endpoints'];
  readonly desired?: Partial<Facts['desired']>;
}

function isTheFirst({ versions = ['?', ''], before, presented, mounted, desired, ...given }: Case): boolean {
  const base = new World().facts();
  const facts: Facts = {
    ...base,
    desired: { ...DESIRED, certificates: [{ secretName: 'tls', servingSecretName: 'live' }], ...desired },
    secrets: new Map([
      ['live', mounted === undefined ? unknown(transient('SecretNotFound', 'no Secret')) : known(mounted)],
    ]),
    endpoints: 'endpoints' in given ? given.endpoints : known([endpointWith(presented)]),
  };
  const [owner] = facts.owners as readonly [OwnerFacts];
  const history = versions.map((letters, index): Version => ({
    n: index + 1,
    kind: letters === '?' ? 'Unknown' : 'Written',
    records: letters === '?' ? [] : rrset(letters),
    ttlSeconds: 3600,
    writtenAt: '2026-11-22T12:00:00Z',
  }));
  const recordSet = { owner: OWNER, provider: 'DNSProvider/bind', zone: 'example.nl', ttlSeconds: 3600, records: [] };
  const chains: StoredChain[] =
    before === undefined ? [CANDIDATE] : [CANDIDATE, { ...CANDIDATE, ...other, state: before }];
  return isFirst(
    { owner, next: { ...recordSet, versions: history } },
    {
      certificate: { secretName: 'tls', mode: 'Promote', chains },
      candidate: CANDIDATE,
      promotion: undefined,
      recordSets: [],
      facts,
    },
  );
}

const blind = unknown(transient('ResolverTimeout', 'no answer'));

test.each<[string, Case, boolean]>([
  ['nothing was ever published, nothing is served', {}, true],
  ['nothing but records that accept it', { versions: ['?', '', 'n'] }, true],
  ['records that refuse it came after that', { versions: ['?', '', 'o', 'on'] }, false],
  ['records stood there when it was first looked at', { versions: ['?', 'n'] }, false],
  ['an endpoint presents a certificate', { presented: other }, false],
  ['nobody could look', { endpoints: blind }, false],
  ['nobody has looked yet', { endpoints: undefined }, false],
  ['nobody is to look', { endpoints: undefined, desired: { probe: 'Disabled' } }, true],
  ['another was served', { before: 'Serving' }, false],
  ['another was served, and may be met still', { before: 'Former' }, false],
  ['another waited, and was dropped', { before: 'Dropped' }, true],
  ['the Secret that is mounted holds another', { mounted: other }, false],
])('%s', (_, one, expected) => {
  expect(isTheFirst(one)).toBe(expected);
});
