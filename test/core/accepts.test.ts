/** What senders make of an RRset and a chain of which only the summary is known (docs/rollover.md, "Words"). */
import { expect, test } from '@jest/globals';
import { acceptance } from '../../src/core/accepts.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { HOST } from '../support/planner-world.ts';

const [KEY, CA, OTHER, LONG] = ['aa'.repeat(32), 'ca'.repeat(32), '0e'.repeat(32), 'bb'.repeat(64)];

const chain = {
  spkiSHA256: KEY,
  caSPKISHA256s: [CA],
  keyAlgorithm: 'ECDSA' as const,
  names: [HOST],
  notBefore: '2020-01-01T00:00:00Z',
  notAfter: '2020-01-02T00:00:00Z',
};

type Verdict = 'strictly' | 'by one' | 'not';

test.each<[string, readonly string[], Verdict]>([
  ['no RRset at all: a secure denial', [], 'strictly'],
  ['the key', [`3 1 1 ${KEY}`], 'strictly'],
  ['another key', [`3 1 1 ${OTHER}`], 'not'],
  ['the key among others', [`3 1 1 ${OTHER}`, `3 1 1 ${KEY}`], 'strictly'],
  ['a CA that is sent', [`2 1 1 ${CA}`], 'strictly'],
  ['a CA that is not sent', [`2 1 1 ${OTHER}`], 'not'],
  ["the leaf's own key as a CA", [`2 1 1 ${KEY}`], 'not'],
  ['each kind has a match', [`3 1 1 ${KEY}`, `2 1 1 ${CA}`], 'strictly'],
  ['one kind has none', [`3 1 1 ${OTHER}`, `2 1 1 ${CA}`], 'by one'],
  ['a kind that no summary tells of', [`3 1 1 ${KEY}`, `3 0 1 ${KEY}`], 'by one'],
  ['the same digits of the whole certificate', [`3 0 1 ${KEY}`], 'not'],
  ['the same digits, not hashed', [`3 1 0 ${KEY}`], 'not'],
  ['a stronger digest that hides it', [`3 1 1 ${KEY}`, `3 1 2 ${LONG}`], 'not'],
  ['a stronger digest of another usage', [`3 1 1 ${KEY}`, `2 1 2 ${LONG}`], 'by one'],
  ['a stronger digest of another selector', [`3 1 1 ${KEY}`, `3 0 2 ${LONG}`], 'by one'],
  ['a stronger digest of the wrong length', [`3 1 1 ${KEY}`, `3 1 2 ${OTHER}`], 'strictly'],
  ['nothing that can be used: TLS without authentication is no acceptance', [`1 1 1 ${KEY}`], 'not'],
  ['what cannot be used, beside what fits', [`3 1 1 ${KEY}`, `0 0 1 ${OTHER}`, `3 9 1 ${OTHER}`], 'strictly'],
])('%s', (_, records, expected) => {
  const { accepts, strictlyAccepts } = acceptance(records.map(parseTlsa), chain, HOST);
  expect({ accepts, strictlyAccepts }).toEqual({
    accepts: expected !== 'not',
    strictlyAccepts: expected === 'strictly',
  });
});

test('a CA vouches for the names in the certificate only; the key for every name', () => {
  const records = [`3 1 1 ${KEY}`, `2 1 1 ${CA}`].map(parseTlsa);
  expect(acceptance(records, chain, 'mx2.example.nl')).toEqual({ accepts: true, strictlyAccepts: false });
});
