import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { summarize } from '../../src/core/chain-summary.ts';
import { chainFromDer, coversHostname, parseChain, spkiSHA256, type Chain } from '../../src/core/certificate.ts';
import { makeCA, makeLeaf, makePlain, type Issued } from '../support/pki.ts';
import { codeOf } from './error-code.ts';

const names = ['mx1.example.nl'];
let root: Issued,
  policyCA: Issued,
  issuingCA: Issued,
  leaf: Issued,
  strayCA: Issued,
  otherLeaf: Issued,
  selfSigned: Issued;

beforeAll(async () => {
  root = await makeCA({ name: 'Root' });
  policyCA = await makeCA({ name: 'Policy CA', issuer: root });
  issuingCA = await makeCA({ name: 'Issuing CA', issuer: policyCA });
  leaf = await makeLeaf({ names, issuer: issuingCA });
  strayCA = await makeCA({ name: 'Stray CA' });
  otherLeaf = await makeLeaf({ names, issuer: issuingCA, algorithm: 'RSA' });
  selfSigned = await makeLeaf({ names });
});

const parse = (...issued: readonly Issued[]): Chain => parseChain(issued.map((one) => one.pem).join(''));
const path = (chain: Chain): string[] => chain.path.map((certificate) => certificate.subject);

describe('reading tls.crt', () => {
  test('as cert-manager writes it', () => {
    const chain = parseChain(leaf.chainPem);
    expect(path(chain)).toEqual(['CN=mx1.example.nl', 'CN=Issuing CA', 'CN=Policy CA']);
    expect(chain.certificates[0]).toMatchObject({ issuer: 'CN=Issuing CA', dnsNames: names, isCA: false });
    expect(chain.certificates.map((certificate) => certificate.isCA)).toEqual([false, true, true]);
    expect(root.certificate.selfSigned).toBe(true);
    expect(policyCA.certificate.selfSigned).toBe(false);
  });

  test.each([
    ['Windows line ends', (pem: string) => pem.replaceAll('\n', '\r\n')],
    ['words around it', (pem: string) => `subject=/CN=mx1\n${pem}\nthe end`],
    ['no line end at the end', (pem: string) => pem.trimEnd()],
    ['its private key before it', (pem: string) => leaf.keyPem + pem],
    ['its private key behind it', (pem: string) => pem + leaf.keyPem],
    ['each certificate twice', (pem: string) => pem + pem],
  ])('%s make no difference', (_, changed) => {
    const chain = parseChain(changed(leaf.chainPem));
    expect(summarize(chain)).toEqual(summarize(parseChain(leaf.chainPem)));
    expect(inspect(chain, { depth: null, maxStringLength: null })).not.toContain('PRIVATE KEY');
  });

  test.each<[string, string, () => string]>([
    ['nothing', 'NoCertificate', () => ''],
    ['garbage', 'NoCertificate', () => 'garbage\u0000-----BEGIN'],
    ['a private key only', 'NoCertificate', () => leaf.keyPem],
    ['the first half of a certificate', 'NoCertificate', () => leaf.pem.slice(0, leaf.pem.length / 2)],
    ['a second certificate that is cut off', 'InvalidCertificate', () => leaf.chainPem.slice(0, leaf.pem.length + 300)],
    [
      'something else under the label',
      'InvalidCertificate',
      () => leaf.keyPem.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
    ],
    ['no Base64', 'NoCertificate', () => leaf.pem.replace(/\nMII/, '\n!!!')],
    [
      'something behind the DER',
      'InvalidCertificate',
      () => pemOf(Buffer.concat([leaf.certificate.der, Buffer.of(0)])),
    ],
    ['a date that is none', 'InvalidCertificate', () => pemOf(withDate(leaf, '261331235959Z'))],
    ['BER that is not DER', 'InvalidCertificate', () => pemOf(withLongKeyLength(leaf))],
    ['the CA first', 'LeafNotFirst', () => issuingCA.pem + leaf.pem],
    ['a CA that has nothing to do with it first', 'LeafNotFirst', () => strayCA.pem + leaf.pem],
    ['two leaves', 'SeveralLeaves', () => leaf.pem + otherLeaf.pem],
    ['two leaves with their CAs', 'SeveralLeaves', () => leaf.chainPem + otherLeaf.chainPem],
    ['two self-signed leaves', 'SeveralLeaves', () => selfSigned.pem + leaf.pem],
    ['seventeen certificates', 'TooManyCertificates', () => leaf.pem + strayCA.pem.repeat(16)],
  ])('%s: %s', (_, code, pem) => {
    expect(codeOf(() => parseChain(pem()))).toBe(code);
  });

  test('an error repeats nothing of what was read', () => {
    const secret = leaf.keyPem.split('\n')[1] ?? '';
    expect(secret.length).toBe(64);
    for (const text of [leaf.keyPem, leaf.keyPem.replaceAll('PRIVATE KEY', 'CERTIFICATE'), secret]) {
      expect(() => parseChain(text)).toThrow();
      try {
        parseChain(text);
      } catch (error) {
        expect(inspect(error, { depth: null, showHidden: true })).not.toContain(secret);
      }
    }
  });

  test('a self-signed server certificate may be a CA: `openssl req -x509` makes such', async () => {
    expect(path(parse(await makeCA({ name: 'mx1.example.nl' })))).toEqual(['CN=mx1.example.nl']);
  });

  test('a home-made CA that does not say so is no second leaf, and no CA either', async () => {
    const homeMade = await makePlain({ name: 'Home-made CA' });
    const signed = await makePlain({ name: 'mx1.example.nl', issuer: homeMade });
    expect(path(parse(signed, homeMade))).toEqual(['CN=mx1.example.nl']);
    expect(codeOf(() => parse(homeMade, signed))).toBe('LeafNotFirst');
  });
});

describe('the verified path', () => {
  test('does not depend on the order of the CAs, nor on those that signed nothing', () => {
    const expected = ['CN=mx1.example.nl', 'CN=Issuing CA', 'CN=Policy CA', 'CN=Root'];
    for (const cas of permutations([issuingCA, policyCA, root, strayCA])) {
      expect(path(parse(leaf, ...cas))).toEqual(expected);
    }
  });

  test('ends where a CA is missing', () => {
    expect(path(parse(leaf, root))).toEqual(['CN=mx1.example.nl']);
    expect(path(parse(leaf, issuingCA, root))).toEqual(['CN=mx1.example.nl', 'CN=Issuing CA']);
  });

  test('asks for the signature: an equal name is not enough', async () => {
    const impostor = await makeCA({ name: 'Issuing CA', issuer: policyCA });
    expect(path(parse(leaf, impostor, policyCA))).toEqual(['CN=mx1.example.nl']);
    expect(path(parse(leaf, impostor, issuingCA))).toEqual(['CN=mx1.example.nl', 'CN=Issuing CA']);
  });

  test('asks for the signature: names and key identifiers are not enough', () => {
    const forged = Buffer.from(leaf.certificate.der);
    forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
    expect(path(chainFromDer([forged, issuingCA.certificate.der]))).toEqual(['CN=mx1.example.nl']);
  });

  test('asks for the name: an equal key is not enough', async () => {
    const renamed = await makeCA({ name: 'Renamed CA', issuer: policyCA, sameKeyAs: issuingCA });
    expect(path(parse(leaf, renamed, policyCA))).toEqual(['CN=mx1.example.nl']);
    const ownKeyOtherName = await makeCA({ name: 'Renamed CA', issuer: issuingCA, sameKeyAs: issuingCA });
    expect(ownKeyOtherName.certificate.selfSigned).toBe(false);
  });

  test('goes through CAs only', async () => {
    const noCA = await makeLeaf({ names: ['customer.example.nl'], issuer: issuingCA });
    const forged = await makeLeaf({ names, issuer: noCA });
    expect(path(chainFromDer([forged, noCA, issuingCA].map((one) => one.certificate.der)))).toEqual([
      'CN=mx1.example.nl',
    ]);
  });

  describe('where a CA is there twice, with the same key,', () => {
    let other: Issued;
    beforeAll(async () => {
      other = await makeCA({ name: 'Other Root' });
    });
    const crossSigned = (notAfter: Date): Promise<Issued> =>
      makeCA({ name: 'Issuing CA', issuer: other, sameKeyAs: issuingCA, notAfter });
    // Those that the tests make last 90 days.
    const earlier = new Date(Date.now() + 80 * 86_400_000);
    const later = new Date(Date.now() + 100 * 86_400_000);

    test('takes the longer way', async () => {
      for (const end of [earlier, later]) {
        const cas = [issuingCA, await crossSigned(end), policyCA, root, other];
        for (const order of [cas, cas.toReversed()]) {
          expect(path(parse(leaf, ...order)).slice(2)).toEqual(['CN=Policy CA', 'CN=Root']);
        }
      }
    });

    test('takes the way that lasts longer, where both are as long', async () => {
      for (const [end, above] of [
        [earlier, 'CN=Policy CA'],
        [later, 'CN=Other Root'],
      ] as const) {
        const cas = [issuingCA, await crossSigned(end), policyCA, other];
        for (const order of [cas, cas.toReversed()]) {
          expect(path(parse(leaf, ...order))).toEqual(['CN=mx1.example.nl', 'CN=Issuing CA', above]);
        }
      }
    });

    test('never goes in circles, nor over one key twice', async () => {
      const rootByOther = await makeCA({ name: 'Root', issuer: other, sameKeyAs: root });
      const otherByRoot = await makeCA({ name: 'Other Root', issuer: root, sameKeyAs: other });
      const cas = [issuingCA, policyCA, root, rootByOther, otherByRoot, other];
      for (const order of [cas, cas.toReversed()]) {
        const chain = parse(leaf, ...order);
        expect(path(chain)).toEqual(['CN=mx1.example.nl', 'CN=Issuing CA', 'CN=Policy CA', 'CN=Root', 'CN=Other Root']);
        expect(new Set(chain.path.map(spkiSHA256)).size).toBe(5);
      }
    });
  });

  test('of a handshake with stray certificates is that of its first', () => {
    const chain = chainFromDer([leaf, otherLeaf, strayCA, issuingCA].map((one) => one.certificate.der));
    expect(path(chain)).toEqual(['CN=mx1.example.nl', 'CN=Issuing CA']);
    expect(codeOf(() => chainFromDer([]))).toBe('NoCertificate');
    expect(codeOf(() => chainFromDer([Buffer.from('garbage')]))).toBe('InvalidCertificate');
  });
});

test('what is remembered of a chain', async () => {
  const mixed = await makeLeaf({
    names: ['MX1.Example.NL', '*.example.nl', 'evil"\n.example.nl'],
    addresses: ['10.53.0.10'],
    issuer: issuingCA,
    algorithm: 'RSA',
    notBefore: new Date('2026-01-02T03:04:05.678Z'),
    notAfter: new Date('2049-12-31T23:59:59Z'),
  });
  expect(summarize(parse(mixed, policyCA, issuingCA, strayCA))).toEqual({
    spkiSHA256: sha256(mixed.certificate.spki),
    caSPKISHA256s: [sha256(issuingCA.certificate.spki), sha256(policyCA.certificate.spki)],
    keyAlgorithm: 'RSA',
    names: ['mx1.example.nl', '*.example.nl'],
    notBefore: '2026-01-02T03:04:05Z',
    notAfter: '2049-12-31T23:59:59Z',
  });
  expect(summarize(parse(selfSigned))).toMatchObject({ caSPKISHA256s: [], keyAlgorithm: 'ECDSA' });
});

// RFC 3279 wants NULL parameters for RSA; some software leaves them out, and Node puts them back when it encodes the key again.
test('the hash is that of the key as it stands in the certificate', async () => {
  const rsa = await makeLeaf({ names, algorithm: 'RSA' });
  const spki = Buffer.from(rsa.certificate.spki);
  const short = Buffer.from(
    spki
      .toString('hex')
      .replace(
        /^3082(....)300d(06092a864886f70d010101)0500/,
        (_, length: string, oid: string) =>
          `3082${(Number.parseInt(length, 16) - 2).toString(16).padStart(4, '0')}300b${oid}`,
      ),
    'hex',
  );
  expect(short.length).toBe(spki.length - 2);

  const odd = await makeLeaf({ names, issuer: issuingCA, spki: short });
  expect(spkiSHA256(odd.certificate)).toBe(sha256(short));
});

describe('does a DNS name of the certificate cover the host? (RFC 7672 §3.2.3)', () => {
  test.each([
    ['mx1.example.nl', 'mx1.example.nl', true],
    ['*.example.nl', 'mx1.example.nl', true],
    ['*.example.nl', 'a.mx1.example.nl', false],
    ['*.example.nl', 'example.nl', false],
    ['*.nl', 'example.nl', false],
    ['mx*.example.nl', 'mx1.example.nl', false],
    ['*', 'mx1.example.nl', false],
    ['mx1.*.nl', 'mx1.example.nl', false],
    ['example.nl', 'mx1.example.nl', false],
  ])('%s, %s: %s', (name, hostname, expected) => {
    expect(coversHostname([name], hostname)).toBe(expected);
    expect(coversHostname(['other.example.org', name], hostname)).toBe(expected);
  });

  test('none at all covers nothing', () => {
    expect(coversHostname([], 'mx1.example.nl')).toBe(false);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Its notAfter replaced. */
function withDate({ certificate }: Issued, time: string): Buffer {
  const der = Buffer.from(certificate.der);
  const notAfter = `${certificate.notAfter.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`;
  der.write(time, der.indexOf(notAfter), 'latin1');
  return der;
}

/** The length of its key in two octets where one would do. */
function withLongKeyLength({ certificate }: Issued): Buffer {
  const der = Buffer.from(certificate.der);
  const at = der.indexOf(certificate.spki);
  const longer = Buffer.concat([der.subarray(0, at), Buffer.of(0x30, 0x81), der.subarray(at + 1)]);
  for (const length of [2, 6]) longer.writeUInt16BE(longer.readUInt16BE(length) + 1, length);
  return longer;
}

function pemOf(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((others) => [item, ...others]));
}
