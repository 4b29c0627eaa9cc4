/** What status has room for: what goes first when there is too much. */
import { describe, expect, test } from '@jest/globals';
import { nextCertificates } from '../../src/core/chains-in-use.ts';
import type { ChainSummary } from '../../src/core/chain-summary.ts';
import { known, type OwnerFacts } from '../../src/core/facts.ts';
import { nextVersions } from '../../src/core/history.ts';
import type { StoredChain, Version } from '../../src/core/state.ts';
import { formatTime } from '../../src/core/time.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { HOST, OWNER, World } from '../support/planner-world.ts';

const key = (n: number): string => n.toString(16).padStart(64, '0');
const time = (daysFromNow: number): string => formatTime(new Date(Date.now() + daysFromNow * 86_400_000));

function summary(n: number, names: readonly string[] = [HOST]): ChainSummary {
  return {
    spkiSHA256: key(n),
    caSPKISHA256s: [],
    keyAlgorithm: 'ECDSA',
    names,
    notBefore: time(-1),
    notAfter: time(90),
  };
}

function chainsOf(stored: readonly StoredChain[], now: ChainSummary): readonly StoredChain[] {
  const world = new World();
  world.secret = known(now);
  world.looked = false;
  world.stored = { certificates: [{ secretName: world.secretName, mode: 'Observe', chains: stored }], recordSets: [] };
  return nextCertificates(world.facts()).flatMap(({ chains }) => chains);
}

describe('chains', () => {
  test('of very many former ones the oldest go, those that are still presented last', () => {
    const former = (n: number): StoredChain => ({
      ...summary(n),
      state: 'Former',
      since: time(0),
      ...(n === 29 ? {} : { notSeenSince: time(0) }),
    });
    const kept = chainsOf(
      Array.from({ length: 30 }, (_, n) => former(n)),
      summary(100),
    );
    expect(kept).toHaveLength(16);
    expect(kept.map(({ spkiSHA256 }) => spkiSHA256)).toEqual([100, ...Array(14).keys(), 29].map(key));
  });

  test('of a thousand names those that matter are remembered, of a few all', () => {
    const others = Array.from({ length: 1000 }, (_, n) => `host-${n}.example.nl`);
    const names = (...given: readonly string[]) => chainsOf([], summary(1, given))[0]?.names;
    expect(names(...others, HOST, '*.example.nl', '*.nl')).toEqual([HOST, '*.example.nl']);
    expect(names('host-1.example.nl', HOST)).toEqual(['host-1.example.nl', HOST]);
  });
});

test('versions of very many records: the oldest are held as something unknown; what stands there now stays whole', () => {
  const records = (n: number): string[] => Array.from({ length: 60 }, (_, index) => `3 1 1 ${key(100 * n + index)}`);
  const versions = [1, 2, 3, 4].map((n): Version => ({
    n,
    kind: 'Written',
    records: records(n),
    ttlSeconds: 3600,
    writtenAt: time(0),
  }));
  const facts = new World().facts();
  const [owner] = facts.owners as readonly [OwnerFacts];
  const current = { records: records(4).map(parseTlsa), ttlSeconds: 3600 };
  const stored = { owner: OWNER, provider: 'p', zone: 'example.nl', ttlSeconds: 3600, records: [], versions };
  const next = nextVersions(stored, owner, current, facts, false);
  expect(next.map(({ n, kind, records: kept }) => [n, kind, kept.length])).toEqual([
    [1, 'Unknown', 0],
    [2, 'Unknown', 0],
    [3, 'Written', 60],
    [4, 'Written', 60],
  ]);
  expect(next[0]).toMatchObject({ ttlSeconds: 3600, waitSeconds: 7200 });
});
