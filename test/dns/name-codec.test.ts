import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeName, encodeName } from '../../src/dns/name-codec.ts';
import { Reader } from '../../src/dns/reader.ts';
import { WireError } from '../../src/dns/wire-error.ts';

const decode = (octets: Buffer, offset = 0): string => decodeName(new Reader(octets, offset));
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A label's octets: anything but capital letters, which do not come back as they were. */
const label = fc
  .uint8Array({ minLength: 1, maxLength: 63 })
  .map((octets) => octets.map((o) => (o >= 65 && o <= 90 ? o + 32 : o)));
const wireName = fc
  .array(label, { maxLength: 8 })
  .map((labels) =>
    Buffer.concat([...labels.flatMap((octets) => [Buffer.from([octets.length]), octets]), Buffer.from([0])]),
  )
  .filter((wire) => wire.length <= 255);

describe('names on the wire', () => {
  test.each([
    ['.', '00'],
    ['nl', '026e6c 00'],
    ['_25._tcp.mx1.example.nl', '035f3235 045f746370 036d7831 076578616d706c65 026e6c 00'],
    ['a\\.b.nl', '03612e62 026e6c 00'],
    ['a\\\\b.nl', '03615c62 026e6c 00'],
    ['\\000\\255\\032.nl', '0300ff20 026e6c 00'],
  ])('%s', (name, wire) => {
    expect(encodeName(name).toString('hex')).toBe(wire.replaceAll(' ', ''));
    expect(decode(hex(wire))).toBe(name);
  });

  test('capital letters are read as small ones, and nothing else changes by case', () => {
    expect(decode(hex('034d5831 00'))).toBe('mx1');
    expect(decode(hex('02c0de 00'))).toBe('\\192\\222');
  });

  test('every name comes back as it went', () => {
    fc.assert(
      fc.property(wireName, (wire) => {
        expect(encodeName(decode(wire)).equals(wire)).toBe(true);
      }),
    );
  });

  test('a compressed name is followed back, and reading goes on behind the pointer', () => {
    const reader = new Reader(hex('026e6c 00 036d7831 c000 ff'), 4);
    expect(decodeName(reader)).toBe('mx1.nl');
    expect(reader.offset).toBe(10);
  });

  test.each([
    ['a pointer to itself', 'c000', 0],
    ['two pointers to each other', 'c002c000', 0],
    ['a pointer forward', 'c002 00', 0],
    ['a pointer into the name that it ends', '0161 c000', 0],
    ['a pointer to a name that goes on into the pointer', '0361 6161 02c0 0161 c000', 5],
    ['a pointer beyond the end', 'ffff', 0],
    ['half a pointer', 'c0', 0],
    ['a label that the message cuts off', '0361', 0],
    ['no last octet', '0161', 0],
    ['a label kind that is not in use (0b01)', '4161 00', 0],
    ['a label kind that is not in use (0b10)', '8161 00', 0],
    [
      '256 octets',
      '3f'.padEnd(128, 'a') + '3f'.padEnd(128, 'a') + '3f'.padEnd(128, 'a') + '3f'.padEnd(128, 'a') + '00',
      0,
    ],
  ])('%s is an error', (_what, wire, offset) => {
    expect(() => decode(hex(wire), offset)).toThrow(WireError);
  });

  test.each([
    ['an empty label', 'mx1..nl'],
    ['a final dot', 'mx1.nl.'],
    ['nothing', ''],
    ['a label of 64 octets', `${'a'.repeat(64)}.nl`],
    ['a name of 256 octets', `${`${'a'.repeat(62)}.`.repeat(4)}nl`],
    ['a decimal escape beyond an octet', '\\256.nl'],
    ['a character beyond ASCII', 'mü.nl'],
    ['a space', 'm x.nl'],
    ['an escape of nothing', 'mx1.nl\\'],
  ])('%s cannot be asked for', (_what, name) => {
    expect(() => encodeName(name)).toThrow(expect.objectContaining({ code: 'InvalidName', kind: 'Stalled' }));
  });
});
