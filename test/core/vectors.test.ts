/** Facts that others published (test/vectors/README.md). */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { chainFromDer, digest, parseChain, spkiSHA256, type Chain } from '../../src/core/certificate.ts';
import type { Certificate } from '../../src/core/x509.ts';
import { judge } from '../../src/core/match.ts';
import { isIssuedBy } from '../../src/core/path.ts';
import { daneTA, parseTlsa } from '../../src/core/tlsa.ts';

const vectors = new URL('../vectors/', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, vectors), 'utf8');

describe('RFC 6698 appendix C', () => {
  const chain = chainFromDer([readFileSync(new URL('rfc/rfc6698-appendix-c.cert.der', vectors))]);
  const { data } = JSON.parse(text('rfc/rfc6698-appendix-c.json')) as { data: Record<string, string> };

  test.each(Object.entries(data))('selector and matching type %s', (parameters, value) => {
    const { records } = judge([parseTlsa(`3 ${parameters} ${value}`)], chain, 'dane.kiev.practicum.os3.nl', new Date());
    expect(records).toMatchObject([{ usable: true, matches: true, depth: 0 }]);
  });

  test('a self-signed certificate is no trust anchor for itself', () => {
    for (const [parameters, value] of Object.entries(data)) {
      const record = parseTlsa(`2 ${parameters} ${value}`);
      const inDate = new Date('2015-01-01T00:00:00Z');
      expect(judge([record], chain, 'dane.kiev.practicum.os3.nl', inDate).records).toMatchObject([
        { usable: true, matches: false },
      ]);
    }
  });
});

test('RFC 7671 §9: 3 1 0, 3 1 1 and 3 1 2 of one key', () => {
  const vector = JSON.parse(text('rfc/rfc7671-section-9.json')) as Record<'3 1 0' | '3 1 1' | '3 1 2', string>;
  const [any] = parseChain(text('rfc/rfc9102-appendix-a.cert.pem')).certificates;
  const withThatKey: Certificate = { ...any, spki: Buffer.from(vector['3 1 0'], 'hex') };
  const chain: Chain = { certificates: [withThatKey], path: [withThatKey] };
  for (const combination of ['3 1 0', '3 1 1', '3 1 2'] as const) {
    const record = parseTlsa(`${combination} ${vector[combination]}`);
    expect(judge([record], chain, 'example.nl', new Date()).strictlyAccepts).toBe(true);
  }
});

test('RFC 9102 appendix A: the certificate of www.example.com and its record', () => {
  const chain = parseChain(text('rfc/rfc9102-appendix-a.cert.pem'));
  const record = parseTlsa('3 1 1 8bd1da95272f7fa4ffb24137fc0ed03aae67e5c4d8b3c50734e1050a7920b922');
  expect(judge([record], chain, 'www.example.com', new Date()).strictlyAccepts).toBe(true);
});

describe("the CA certificates of Let's Encrypt", () => {
  const rows = text('letsencrypt/table.psv')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [file = '', subject = '', issuer = '', notBefore = '', notAfter = '', spki = '', full = ''] =
        line.split('|');
      const [certificate] = parseChain(text(`letsencrypt/${file}`)).certificates;
      return { file, subject, issuer, notBefore, notAfter, spki, full, certificate };
    });

  test('the table names each file', () => {
    const files = readdirSync(new URL('letsencrypt/', vectors)).filter((name) => name.endsWith('.pem'));
    expect(files.length).toBe(51);
    expect(new Set(rows.map((row) => row.file))).toEqual(new Set(files));
  });

  test.each(rows)('$file', ({ certificate, notBefore, notAfter, spki, full }) => {
    expect(digest(certificate, 1, 1)).toBe(spki);
    expect(digest(certificate, 0, 1)).toBe(full);
    expect(certificate.notBefore).toEqual(new Date(notBefore));
    expect(certificate.notAfter).toEqual(new Date(notAfter));
    expect(certificate.selfSigned).toBe(certificate.subject === certificate.issuer);
  });

  test('each CA whose issuer is in the table was signed by it, and by nobody else', () => {
    for (const { subject, issuer, certificate } of rows) {
      const signers = new Set(rows.filter((row) => isIssuedBy(certificate, row.certificate)).map((row) => row.subject));
      const named = rows.some((row) => row.subject === issuer && row.certificate.isCA);
      expect({ subject, signers: [...signers] }).toEqual({ subject, signers: named ? [issuer] : [] });
    }
  });
});

describe('real chains of 2023 and the records that their owners published', () => {
  const records = (hostname: string) =>
    text('real-chains/dns.txt')
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith(`_25._tcp.${hostname} `))
      .map((line) => parseTlsa(line.slice(line.indexOf(' '))));

  test.each([
    ['internet.nl', 2],
    ['mail.ietf.org', 4],
  ])('%s', (hostname, count) => {
    const pems = Array.from({ length: count }, (_, index) => text(`real-chains/${hostname}.${index}.pem`));
    const chain = parseChain(pems.join(''));
    const at = new Date('2023-01-15T12:00:00Z');

    expect(judge(records(hostname), chain, hostname, at)).toMatchObject({ accepts: true, strictlyAccepts: true });
    expect(chain.path).toEqual(chain.certificates);
    for (const [index, ca] of chain.path.slice(1).entries()) {
      const record = daneTA(spkiSHA256(ca));
      expect(judge([record], chain, hostname, at).records).toMatchObject([{ matches: true, depth: index + 1 }]);
      expect(judge([record], chain, hostname, new Date('2024-01-01T00:00:00Z')).accepts).toBe(false);
      expect(judge([record], chain, 'mx.example.nl', at).accepts).toBe(false);
    }
  });
});
