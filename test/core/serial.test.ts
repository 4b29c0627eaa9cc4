import { expect, test } from '@jest/globals';
import { isSerialAtLeast } from '../../src/core/serial.ts';

const LAST = 2 ** 32 - 1;

test.each([
  ['the same', 2026112201, 2026112201],
  ['the next', 8, 7],
  ['the last', LAST, LAST - 1],
  ['zero follows the last', 0, LAST],
  ['a long way over the wrap', 5, 2 ** 31 + 6],
  ['as far as can be', 2 ** 31 - 1, 0],
])('%s: %d is at least %d', (_, serial, other) => {
  expect(isSerialAtLeast(serial, other)).toBe(true);
  if (serial !== other) expect(isSerialAtLeast(other, serial)).toBe(false);
});

test.each([
  [2 ** 31, 0],
  [LAST, 2 ** 31 - 1],
])('half way round, where RFC 1982 knows no order, neither of %d and %d is called later', (serial, other) => {
  expect(isSerialAtLeast(serial, other)).toBe(false);
  expect(isSerialAtLeast(other, serial)).toBe(false);
});
