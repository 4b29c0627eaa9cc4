import { describe, expect, test } from '@jest/globals';
import { formatServer, parseServer } from '../../src/dns/server.ts';

describe('a server as a person writes it', () => {
  test.each([
    ['ns1.example.nl', 'ns1.example.nl', 53, 'ns1.example.nl:53'],
    ['ns1.example.nl:5353', 'ns1.example.nl', 5353, 'ns1.example.nl:5353'],
    ['192.0.2.1', '192.0.2.1', 53, '192.0.2.1:53'],
    ['192.0.2.1:54', '192.0.2.1', 54, '192.0.2.1:54'],
    ['2001:db8::1', '2001:db8::1', 53, '[2001:db8::1]:53'],
    ['[2001:db8::1]', '2001:db8::1', 53, '[2001:db8::1]:53'],
    ['[2001:db8::1]:54', '2001:db8::1', 54, '[2001:db8::1]:54'],
    ['bind', 'bind', 53, 'bind:53'],
  ])('%s', (text, host, port, formatted) => {
    expect(parseServer(text)).toEqual({ host, port });
    expect(formatServer({ host, port })).toBe(formatted);
  });

  test.each([
    '',
    ':53',
    'ns1.example.nl:',
    'ns1.example.nl:0',
    'ns1.example.nl:65536',
    'ns1:53:54',
    'a b',
    '[ns1]:53',
    'http://ns1',
    '[192.0.2.1]:53',
  ])('not %p', (text) => {
    expect(() => parseServer(text)).toThrow(expect.objectContaining({ code: 'InvalidServerAddress' }));
  });
});
