/** Which addresses are never probed. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDenied, parseDenyCidrs } from '../../src/smtp/deny-cidrs.ts';

describe('by default', () => {
  const denied = parseDenyCidrs('default');

  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '169.254.1.1',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::FFFF:169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'ff02::1',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
    '192.0.0.192',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '2002:7f00:1::1',
    '2002:a9fe:a9fe::1',
  ])('%s is denied', (address) => {
    expect(isDenied(address, denied)).toBe(true);
  });

  test.each([
    '192.0.2.1',
    '10.53.0.10',
    '100.100.100.201',
    '2001:db8::25',
    '::ffff:192.0.2.1',
    '64:ff9b::192.0.2.1',
    '2002:c000:201::1',
    'fd00::25',
  ])('%s is not', (address) => {
    expect(isDenied(address, denied)).toBe(false);
  });

  test.each(['', 'localhost', '127.1', '2130706433', '0x7f.0.0.1', '1.2.3.4.5', '[::1]'])(
    '%j is no address, so it is denied',
    (address) => {
      expect(isDenied(address, denied)).toBe(true);
    },
  );

  test('an IPv4 address is judged the same in its IPv4-mapped form', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isDenied(`::ffff:${address}`, denied)).toBe(isDenied(address, denied));
      }),
    );
  });
});

test.each([
  ['none', '127.0.0.1', false],
  ['10.0.0.0/8, 192.0.2.7/32', '10.1.2.3', true],
  ['10.0.0.0/8, 192.0.2.7/32', '192.0.2.7', true],
  ['10.0.0.0/8, 192.0.2.7/32', '192.0.2.8', false],
  ['10.0.0.0/8', '127.0.0.1', false],
  ['default,10.0.0.0/8', '127.0.0.1', true],
  ['default,10.0.0.0/8', '10.1.2.3', true],
  ['10.0.0.0/8', '64:ff9b::10.1.2.3', true],
  ['10.0.0.0/8', '2002:a01:203::25', true],
  ['10.0.0.0/8', '64:ff9b::11.1.2.3', false],
  ['fd00::/8', 'fd12::1', true],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['0.0.0.0/0', '192.0.2.1', true],
])('--probe-deny-cidr %j: %s denied is %j', (text, address, denied) => {
  expect(isDenied(address, parseDenyCidrs(text))).toBe(denied);
});

test.each([
  ['', '"" is not a range'],
  ['10.0.0.0/8,', '"" is not a range'],
  ['10.0.0.0/33', '"10.0.0.0/33" is not a range'],
  ['fd00::/129', '"fd00::/129" is not a range'],
  ['10.0.0/8', '"10.0.0/8" is not a range'],
  ['mx1.example.nl', '"mx1.example.nl" is not a range'],
  ['none,10.0.0.0/8', '"none" is not a range'],
  ['192.0.2.1', 'for this one address write 192.0.2.1/32'],
  ['2001:db8::1', 'for this one address write 2001:db8::1/128'],
])('--probe-deny-cidr %j is refused with what to write', (text, sentence) => {
  expect(() => parseDenyCidrs(text)).toThrow(expect.objectContaining({ code: 'InvalidCIDR' }));
  expect(() => parseDenyCidrs(text)).toThrow(sentence);
});
