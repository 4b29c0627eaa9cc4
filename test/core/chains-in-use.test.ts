/** C, the chains that may be met (docs/rollover.md, "Two sets"): what joins it, what stays in it, and with which CAs. */
import { describe, expect, test } from '@jest/globals';
import { nextCertificates } from '../../src/core/chains-in-use.ts';
import type { ChainSummary } from '../../src/core/chain-summary.ts';
import { transient } from '../../src/core/errors.ts';
import { known, unknown, type Endpoint, type Facts, type Known } from '../../src/core/facts.ts';
import type { StoredChain } from '../../src/core/state.ts';
import { formatTime } from '../../src/core/time.ts';
import { DESIRED, World } from '../support/planner-world.ts';
import { digestOf, endpointWith, summaryOf } from '../support/summaries.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const HOUR = 3_600_000;
const time = (hoursFromNow: number): string => formatTime(new Date(NOW + hoursFromNow * HOUR));

const CAS = [digestOf('y'), digestOf('z')] as const;
const chain = (letter: string, more: Partial<ChainSummary> = {}): ChainSummary => summaryOf(letter, 'yz', more);

const stored = (summary: ChainSummary, state: StoredChain['state'], more: Partial<StoredChain> = {}): StoredChain => ({
  ...summary,
  state,
  since: time(-48),
  ...more,
});

const endpoint = (summary: ChainSummary | undefined): Endpoint => endpointWith(summary, NOW);

interface Now {
  readonly before: readonly StoredChain[];
  /** The Secret that is mounted. */
  readonly serving: ChainSummary;
  readonly isUnreadable?: boolean;
  /** Promote: the other one. */
  readonly source?: Known<ChainSummary>;
  readonly endpoints?: readonly Endpoint[];
  readonly desired?: Partial<Facts['desired']>;
}

function next({
  before,
  serving,
  isUnreadable = false,
  source,
  endpoints = [],
  desired = {},
}: Now): readonly StoredChain[] {
  const isPromoted = source !== undefined;
  const certificate = isPromoted ? { secretName: 'tls', servingSecretName: 'live' } : { secretName: 'tls' };
  const secrets = new Map<string, Known<ChainSummary>>([
    [isPromoted ? 'live' : 'tls', isUnreadable ? unreadable : known(serving)],
  ]);
  if (isPromoted) secrets.set('tls', source);
  return nextCertificates({
    ...new World().facts(),
    now: new Date(NOW),
    desired: { ...DESIRED, certificates: [certificate], ...desired },
    secrets,
    endpoints: known(endpoints),
    stored: {
      certificates: [{ secretName: 'tls', mode: isPromoted ? 'Promote' : 'Observe', chains: before }],
      recordSets: [],
    },
  }).flatMap(({ chains }) => chains);
}

const letters = (chains: readonly StoredChain[]): string[] =>
  chains.map(({ spkiSHA256, state }) => `${Buffer.from(spkiSHA256.slice(0, 2), 'hex').toString()} ${state}`);

const NEW = chain('n');
const unreadable = unknown(transient('SecretUnreadable', 'the API server does not answer'));
const expired = chain('x', { notAfter: time(-1) });
const [unseen, longUnseen] = [{ notSeenSince: time(-23) }, { notSeenSince: time(-25) }];

const keyOf = ({ spkiSHA256 }: ChainSummary): string => spkiSHA256;
const replaced: Now = {
  before: [stored(chain('a'), 'Serving')],
  serving: NEW,
  desired: { compromisedKeys: [keyOf(chain('a'))] },
};

test.each<[string, Now, string[]]>([
  [
    'a former one leaves when no endpoint presented it for retireAfter',
    { before: [stored(chain('a'), 'Former', longUnseen)], serving: NEW, endpoints: [endpoint(NEW)] },
    ['n Serving'],
  ],
  [
    'not earlier',
    { before: [stored(chain('a'), 'Former', unseen)], serving: NEW, endpoints: [endpoint(NEW)] },
    ['n Serving', 'a Former'],
  ],
  [
    'nor where an endpoint presents what no Secret ever held: somebody may stand before it',
    { before: [stored(chain('a'), 'Former', longUnseen)], serving: NEW, endpoints: [endpoint(chain('s'))] },
    ['n Serving', 'a Former'],
  ],
  [
    'one that has expired leaves, where an endpoint does not answer',
    { before: [stored(expired, 'Former', longUnseen)], serving: NEW, endpoints: [endpoint(NEW), endpoint(undefined)] },
    ['n Serving'],
  ],
  [
    'or the addresses of a host cannot be found out, so that nobody can look',
    {
      before: [stored(expired, 'Former', longUnseen)],
      serving: NEW,
      endpoints: [endpoint(NEW), { ...endpoint(undefined), address: '', looks: [] }],
    },
    ['n Serving'],
  ],
  [
    'one that has not does not, though the addresses of its host cannot be found out',
    {
      before: [stored(chain('a'), 'Former', longUnseen)],
      serving: NEW,
      endpoints: [{ ...endpoint(undefined), address: '', looks: [] }],
    },
    ['n Serving', 'a Former'],
  ],
  [
    'one that has expired does not within retireAfter: its 3 1 1 is accepted still',
    { before: [stored(expired, 'Former', unseen)], serving: NEW, endpoints: [endpoint(NEW)] },
    ['n Serving', 'x Former'],
  ],
  [
    'one that is still presented does not, though it has expired',
    { before: [stored(expired, 'Former', longUnseen)], serving: NEW, endpoints: [endpoint(NEW), endpoint(expired)] },
    ['n Serving', 'x Former'],
  ],
  [
    'a certificate with the same key is another chain',
    { before: [stored(chain('a'), 'Serving')], serving: chain('a', { notAfter: time(480) }) },
    ['a Serving', 'a Former'],
  ],
  [
    'a candidate joins',
    { before: [stored(chain('a'), 'Serving')], serving: chain('a'), source: known(NEW) },
    ['a Serving', 'n Candidate'],
  ],
  [
    'one that another replaces is dropped',
    {
      before: [stored(chain('a'), 'Serving'), stored(chain('b'), 'Candidate')],
      serving: chain('a'),
      source: known(NEW),
    },
    ['a Serving', 'n Candidate', 'b Dropped'],
  ],
  [
    'a dropped one that is presented was released all the same: from then on it is a former one',
    {
      before: [stored(chain('b'), 'Dropped', longUnseen)],
      serving: NEW,
      source: known(NEW),
      endpoints: [endpoint(NEW), endpoint(chain('b'))],
    },
    ['n Serving', 'b Former'],
  ],
  [
    'a dropped one leaves after retireAfter, whatever else is presented',
    {
      before: [stored(chain('b'), 'Dropped', longUnseen)],
      serving: NEW,
      source: known(NEW),
      endpoints: [endpoint(undefined)],
    },
    ['n Serving'],
  ],
  [
    'not earlier',
    { before: [stored(chain('b'), 'Dropped', unseen)], serving: NEW, source: known(NEW) },
    ['n Serving', 'b Dropped'],
  ],
  [
    'a source that cannot be read drops nothing',
    {
      before: [stored(chain('a'), 'Serving'), stored(chain('b'), 'Candidate')],
      serving: chain('a'),
      source: unreadable,
    },
    ['a Serving', 'b Candidate'],
  ],
  [
    'a candidate that has expired is dropped',
    {
      before: [stored(chain('a'), 'Serving'), stored(expired, 'Candidate')],
      serving: chain('a'),
      source: known(expired),
    },
    ['a Serving', 'x Dropped'],
  ],
  [
    'also while its Secret cannot be read',
    { before: [stored(chain('a'), 'Serving'), stored(expired, 'Candidate')], serving: chain('a'), source: unreadable },
    ['a Serving', 'x Dropped'],
  ],
  [
    'one with a stolen key is no candidate',
    {
      before: [stored(chain('a'), 'Serving')],
      serving: chain('a'),
      source: known(NEW),
      desired: { compromisedKeys: [keyOf(NEW)] },
    },
    ['a Serving'],
  ],
  [
    'a stolen key stays while one endpoint presents it',
    { ...replaced, endpoints: [endpoint(NEW), endpoint(chain('a'))] },
    ['n Serving', 'a Former'],
  ],
  [
    'or what is in no Secret',
    { ...replaced, endpoints: [endpoint(NEW), endpoint(chain('s'))] },
    ['n Serving', 'a Former'],
  ],
  ['or does not answer', { ...replaced, endpoints: [endpoint(NEW), endpoint(undefined)] }, ['n Serving', 'a Former']],
  [
    'and goes at once when all present another of ours',
    { ...replaced, endpoints: [endpoint(NEW), endpoint(NEW)] },
    ['n Serving', 'a Compromised'],
  ],
  [
    'without probes, when the Secret holds another',
    { ...replaced, desired: { ...replaced.desired, probe: 'Disabled' } },
    ['n Serving', 'a Compromised'],
  ],
  [
    'another that is not stolen as well',
    { ...replaced, desired: { compromisedKeys: [NEW, chain('a')].map(keyOf), probe: 'Disabled' } },
    ['n Serving', 'a Former'],
  ],
  [
    'one that waited when the spec named its Secret as the one that is mounted is served now, and not dropped',
    { before: [stored(chain('a'), 'Serving'), stored(NEW, 'Candidate')], serving: NEW },
    ['n Serving', 'a Former'],
  ],
  [
    'what is merely presented is in no case one of them',
    { before: [], serving: NEW, endpoints: [endpoint(chain('s'))] },
    ['n Serving'],
  ],
])('%s', (_, now, expected) => {
  expect(letters(next(now))).toEqual(expected);
});

describe('the CAs of a chain are', () => {
  const [near, far] = CAS;
  const sent = (...caSPKISHA256s: readonly string[]): ChainSummary => chain('n', { caSPKISHA256s });
  const selfSigned = chain('a', { caSPKISHA256s: [] });
  const alone = (summary: ChainSummary, state: StoredChain['state']): StoredChain =>
    stored({ ...summary, caSPKISHA256s: [] }, state, { unsentCASPKISHA256s: CAS });

  test.each<[string, Now, readonly string[]]>([
    ['those in the Secret, before any endpoint presented it', { before: [], serving: NEW }, CAS],
    ['those that are sent, from then on', { before: [], serving: NEW, endpoints: [endpoint(sent(near))] }, [near]],
    [
      'those that all endpoints send',
      { before: [], serving: NEW, endpoints: [endpoint(sent(near, far)), endpoint(sent(near))] },
      [near],
    ],
    [
      'no more than was known of an endpoint that does not answer now',
      {
        before: [stored(sent(near), 'Serving')],
        serving: NEW,
        endpoints: [endpoint(sent(near, far)), endpoint(undefined)],
      },
      [near],
    ],
    [
      'those that are sent, also while the Secret cannot be read',
      {
        before: [stored(NEW, 'Serving')],
        serving: NEW,
        isUnreadable: true,
        endpoints: [endpoint(sent(near))],
      },
      [near],
    ],
    [
      'more again, once all send more',
      { before: [stored(sent(near), 'Serving')], serving: NEW, endpoints: [endpoint(sent(near, far))] },
      CAS,
    ],
    [
      'none where the one before was sent without, until this one has been seen: the server sends it as it sent that',
      { before: [alone(chain('a'), 'Serving')], serving: NEW, endpoints: [endpoint(undefined)] },
      [],
    ],
    [
      'none either when the former one is gone, or a third one follows',
      {
        before: [alone(NEW, 'Serving'), alone(chain('a'), 'Former')],
        serving: chain('t'),
        endpoints: [endpoint(undefined)],
      },
      [],
    ],
    [
      'nor where one endpoint has not shown yet that it sends them',
      {
        before: [alone(chain('a'), 'Serving')],
        serving: NEW,
        endpoints: [endpoint(sent(near, far)), endpoint(undefined)],
      },
      [],
    ],
    [
      'nor where the one before it had none: nobody has seen yet that this server sends any',
      { before: [stored(selfSigned, 'Serving')], serving: NEW, endpoints: [endpoint(undefined)] },
      [],
    ],
    [
      'those that are sent, when the server was made to send them',
      { before: [alone(NEW, 'Serving')], serving: NEW, endpoints: [endpoint(sent(near, far))] },
      CAS,
    ],
    [
      'those in the Secret, without probes: nobody could ever see more',
      { before: [alone(chain('a'), 'Serving')], serving: NEW, desired: { probe: 'Disabled' } },
      CAS,
    ],
    [
      'those in the Secret, when probes are turned off after the leaf was seen alone',
      { before: [alone(NEW, 'Serving')], serving: NEW, desired: { probe: 'Disabled' } },
      CAS,
    ],
  ])('%s', (_, now, expected) => {
    expect(next(now)[0]?.caSPKISHA256s).toEqual(expected);
  });

  test('and those that are not sent are remembered beside them', () => {
    const [found] = next({ before: [], serving: NEW, endpoints: [endpoint(sent(near))] });
    expect(found?.unsentCASPKISHA256s).toEqual([far]);
    const [unread] = next({ before: [alone(NEW, 'Serving')], serving: NEW, isUnreadable: true });
    expect(unread?.unsentCASPKISHA256s).toEqual(CAS);
    const [whole] = next({ before: [alone(NEW, 'Serving')], serving: NEW, endpoints: [endpoint(NEW)] });
    expect([whole?.caSPKISHA256s, whole?.unsentCASPKISHA256s]).toEqual([CAS, undefined]);
  });
});
