import { beforeAll, describe, expect, test } from '@jest/globals';
import { chainFromDer, digest, type Chain, type MatchingType, type Selector } from '../../src/core/certificate.ts';
import type { Certificate } from '../../src/core/x509.ts';
import { judge, type Judgement } from '../../src/core/match.ts';
import { parseTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';

const hostname = 'mx1.example.nl';
const day = 86_400_000;
const now = new Date();
const later = new Date(now.getTime() + 30 * day);

let root: Issued, ca: Issued, leaf: Issued, next: Issued, stray: Issued, expiredCA: Issued, underExpiredCA: Issued;
let wrongName: Issued, wildcard: Issued, nameless: Issued, shortLived: Issued, selfSigned: Issued;

beforeAll(async () => {
  root = await makeCA({ name: 'Root' });
  ca = await makeCA({ name: 'CA', issuer: root });
  leaf = await makeLeaf({ names: [hostname], issuer: ca });
  next = await makeLeaf({ names: [hostname], issuer: ca });
  stray = await makeCA({ name: 'Stray CA' });
  expiredCA = await makeCA({ name: 'Expired CA', issuer: root, notAfter: new Date(now.getTime() - 1000) });
  underExpiredCA = await makeLeaf({ names: [hostname], issuer: expiredCA });
  wrongName = await makeLeaf({ names: ['mx2.example.nl'], issuer: ca });
  wildcard = await makeLeaf({ names: ['*.example.nl'], issuer: ca });
  nameless = await makeLeaf({ names: [], issuer: ca });
  shortLived = await makeLeaf({ names: [hostname], issuer: ca, notAfter: new Date(now.getTime() + day) });
  selfSigned = await makeLeaf({ names: [hostname] });
});

const chainOf = (...issued: readonly Issued[]): Chain => chainFromDer(issued.map((one) => one.certificate.der));

/** `combination` for this certificate, its data computed. */
function record(combination: string, { certificate }: { readonly certificate: Certificate }): TlsaRecord {
  const [, selector, matchingType] = combination.split(' ').map(Number);
  return parseTlsa(`${combination} ${digest(certificate, selector as Selector, matchingType as MatchingType)}`);
}

/** How the one record is judged. */
function one(tlsa: TlsaRecord, chain: Chain, at = now, host = hostname) {
  const { accepts, strictlyAccepts, records } = judge([tlsa], chain, host, at);
  const [judged] = records;
  if (judged === undefined) throw new Error('no judgement');
  expect(accepts).toBe(judged.usable && judged.matches);
  expect(strictlyAccepts).toBe(accepts);
  expect(judged.record).toBe(tlsa);
  return { usable: judged.usable, matches: judged.matches, depth: judged.depth, reason: judged.reason };
}

const COMBINATIONS = ['0 0', '0 1', '0 2', '1 0', '1 1', '1 2'];

describe.each(COMBINATIONS)('selector and matching type %s', (parameters) => {
  test('usage 3 names the leaf and no other certificate', () => {
    const chain = chainOf(leaf, ca, root);
    expect(one(record(`3 ${parameters}`, leaf), chain)).toMatchObject({ usable: true, matches: true, depth: 0 });
    for (const other of [next, ca, root]) {
      expect(one(record(`3 ${parameters}`, other), chain)).toMatchObject({ usable: true, matches: false });
    }
  });

  test('usage 3 asks neither names nor dates', () => {
    for (const other of [wrongName, nameless, selfSigned]) {
      expect(one(record(`3 ${parameters}`, other), chainOf(other))).toMatchObject({ matches: true });
    }
    expect(one(record(`3 ${parameters}`, shortLived), chainOf(shortLived), later)).toMatchObject({ matches: true });
  });

  test('usage 2 names a CA that is sent and signed the leaf', () => {
    const chain = chainOf(leaf, stray, root, ca);
    expect(one(record(`2 ${parameters}`, ca), chain)).toMatchObject({ usable: true, matches: true, depth: 1 });
    expect(one(record(`2 ${parameters}`, root), chain)).toMatchObject({ usable: true, matches: true, depth: 2 });
    expect(one(record(`2 ${parameters}`, stray), chain)).toMatchObject({ usable: true, matches: false });
    expect(one(record(`2 ${parameters}`, leaf), chain)).toMatchObject({ usable: true, matches: false });
  });

  test('usage 2 wants the host among the names of the leaf', () => {
    const tlsa = record(`2 ${parameters}`, ca);
    expect(one(tlsa, chainOf(wildcard, ca))).toMatchObject({ matches: true });
    expect(one(tlsa, chainOf(wrongName, ca))).toMatchObject({ matches: false });
    expect(one(tlsa, chainOf(wrongName, ca), now, 'mx2.example.nl')).toMatchObject({ matches: true });
    expect(one(tlsa, chainOf(nameless, ca))).toMatchObject({ matches: false });
  });

  test('usage 2 wants every certificate on the way in date', () => {
    expect(one(record(`2 ${parameters}`, ca), chainOf(shortLived, ca))).toMatchObject({ matches: true });
    expect(one(record(`2 ${parameters}`, ca), chainOf(shortLived, ca), later)).toMatchObject({ matches: false });
    expect(one(record(`2 ${parameters}`, ca), chainOf(leaf, ca), new Date(now.getTime() - day))).toMatchObject({
      matches: false,
    });
    const underExpired = chainOf(underExpiredCA, expiredCA, root);
    expect(one(record(`2 ${parameters}`, root), underExpired)).toMatchObject({ matches: false });
    // A bare key has no dates.
    expect(one(record(`2 ${parameters}`, expiredCA), underExpired)).toMatchObject({ matches: parameters === '1 0' });
  });

  test('a self-signed certificate is no trust anchor for itself', async () => {
    const selfSignedCA = await makeCA({ name: hostname, names: [hostname] });
    for (const own of [selfSigned, selfSignedCA]) {
      expect(one(record(`2 ${parameters}`, own), chainOf(own, own))).toMatchObject({ usable: true, matches: false });
    }
    const reissued = await makeCA({ name: hostname, names: [hostname], sameKeyAs: selfSignedCA });
    const both = chainOf(selfSignedCA, reissued);
    expect(one(record(`2 ${parameters}`, reissued), both)).toMatchObject({ usable: true, matches: false });
  });

  // Only a record that carries the CA whole can stand in for a CA that is not sent (RFC 7671 §5.2).
  test('a CA that is not sent matches only when the record carries it', () => {
    const carried = parameters.endsWith('0');
    expect(one(record(`2 ${parameters}`, ca), chainOf(leaf))).toMatchObject({ usable: true, matches: carried });
    expect(one(record(`2 ${parameters}`, root), chainOf(leaf, ca))).toMatchObject({ usable: true, matches: carried });
    expect(one(record(`2 ${parameters}`, root), chainOf(leaf))).toMatchObject({ usable: true, matches: false });
    expect(one(record(`2 ${parameters}`, stray), chainOf(leaf, ca))).toMatchObject({ usable: true, matches: false });
  });

  test.each([0, 1])('usage %s is not for mail', (usage) => {
    for (const issued of [leaf, ca]) {
      expect(one(record(`${usage} ${parameters}`, issued), chainOf(leaf, ca, root))).toMatchObject({
        usable: false,
        matches: false,
      });
    }
  });
});

test('a carried CA counts with its depth, its dates and its flag', async () => {
  expect(one(record('2 0 0', root), chainOf(leaf, ca))).toMatchObject({ matches: true, depth: 2 });
  expect(one(record('2 1 0', root), chainOf(leaf, ca))).toMatchObject({ matches: true, depth: 2 });
  expect(one(record('2 0 0', expiredCA), chainOf(underExpiredCA))).toMatchObject({ matches: false });
  // A bare key has no dates.
  expect(one(record('2 1 0', expiredCA), chainOf(underExpiredCA))).toMatchObject({ matches: true, depth: 1 });
  const underLeaf = await makeLeaf({ names: [hostname], issuer: leaf });
  expect(one(record('2 0 0', leaf), chainOf(underLeaf))).toMatchObject({ matches: false });
});

test('a CA whose certificate was renewed with the same key, and sent in both forms, matches by the one in date', async () => {
  const renewed = await makeCA({ name: 'Expired CA', issuer: root, sameKeyAs: expiredCA });
  for (const chain of [chainOf(underExpiredCA, expiredCA, renewed), chainOf(underExpiredCA, renewed, expiredCA)]) {
    expect(one(record('2 1 1', expiredCA), chain)).toMatchObject({ matches: true, depth: 1 });
    expect(one(record('2 0 1', renewed), chain)).toMatchObject({ matches: true, depth: 1 });
    expect(one(record('2 0 1', expiredCA), chain)).toMatchObject({ matches: false });
  }
});

describe('what no sender can use', () => {
  const hex = (octets: number): string => 'ab'.repeat(octets);

  test.each([
    ['an unknown usage', `4 1 1 ${hex(32)}`],
    ['a private usage', `255 1 1 ${hex(32)}`],
    ['an unknown selector', `3 2 1 ${hex(32)}`],
    ['an unknown matching type', `3 1 3 ${hex(48)}`],
    ['a digest that is too short', `3 1 1 ${hex(31)}`],
    ['a digest that is too long', `2 1 1 ${hex(33)}`],
    ['SHA2-512 with the length of SHA2-256', `3 1 2 ${hex(32)}`],
    ['SHA2-256 with the length of SHA2-512', `3 1 1 ${hex(64)}`],
    ['no certificate', `3 0 0 ${hex(600)}`],
    ['no public key', `2 1 0 ${hex(91)}`],
  ])('%s: %s', (_, text) => {
    expect(one(parseTlsa(text), chainOf(leaf, ca))).toMatchObject({ usable: false, matches: false });
  });

  test('a whole certificate under the selector of keys, and a whole key under that of certificates', () => {
    const chain = chainOf(leaf, ca);
    const swapped = (selector: 0 | 1): TlsaRecord => ({ ...record(`3 ${1 - selector} 0`, leaf), selector });
    expect(one(swapped(0), chain)).toMatchObject({ usable: false });
    expect(one(swapped(1), chain)).toMatchObject({ usable: false });
  });
});

describe('an RRset', () => {
  const wrong = (combination: string): string => `${combination} ${'00'.repeat(combination.endsWith('2') ? 64 : 32)}`;
  const verdict = ({ accepts, strictlyAccepts }: Judgement): string =>
    strictlyAccepts ? (accepts ? 'strictly' : 'impossible') : accepts ? 'accepts' : 'refuses';

  test.each<[string, (string | [string, 'leaf' | 'next' | 'ca' | 'root'])[]]>([
    // No RRset: senders take what TLS they get.
    ['strictly', []],
    ['strictly', [['3 1 1', 'leaf']]],
    [
      'strictly',
      [
        ['3 1 1', 'leaf'],
        ['3 1 1', 'next'],
      ],
    ],
    [
      'strictly',
      [
        ['3 1 1', 'leaf'],
        ['2 1 1', 'ca'],
      ],
    ],
    [
      'strictly',
      [
        ['3 1 1', 'leaf'],
        ['3 1 2', 'leaf'],
        ['2 0 1', 'ca'],
      ],
    ],
    ['refuses', [['3 1 1', 'next']]],
    [
      'refuses',
      [
        ['3 1 1', 'next'],
        ['2 1 1', 'root'],
      ],
    ],
    // One combination without a match (RFC 7671 §8).
    [
      'accepts',
      [
        ['3 1 1', 'next'],
        ['2 1 1', 'ca'],
      ],
    ],
    ['accepts', [['3 1 1', 'leaf'], wrong('2 1 1')]],
    ['accepts', [['3 1 1', 'leaf'], wrong('3 0 1')]],
    // Digest agility (RFC 7671 §9): usage and selector decide what hides what.
    ['refuses', [['3 1 1', 'leaf'], wrong('3 1 2')]],
    ['refuses', [['2 1 1', 'ca'], wrong('2 1 2')]],
    ['accepts', [['3 1 1', 'leaf'], wrong('3 0 2')]],
    ['accepts', [['3 1 1', 'leaf'], wrong('2 1 2')]],
    ['accepts', [wrong('3 1 1'), ['3 1 2', 'leaf']]],
    ['accepts', [['3 1 0', 'leaf'], wrong('3 1 2')]],
    ['accepts', [['3 1 1', 'leaf'], wrong('3 1 2'), ['2 1 1', 'ca']]],
    // What cannot be used neither counts nor hides; alone it makes senders demand TLS, and authenticates nobody.
    ['refuses', [['1 1 1', 'leaf']]],
    ['strictly', [['3 1 1', 'leaf'], wrong('1 1 1')]],
    ['strictly', [['3 1 1', 'leaf'], `3 1 2 ${'00'.repeat(63)}`]],
    ['strictly', [['3 1 1', 'leaf'], '3 1 9 00']],
  ])('%s %j', (expected, rrset) => {
    const issued = { leaf, next, ca, root };
    const records = rrset.map((entry) =>
      typeof entry === 'string' ? parseTlsa(entry) : record(entry[0], issued[entry[1]]),
    );
    const chain = chainOf(leaf, ca);
    expect(verdict(judge(records, chain, hostname, now))).toBe(expected);
    expect(verdict(judge(records.toReversed(), chain, hostname, now))).toBe(expected);
    expect(verdict(judge([...records, ...records], chain, hostname, now))).toBe(expected);
  });
});

test('the reason says what is the matter', () => {
  const reasons = (tlsa: TlsaRecord, chain: Chain, at = now): string => one(tlsa, chain, at).reason;
  const chain = chainOf(leaf, ca, stray);
  expect({
    leaf: reasons(record('3 1 1', leaf), chain),
    otherLeaf: reasons(record('3 1 1', next), chain),
    ca: reasons(record('2 1 1', ca), chain),
    ownKey: reasons(record('2 1 1', leaf), chain),
    notSent: reasons(record('2 1 1', root), chain),
    stray: reasons(record('2 1 1', stray), chain),
    carriedStray: reasons(record('2 1 0', stray), chain),
    dates: reasons(record('2 1 1', ca), chainOf(shortLived, ca), later),
    name: reasons(record('2 1 1', ca), chainOf(wrongName, ca)),
    usage: reasons(record('1 1 1', leaf), chain),
    length: reasons(parseTlsa('3 1 1 ab'), chain),
    matchingType: reasons(parseTlsa('3 1 3 ab'), chain),
  }).toEqual({
    leaf: 'this is what the server presents',
    otherLeaf: 'the server presents another certificate or key',
    ca: 'this CA signed what the server presents',
    ownKey: "this is the server's own certificate or key; usage 2 names a CA",
    notSent: 'this CA is not among the certificates that the server sends',
    stray: 'this CA is sent, but did not sign what the server presents',
    carriedStray: 'the CA in this record did not sign what the server presents',
    dates: 'a certificate between the leaf and this CA has expired or is not yet valid',
    name: 'no DNS name of the certificate (subjectAltName) covers the hostname',
    usage: 'senders of mail do not use usages 0 and 1 (RFC 7672 §3.1.3)',
    matchingType: 'this matching type is not defined',
    length: 'the data has not the length of its digest: 32 octets for matching type 1, 64 for 2',
  });
  const hidden = judge([record('3 1 1', leaf), parseTlsa(`3 1 2 ${'00'.repeat(64)}`)], chain, hostname, now);
  expect(hidden.records.map(({ matches, reason }) => `${String(matches)}: ${reason}`)).toEqual([
    'true: it matches, but senders may ignore it: SHA2-512 stands beside it for the same usage and selector (RFC 7671 §9)',
    'false: the server presents another certificate or key',
  ]);
});
