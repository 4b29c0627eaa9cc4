/** The PEM of a Secret, damaged: refused with a code, or read as OpenSSL reads it. */
import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseChain } from '../../src/core/certificate.ts';
import { codeOf } from '../core/error-code.ts';
import { build, CERTIFICATES, checkChain, orUndefined, parts, readOrRefused, seldom } from './chains.ts';
import { fuzz, must } from './fuzz.ts';
import { mutated, mutation } from './mutate.ts';

const lines = (der: Buffer, width: number): string =>
  der.toString('base64').replace(new RegExp(`.{1,${width}}`, 'g'), '$&\n');
const usual = (der: Buffer): string => `-----BEGIN CERTIFICATE-----\n${lines(der, 64)}-----END CERTIFICATE-----\n`;
const dress = {
  usual,
  oneLine: (der: Buffer) => `-----BEGIN CERTIFICATE-----\n${lines(der, 1e6)}-----END CERTIFICATE-----\n`,
  windows: (der: Buffer) => usual(der).replaceAll('\n', '\r\n'),
  carriageReturns: (der: Buffer) => usual(der).replaceAll('\n', '\r'),
  noLines: (der: Buffer) => usual(der).replaceAll('\n', ''),
  indented: (der: Buffer) => usual(der).replace(/^/gm, '  '),
  beginIndented: (der: Buffer) => ` ${usual(der)}`,
  beginCommented: (der: Buffer) => `# ${usual(der)}`,
  endIndented: (der: Buffer) => usual(der).replace('-----END', ' -----END'),
  blanksBehind: (der: Buffer) => usual(der).replaceAll('\n', ' \t\n'),
  wideBlanks: (der: Buffer) => usual(der).replaceAll('\n', '\u2028'),
  wordsBehind: (der: Buffer) => usual(der).replace('-----\n', '----- mx1\n'),
  noLastLine: (der: Buffer) => usual(der).trimEnd(),
  emptyLines: (der: Buffer) => usual(der).replaceAll('\n', '\n\n'),
  headers: (der: Buffer) => usual(der).replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n'),
  x509: (der: Buffer) => usual(der).replaceAll('CERTIFICATE', 'X509 CERTIFICATE'),
  trusted: (der: Buffer) => usual(der).replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'),
  request: (der: Buffer) => usual(der).replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'),
  small: (der: Buffer) => usual(der).replaceAll('CERTIFICATE', 'certificate'),
  key: (der: Buffer) => usual(der).replaceAll('CERTIFICATE', 'PRIVATE KEY'),
  padded: (der: Buffer) => usual(der).replace('A', '='),
  base64url: (der: Buffer) => usual(der).replaceAll('+', '-').replaceAll('/', '_'),
} as const satisfies Readonly<Record<string, (der: Buffer) => string>>;
const dresses = fc.oneof(
  { weight: 8, arbitrary: fc.constant('usual' as const) },
  { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(dress) as (keyof typeof dress)[])) },
);
const junk = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'subject=mx1\n',
      '\ufeff',
      '\0',
      '\n\n',
      '-----BEGIN CERTIFICATE-----\n',
      'x'.repeat(300),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('-----BEGIN ', 'A', '-----BEGIN CERTIFICATE-----').map((one) => one.repeat(2e4)),
  },
);
const pemPieces = fc
  .constantFrom(
    '-',
    '-----',
    '\n',
    '\r',
    ' ',
    '=',
    'A',
    '\0',
    '\x7f',
    '-----BEGIN CERTIFICATE-----\n',
    '-----END CERTIFICATE-----\n',
  )
  .map((text) => Buffer.from(text).toString('hex'));
const pem = fc.record({
  parts: parts.chain((chosen) =>
    fc.tuple(...chosen.map((one) => fc.record({ part: fc.constant(one), dress: dresses, before: junk }))),
  ),
  behind: junk,
  octets: seldom(mutation(pemPieces)),
});

fuzz('the PEM of a Secret', { short: 250, oneIn: 2 }, pem, ({ parts: chosen, behind, octets }) => {
  const written = chosen.map((one) => one.before + dress[one.dress](build(one.part))).join('') + behind;
  const text = mutated(Buffer.from(written), octets).toString();
  const chain = readOrRefused(() => parseChain(text));
  if (chain === undefined) return;
  checkChain(chain);
  const raw = orUndefined(() => new X509Certificate(text).raw);
  must(raw?.equals(chain.certificates[0].der) ?? true, 'a server that uses OpenSSL presents another certificate');
});

const [leaf = Buffer.alloc(0), other = Buffer.alloc(0)] = CERTIFICATES;

// Found by the above: OpenSSL passes over the first of two certificates, or takes it where we passed over it.
test.each(['beginIndented', 'beginCommented', 'x509', 'trusted', 'wordsBehind'] as const)(
  'a first certificate that not every server reads is no certificate to pass over: %s',
  (first) => {
    expect(codeOf(() => parseChain(dress[first](leaf) + usual(other)))).toBe('InvalidCertificate');
  },
);
