import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalHostname,
  canonicalName,
  isAtOrBelow,
  labelsOf,
  matchesHostnamePattern,
  ownerName,
  parentOf,
  ROOT,
} from '../../src/core/name.ts';
import { codeOf } from './error-code.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const hostname = fc.array(label, { minLength: 2, maxLength: 6 }).map((labels) => labels.join('.'));

describe('names that people write', () => {
  test.each([
    ['mx1.example.nl', 'mx1.example.nl'],
    ['MX1.Example.NL.', 'mx1.example.nl'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['nl', 'nl'],
    ['.', '.'],
    ['_25._tcp.mx1.example.nl', '_25._tcp.mx1.example.nl'],
    [`${'a'.repeat(63)}.nl`, `${'a'.repeat(63)}.nl`],
  ])('%s is a name', (text, name) => {
    expect(canonicalName(text)).toBe(name);
  });

  test.each([
    [''],
    ['..'],
    ['a..nl'],
    ['.nl'],
    ['a b.nl'],
    ['-a.nl'],
    ['a-.nl'],
    ['bücher.nl'],
    ['*.nl'],
    [`${'a'.repeat(64)}.nl`],
    [Array(128).fill('a').join('.')],
    ['example.nl\n'],
  ])('%j is no name', (text) => {
    expect(codeOf(() => canonicalName(text))).toBe('InvalidName');
  });

  test.each([['mx1'], ['nl.'], ['*.example.nl'], ['_25.example.nl'], ['mx1.example.nl/x'], ['a_b.example.nl'], ['.']])(
    '%j is no host',
    (text) => {
      expect(codeOf(() => canonicalHostname(text))).toBe('InvalidHostname');
    },
  );

  // U+212A, the Kelvin sign, is "k" in lower case.
  test('letters beyond ASCII never become ASCII ones', () => {
    expect(codeOf(() => canonicalName('\u212Apn.nl'))).toBe('InvalidName');
    expect(codeOf(() => canonicalHostname('mx.\u212Apn.nl'))).toBe('InvalidHostname');
  });

  test('making a name canonical twice changes nothing', () => {
    fc.assert(
      fc.property(hostname, fc.boolean(), (host, dot) => {
        const text = host.toUpperCase() + (dot ? '.' : '');
        expect(canonicalHostname(text)).toBe(host);
        expect(canonicalName(canonicalName(text))).toBe(canonicalName(text));
      }),
    );
  });
});

describe('the tree', () => {
  test.each<[string, readonly string[], string | undefined]>([
    ['.', [], undefined],
    ['nl', ['nl'], '.'],
    ['mx1.example.nl', ['mx1', 'example', 'nl'], 'example.nl'],
    ['john\\.doe.example.nl', ['john\\.doe', 'example', 'nl'], 'example.nl'],
    ['a\\\\.nl', ['a\\\\', 'nl'], 'nl'],
  ])('%s has these labels and this parent', (name, labels, parent) => {
    expect(labelsOf(name)).toEqual(labels);
    expect(parentOf(name)).toBe(parent);
  });

  test.each([
    ['mx1.example.nl', 'example.nl', true],
    ['example.nl', 'example.nl', true],
    ['example.nl', '.', true],
    ['.', '.', true],
    ['.', 'nl', false],
    ['example.nl', 'mx1.example.nl', false],
    ['badexample.nl', 'example.nl', false],
    ['a\\.example.nl', 'example.nl', false],
    ['b.a\\.example.nl', 'a\\.example.nl', true],
  ])('%s at or below %s: %s', (name, ancestor, expected) => {
    expect(isAtOrBelow(name, ancestor)).toBe(expected);
  });

  test('going up from a name meets exactly the names that it is at or below', () => {
    fc.assert(
      fc.property(hostname, hostname, (name, other) => {
        const met = new Set<string>();
        for (let at: string | undefined = name; at !== undefined; at = parentOf(at)) met.add(at);
        expect(met.has(ROOT)).toBe(true);
        for (const candidate of [...met, other, `x.${name}`, `x${name}`]) {
          expect(isAtOrBelow(name, candidate)).toBe(met.has(candidate));
        }
      }),
    );
  });
});

test('the owner of TLSA records has port and transport in front (RFC 6698 §3)', () => {
  expect(ownerName('mx1.example.nl', 25)).toBe('_25._tcp.mx1.example.nl');
});

describe('hostname patterns of an allow list', () => {
  test.each([
    ['mx1.example.nl', 'mx1.example.nl', true],
    ['mx1.example.nl', 'MX1.Example.nl', true],
    ['mx1.example.nl', '*.example.nl', true],
    ['a.b.example.nl', '*.example.nl', true],
    ['example.nl', '*.example.nl', false],
    ['mx1.badexample.nl', '*.example.nl', false],
    ['mx1.example.nl', '*', false],
    ['mx1.example.nl', '*.', false],
    ['mx1.example.nl', '', false],
    ['mx1.example.nl', 'mx*.example.nl', false],
    ['mx1.example.nl', '*.mx1.example.nl', false],
  ])('%s by %j: %s', (host, pattern, expected) => {
    expect(matchesHostnamePattern(host, pattern)).toBe(expected);
  });
});
