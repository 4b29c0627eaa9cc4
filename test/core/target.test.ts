import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { coversHostname, parseChain, spkiSHA256, type Chain } from '../../src/core/certificate.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import { judge } from '../../src/core/match.ts';
import { target, type KnownChain } from '../../src/core/target.ts';
import { combinationOf, formatTlsa, PUBLISHED_COMBINATIONS, sameSet } from '../../src/core/tlsa.ts';
import { makeCA, makeLeaf } from '../support/pki.ts';

const hostname = 'mx1.example.nl';
const names = [hostname];
const now = new Date();

/** Chains of every kind that a Secret may hold. */
const kinds = [
  'ca',
  'sameCA',
  'otherCA',
  'twoCAs',
  'rsa',
  'wildcard',
  'leafOnly',
  'selfSigned',
  'wrongName',
  'sameKey',
  'expired',
] as const;
type Kind = (typeof kinds)[number];
let chains: Record<Kind, Chain>;
let keys: Record<'ca' | 'otherCA' | 'policyCA', string>;

beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const ca = await makeCA({ name: 'CA', issuer: root });
  const policyCA = await makeCA({ name: 'Policy CA', issuer: root });
  const otherCA = await makeCA({ name: 'Other CA', issuer: policyCA });
  const first = await makeLeaf({ names, issuer: ca });
  const issued = {
    ca: first,
    sameCA: await makeLeaf({ names, issuer: ca }),
    otherCA: await makeLeaf({ names, issuer: otherCA }),
    twoCAs: await makeLeaf({ names, issuer: otherCA }),
    rsa: await makeLeaf({ names, issuer: ca, algorithm: 'RSA' }),
    wildcard: await makeLeaf({ names: ['*.example.nl'], issuer: ca }),
    leafOnly: await makeLeaf({ names, issuer: root }),
    selfSigned: await makeLeaf({ names }),
    wrongName: await makeLeaf({ names: ['mail.example.org'], issuer: ca }),
    sameKey: await makeLeaf({ names, issuer: otherCA, sameKeyAs: first }),
    expired: await makeLeaf({ names, issuer: ca, notAfter: new Date(now.getTime() - 1000) }),
  };
  chains = Object.fromEntries(
    Object.entries(issued).map(([kind, { chainPem }]) => [kind, parseChain(chainPem)]),
  ) as Record<Kind, Chain>;
  keys = {
    ca: spkiSHA256(ca.certificate),
    otherCA: spkiSHA256(otherCA.certificate),
    policyCA: spkiSHA256(policyCA.certificate),
  };
});

type State = KnownChain['state'];
type InUse = readonly (readonly [State, Kind])[];

const inUse = (met: InUse): KnownChain[] => met.map(([state, kind]) => ({ state, chain: summarize(chains[kind]) }));
const targetOf = (met: InUse) => target(inUse(met), hostname, PUBLISHED_COMBINATIONS);
const leafKey = (kind: Kind): string => spkiSHA256(chains[kind].certificates[0]);

/** `role combination whose`, which reads better than hashes. */
function described(met: InUse, combinations: readonly ('3 1 1' | '2 1 1')[] = PUBLISHED_COMBINATIONS): string[] {
  const owners = new Map([
    ...Object.keys(chains)
      .map((kind) => [leafKey(kind as Kind), kind] as const)
      .reverse(),
    ...Object.entries(keys).map(([name, key]) => [key, `key of ${name}`] as const),
  ]);
  return target(inUse(met), hostname, combinations).map(
    ({ record, role }) => `${role} ${combinationOf(record)} ${owners.get(record.data) ?? 'unknown'}`,
  );
}

describe('the target', () => {
  test.each<[string, InUse, string[]]>([
    ['no chain: nothing', [], []],
    ['one chain: its leaf and its CA', [['Serving', 'ca']], ['Serving 3 1 1 ca', 'TrustAnchor 2 1 1 key of ca']],
    [
      'a renewal: both leaves, one CA',
      [
        ['Former', 'ca'],
        ['Serving', 'sameCA'],
      ],
      ['Serving 3 1 1 sameCA', 'Former 3 1 1 ca', 'TrustAnchor 2 1 1 key of ca'],
    ],
    [
      'a candidate of another CA: the CAs of both, the whole way up',
      [
        ['Serving', 'ca'],
        ['Candidate', 'otherCA'],
      ],
      [
        'Serving 3 1 1 ca',
        'Next 3 1 1 otherCA',
        'TrustAnchor 2 1 1 key of ca',
        'TrustAnchor 2 1 1 key of otherCA',
        'TrustAnchor 2 1 1 key of policyCA',
      ],
    ],
    [
      'RSA beside ECDSA',
      [
        ['Serving', 'ca'],
        ['Serving', 'rsa'],
      ],
      ['Serving 3 1 1 ca', 'Serving 3 1 1 rsa', 'TrustAnchor 2 1 1 key of ca'],
    ],
    [
      'a key that stays: one record, with the role that matters most',
      [
        ['Former', 'ca'],
        ['Candidate', 'sameKey'],
      ],
      [
        'Next 3 1 1 ca',
        'TrustAnchor 2 1 1 key of ca',
        'TrustAnchor 2 1 1 key of otherCA',
        'TrustAnchor 2 1 1 key of policyCA',
      ],
    ],
    ['a leaf without its CA', [['Serving', 'leafOnly']], ['Serving 3 1 1 leafOnly']],
    ['a self-signed leaf', [['Serving', 'selfSigned']], ['Serving 3 1 1 selfSigned']],
    ['a leaf for another host', [['Serving', 'wrongName']], ['Serving 3 1 1 wrongName']],
    [
      'a wildcard that covers the host',
      [['Serving', 'wildcard']],
      ['Serving 3 1 1 wildcard', 'TrustAnchor 2 1 1 key of ca'],
    ],
    [
      'from self-signed to a CA: no 2 1 1 while the self-signed one may still be met',
      [
        ['Former', 'selfSigned'],
        ['Serving', 'ca'],
      ],
      ['Serving 3 1 1 ca', 'Former 3 1 1 selfSigned'],
    ],
    [
      'an expired leaf changes nothing',
      [['Serving', 'expired']],
      ['Serving 3 1 1 expired', 'TrustAnchor 2 1 1 key of ca'],
    ],
  ])('%s', (_, met, expected) => {
    expect(described(met)).toEqual(expected);
  });

  test('only the combinations that are asked for', () => {
    expect(described([['Serving', 'ca']], ['3 1 1'])).toEqual(['Serving 3 1 1 ca']);
    expect(described([['Serving', 'ca']], ['2 1 1'])).toEqual(['TrustAnchor 2 1 1 key of ca']);
  });
});

describe('for any set of chains', () => {
  const anyUse = (from: readonly Kind[]): fc.Arbitrary<InUse> =>
    fc.array(fc.tuple(fc.constantFrom<State>('Serving', 'Candidate', 'Former'), fc.constantFrom(...from)), {
      maxLength: 6,
    });
  const recordsOf = (met: InUse) => targetOf(met).map(({ record }) => record);

  test('the target strictly accepts each of them', () => {
    const inDate = kinds.filter((kind) => kind !== 'expired');
    fc.assert(
      fc.property(anyUse(inDate), (met) => {
        for (const [, kind] of met) {
          expect(judge(recordsOf(met), chains[kind], hostname, now).strictlyAccepts).toBe(true);
        }
      }),
    );
  });

  test('it accepts an expired one too, by 3 1 1', () => {
    fc.assert(
      fc.property(anyUse(kinds), (met) => {
        const records = recordsOf([...met, ['Serving', 'expired']]);
        expect(judge(records, chains.expired, hostname, now).accepts).toBe(true);
      }),
    );
  });

  test('it holds nothing that no chain needs, nothing twice, and there is 2 1 1 exactly when each chain has one', () => {
    fc.assert(
      fc.property(anyUse(kinds), (met) => {
        const entries = targetOf(met);
        expect(new Set(entries.map(({ record }) => formatTlsa(record))).size).toBe(entries.length);
        const needed = met.flatMap(([, kind]) => chains[kind].path.map(spkiSHA256));
        for (const { record } of entries) expect(needed).toContain(record.data);
        const possible = met.every(
          ([, kind]) => chains[kind].path.length > 1 && coversHostname(chains[kind].certificates[0].dnsNames, hostname),
        );
        expect(entries.some(({ record }) => record.usage === 2)).toBe(possible && met.length > 0);
      }),
    );
  });

  test('the order in which chains are named, and repetition, change nothing', () => {
    fc.assert(
      fc.property(anyUse(kinds), (met) => {
        expect(sameSet(recordsOf(met), recordsOf([...met, ...met].reverse()))).toBe(true);
        const roles = (use: InUse): string[] => described(use).sort();
        expect(roles([...met].reverse())).toEqual(roles(met));
      }),
    );
  });

  test('a chain that joins takes no 3 1 1 away', () => {
    fc.assert(
      fc.property(anyUse(kinds), fc.constantFrom(...kinds), (met, joins) => {
        const before = recordsOf(met).filter((record) => record.usage === 3);
        const after = recordsOf([...met, ['Candidate', joins]]).map(formatTlsa);
        for (const record of before) expect(after).toContain(formatTlsa(record));
      }),
    );
  });
});

describe('with the CAs of the chains', () => {
  const announced = { name: 'next', spkiSHA256: 'ab'.repeat(32) };
  const published = (met: InUse, spkiSHA256 = announced.spkiSHA256): boolean =>
    target(inUse(met), hostname, PUBLISHED_COMBINATIONS, [{ ...announced, spkiSHA256 }]).some(
      ({ record, role }) => role === 'Announced' && record.data === spkiSHA256,
    );

  test('come those that are announced', () => {
    expect(published([['Serving', 'ca']])).toBe(true);
  });

  test.each(['Serving', 'Candidate', 'Former', 'Dropped'] as const)(
    'and none of them while a chain that sends no CA may be met: %s',
    (state) => {
      const met: InUse = [
        ['Serving', 'ca'],
        [state, 'selfSigned'],
      ];
      expect(published(met)).toBe(false);
      expect(described(met).filter((text) => text.includes('2 1 1'))).toEqual([]);
    },
  );

  test('but none that vouches for a stolen key: not the one above, not one that is announced', () => {
    const met: InUse = [
      ['Serving', 'ca'],
      ['Compromised', 'twoCAs'],
    ];
    expect(described(met)).toEqual(['Serving 3 1 1 ca', 'TrustAnchor 2 1 1 key of ca']);
    expect([published(met), published(met, keys.policyCA), published(met, keys.otherCA)]).toEqual([true, false, false]);
    expect(
      described([
        ['Serving', 'otherCA'],
        ['Compromised', 'twoCAs'],
      ]),
    ).toEqual(['Serving 3 1 1 otherCA']);
  });
});

test('no chain, no record: an announced CA alone would refuse whatever is served', () => {
  expect(target([], hostname, PUBLISHED_COMBINATIONS, [{ name: 'next', spkiSHA256: 'ab'.repeat(32) }])).toEqual([]);
});
