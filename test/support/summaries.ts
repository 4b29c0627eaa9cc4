/** Chains of which only the summary matters, by a letter, and endpoints that present them: for tables of the planner's rules. */
import type { ChainSummary } from '../../src/core/chain-summary.ts';
import type { Endpoint } from '../../src/core/facts.ts';
import { HOST } from './planner-world.ts';

/** The digest of the key whose `3 1 1` is `record(letter)` of answers.ts. */
export function digestOf(letter: string): string {
  return Buffer.from(letter).toString('hex').repeat(32);
}

/** With the keys of these CAs, a letter each; for `HOST`, for years. */
export function summaryOf(letter: string, cas: string, more: Partial<ChainSummary> = {}): ChainSummary {
  return {
    spkiSHA256: digestOf(letter),
    caSPKISHA256s: cas.split('').map(digestOf),
    keyAlgorithm: 'ECDSA',
    names: [HOST],
    notBefore: '2020-01-01T00:00:00Z',
    notAfter: '2100-01-01T00:00:00Z',
    ...more,
  };
}

/** What it presents; undefined: it does not answer. Looked at often enough just now. */
export function endpointWith(summary: ChainSummary | undefined, now = 0): Endpoint {
  return {
    hostname: HOST,
    address: '192.0.2.25',
    port: 25,
    keyAlgorithm: 'ECDSA',
    presented:
      summary === undefined
        ? { kind: 'Failed', error: 'ConnectionTimeout', message: 'no answer' }
        : { kind: 'Presented', chain: { certificates: [], path: [] } as never, summary },
    looks: Array.from({ length: 12 }, () => new Date(now)),
  };
}
