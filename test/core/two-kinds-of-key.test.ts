/** An ECDSA and an RSA certificate at two addresses: each address is looked at for each kind of key, and each of the four counts. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseChain } from '../../src/core/certificate.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import { known, type Endpoint, type Facts } from '../../src/core/facts.ts';
import { makeCA, makeLeaf } from '../support/pki.ts';
import { DESIRED, HOST, World, type Leaf } from '../support/planner-world.ts';

const DAY = 24 * 3_600_000;
const KINDS = ['ecdsa', 'rsa', 'renewed'] as const;
let leaves: Record<(typeof KINDS)[number], Leaf>;
beforeAll(async () => {
  const issuer = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  const made = KINDS.map(async (kind): Promise<[string, Leaf]> => {
    const algorithm = kind === 'ecdsa' ? 'ECDSA' : 'RSA';
    const chain = parseChain((await makeLeaf({ names: [HOST], issuer, algorithm })).chainPem);
    return [kind, { chain, summary: summarize(chain) }];
  });
  leaves = Object.fromEntries(await Promise.all(made)) as typeof leaves;
});

type Presented = (typeof KINDS)[number] | 'nothing';

class TwoKindsWorld extends World {
  /** What the second Secret holds. */
  rsa: (typeof KINDS)[number] = 'rsa';
  /** At either address: for ECDSA, for RSA. */
  presented: readonly (readonly [Presented, Presented])[] = [
    ['ecdsa', 'rsa'],
    ['ecdsa', 'rsa'],
  ];

  override facts(): Facts {
    const facts = super.facts();
    return {
      ...facts,
      desired: { ...DESIRED, certificates: [{ secretName: 'ecdsa' }, { secretName: 'rsa' }] },
      secrets: new Map([
        ['ecdsa', known(leaves.ecdsa.summary)],
        ['rsa', known(leaves[this.rsa].summary)],
      ]),
      endpoints: known(
        this.presented.flatMap(([ecdsa, rsa], index) => [
          this.#endpoint(index, 'ECDSA', ecdsa),
          this.#endpoint(index, 'RSA', rsa),
        ]),
      ),
    };
  }

  #endpoint(index: number, keyAlgorithm: string, what: Presented): Endpoint {
    return {
      hostname: HOST,
      address: `192.0.2.${25 + index}`,
      port: 25,
      keyAlgorithm,
      presented:
        what === 'nothing'
          ? { kind: 'Failed', error: 'KeyAlgorithmNotPresented', message: 'it has no certificate with such a key' }
          : { kind: 'Presented', ...leaves[what] },
      looks: Array.from({ length: 12 }, () => new Date(this.now)),
    };
  }
}

const keysIn = (world: TwoKindsWorld): string[] =>
  KINDS.filter((kind) => world.published.includes(`3 1 1 ${leaves[kind].summary.spkiSHA256}`));

function published(): TwoKindsWorld {
  const world = new TwoKindsWorld();
  world.settle();
  return world;
}

test('both keys are published', () => {
  expect(keysIn(published())).toEqual(['ecdsa', 'rsa']);
});

test.each<[string, TwoKindsWorld['presented']]>([
  [
    'one address has no RSA certificate',
    [
      ['ecdsa', 'rsa'],
      ['ecdsa', 'nothing'],
    ],
  ],
  [
    'one address presents another one',
    [
      ['ecdsa', 'rsa'],
      ['ecdsa', 'renewed'],
    ],
  ],
])('nothing is published first while %s', (_, presented) => {
  const world = new TwoKindsWorld();
  world.presented = presented;
  world.settle();
  expect(keysIn(world)).toEqual([]);
});

describe('when the RSA certificate was renewed, the former one stays', () => {
  test.each<[string, TwoKindsWorld['presented'], string[]]>([
    [
      'while one address presents it',
      [
        ['ecdsa', 'renewed'],
        ['ecdsa', 'rsa'],
      ],
      ['ecdsa', 'rsa', 'renewed'],
    ],
    [
      'while one address does not answer for such keys',
      [
        ['ecdsa', 'renewed'],
        ['ecdsa', 'nothing'],
      ],
      ['ecdsa', 'rsa', 'renewed'],
    ],
    [
      'until all four present others',
      [
        ['ecdsa', 'renewed'],
        ['ecdsa', 'renewed'],
      ],
      ['ecdsa', 'renewed'],
    ],
  ])('%s', (_, presented, expected) => {
    const world = published();
    world.rsa = 'renewed';
    world.presented = presented;
    world.settle();
    expect(keysIn(world)).toEqual(['ecdsa', 'rsa', 'renewed']);
    world.later(2 * DAY);
    world.settle();
    expect(keysIn(world)).toEqual(expected);
  });
});
