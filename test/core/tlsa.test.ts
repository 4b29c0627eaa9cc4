import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  combinationOf,
  daneEE,
  daneTA,
  decodeTlsa,
  encodeTlsa,
  formatTlsa,
  intersection,
  parseTlsa,
  sameSet,
  union,
  without,
  type TlsaRecord,
} from '../../src/core/tlsa.ts';
import { codeOf } from './error-code.ts';

const octet = fc.integer({ min: 0, max: 255 });
const anyRecord: fc.Arbitrary<TlsaRecord> = fc.record({
  usage: octet,
  selector: octet,
  matchingType: octet,
  data: fc.uint8Array({ minLength: 1, maxLength: 70 }).map((bytes) => Buffer.from(bytes).toString('hex')),
});
/** From a pool so small that sets overlap. */
const someSet = fc.array(
  fc.integer({ min: 0, max: 7 }).map((n) => (n % 2 === 0 ? daneEE(`0${n}`) : daneTA(`0${n}`))),
  { maxLength: 8 },
);

describe('presentation form', () => {
  const hash = '8bd1da95272f7fa4ffb24137fc0ed03aae67e5c4d8b3c50734e1050a7920b922';

  test.each([
    [`3 1 1 ${hash}`],
    [`3 1 1 ${hash.toUpperCase()}`],
    [`  3\t1  1   ${hash.slice(0, 32)} ${hash.slice(32)}\n`],
    [`003 01 1 ${hash}`],
  ])('%j is read', (text) => {
    expect(formatTlsa(parseTlsa(text))).toBe(`3 1 1 ${hash}`);
  });

  test.each([
    [''],
    ['3 1 1'],
    ['3 1 1 '],
    ['3 1 1 abc'],
    ['3 1 1 ab:cd'],
    ['3 1 1 0xab'],
    ['256 1 1 ab'],
    ['3 1 -1 ab'],
    ['3 1 ab'],
    ['TLSA 3 1 1 ab'],
    ['\\# 4 03010101'],
  ])('%j is refused', (text) => {
    expect(codeOf(() => parseTlsa(text))).toBe('InvalidTLSARecord');
  });

  test('a hostile text is refused in no time, and is not repeated whole', () => {
    const hostile = `3 1 1${' '.repeat(1_000_000)}z`;
    expect(() => parseTlsa(hostile)).toThrow(/^.{1,300}$/);
  });

  test('what is written is read back', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(parseTlsa(formatTlsa(record))).toEqual(record);
        expect(formatTlsa(record)).toBe(`${combinationOf(record)} ${record.data}`);
      }),
    );
  });
});

describe('wire form', () => {
  test('three octets, then the data (RFC 6698 §2.1)', () => {
    expect(encodeTlsa(parseTlsa('3 1 1 abcd')).toString('hex')).toBe('030101abcd');
  });

  test('any RDATA is read and written back, or refused for having no data', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (rdata) => {
        if (rdata.length < 4) {
          expect(codeOf(() => decodeTlsa(rdata))).toBe('InvalidTLSARecord');
        } else {
          expect(encodeTlsa(decodeTlsa(rdata))).toEqual(Buffer.from(rdata));
          // It is kept in status as text: what was read from the DNS must survive that.
          expect(parseTlsa(formatTlsa(decodeTlsa(rdata)))).toEqual(decodeTlsa(rdata));
        }
      }),
    );
  });
});

describe('RRsets', () => {
  test('order and repetition mean nothing', () => {
    fc.assert(
      fc.property(someSet, (set) => {
        expect(sameSet([...set, ...set].reverse(), set)).toBe(true);
        expect(union(set.toReversed(), set)).toEqual(union(set));
      }),
    );
  });

  test('union, intersection and difference are those of sets', () => {
    fc.assert(
      fc.property(someSet, someSet, daneOf(someSet), (a, b, record) => {
        const isIn = (set: readonly TlsaRecord[]): boolean =>
          set.some((other) => formatTlsa(other) === formatTlsa(record));
        expect(isIn(union(a, b))).toBe(isIn(a) || isIn(b));
        expect(isIn(intersection(a, b))).toBe(isIn(a) && isIn(b));
        expect(isIn(without(a, b))).toBe(isIn(a) && !isIn(b));
        expect(sameSet(union(without(a, b), intersection(a, b)), a)).toBe(true);
        expect(sameSet(a, b)).toBe(without(a, b).length + without(b, a).length === 0);
      }),
    );
  });
});

function daneOf(set: fc.Arbitrary<TlsaRecord[]>): fc.Arbitrary<TlsaRecord> {
  return set.map(([first]) => first ?? daneEE('00'));
}
