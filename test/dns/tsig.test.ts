import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readAnswer, type Answer, type Request } from '../../src/dns/answer.ts';
import { EDNS } from '../../src/dns/edns.ts';
import { exchangeTcp } from '../../src/dns/exchange.ts';
import { encodeMessage } from '../../src/dns/message.ts';
import { query } from '../../src/dns/query.ts';
import { signRequest, verifyAnswer, type TsigVerdict } from '../../src/dns/tsig.ts';
import { tsigKey, type TsigKey } from '../../src/dns/tsig-key.ts';
import { WireError } from '../../src/dns/wire-error.ts';
import { startBindHarness, type BindHarness } from './bind-harness.ts';

describe('the signature of an answer that BIND made', () => {
  const signedAt = Date.now();
  let bind: BindHarness;
  let key: TsigKey;
  let mac: Buffer;
  let request: Request;
  let answer: Answer;
  beforeAll(async () => {
    bind = await startBindHarness(2, {
      addresses: { primary: '10.53.2.14', secondary: '10.53.2.15', parent: '10.53.2.16' },
      tsigAlgorithm: 'hmac-sha384',
    });
    const { name, algorithm, secret } = bind.chain.tsigKey;
    key = tsigKey(name, algorithm, secret);
    const message = query('example.nl', 'SOA', [], EDNS);
    const signed = signRequest(encodeMessage(message), key, signedAt);
    ({ mac } = signed);
    request = { message, octets: signed.octets };
    answer = await exchangeTcp({ host: bind.chain.primary.address, port: 53 }, request, { timeoutMs: 5000 });
  });
  afterAll(() => bind.stop());

  const verify = (
    changed: { key?: TsigKey; mac?: Buffer; now?: number; octets?: Buffer } = {},
  ): TsigVerdict | undefined => {
    const read = readAnswer(changed.octets ?? answer.octets, request);
    if (typeof read === 'string') return undefined;
    try {
      return verifyAnswer(read.octets, read.message, changed.key ?? key, changed.mac ?? mac, changed.now ?? signedAt);
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  };

  test('verifies', () => {
    expect(verify()).toBe('Verified');
  });

  test('does not verify once any octet is another', () => {
    for (const at of answer.octets.keys()) {
      const octets = Buffer.from(answer.octets);
      octets[at] = (octets[at] ?? 0) ^ 1;
      expect([at, verify({ octets })]).not.toEqual([at, 'Verified']);
    }
  });

  test('does not verify for another request, key name, algorithm or secret', () => {
    expect(verify({ mac: Buffer.alloc(mac.length) })).toBe('Invalid');
    expect(verify({ key: { ...key, name: 'other.test' } })).toBe('Invalid');
    expect(verify({ key: { ...key, algorithm: 'hmac-sha512' } })).toBe('Invalid');
    expect(verify({ key: { ...key, secret: Buffer.from('other') } })).toBe('Invalid');
  });

  test('is good for 300 seconds by our clock', () => {
    const timeSigned = Math.floor(signedAt / 1000) * 1000;
    // BIND signed within a second or two of us, one of which may have been the next.
    expect(verify({ now: timeSigned + 295_000 })).toBe('Verified');
    expect(verify({ now: timeSigned - 295_000 })).toBe('Verified');
    expect(verify({ now: timeSigned + 310_000 })).toBe('Invalid');
    expect(verify({ now: timeSigned - 310_000 })).toBe('Invalid');
  });

  test('missing is said', () => {
    const message = { ...answer.message, edns: EDNS };
    expect(verify({ octets: encodeMessage(message) })).toBe('Unsigned');
  });
});
