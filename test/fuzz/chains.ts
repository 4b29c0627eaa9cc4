/** Certificates, damaged, and what must hold of a chain that is read from them all the same: never a wrong record. */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, jest } from '@jest/globals';
import fc from 'fast-check';
import type { Chain } from '../../src/core/certificate.ts';
import type { Certificate } from '../../src/core/x509.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import { OperatorError } from '../../src/core/errors.ts';
import { judge } from '../../src/core/match.ts';
import { target } from '../../src/core/target.ts';
import { formatTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import { changed, isStrict, spkiIn, treeChange, type TreeChange } from './der.ts';
import { must } from './fuzz.ts';
import { mutated, mutation, type Mutation } from './mutate.ts';

const vectors = new URL('../vectors/', import.meta.url);
const derOf = (path: string): Buffer => {
  const octets = readFileSync(new URL(path, vectors));
  return path.endsWith('.der') ? octets : new X509Certificate(octets).raw;
};
const pemsIn = (folder: string): string[] =>
  readdirSync(new URL(folder, vectors)).flatMap((name) => (name.endsWith('.pem') ? [folder + name] : []));

/** Leaves with what stands above them, then CAs that signed one another crosswise. */
export const CERTIFICATES = [
  ...pemsIn('real-chains/').sort(),
  'rfc/rfc9102-appendix-a.cert.pem',
  'rfc/rfc6698-appendix-c.cert.der',
  ...pemsIn('letsencrypt/').sort(),
].map(derOf);
const HOSTNAME = 'mail.ietf.org';
const NOW = new Date('2023-01-15T12:00:00Z');

export interface Part {
  readonly certificate: number;
  readonly tree: readonly TreeChange[];
  readonly octets: readonly Mutation[];
}

const derPieces = fc.oneof(
  fc.constantFrom(
    '30',
    '3080',
    '3081',
    '3082ffff',
    '30840000ffff',
    '0500',
    '0382',
    '0101ff',
    'a003020102',
    '0000',
    'ff',
  ),
  fc.constantFrom('06092a864886f70d010101', '06072a8648ce3d0201', '06032b6570', '0603551d11', '0603551d13', '170d'),
  fc.nat({ max: 0xffff }).map((value) => value.toString(16).padStart(4, '0')),
);
export const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<readonly T[]>([]) },
    { weight: 1, arbitrary: fc.array(arbitrary, { minLength: 1, maxLength: 3 }) },
  );
const part: fc.Arbitrary<Part> = fc.record({
  certificate: fc.oneof(fc.nat({ max: 7 }), fc.nat({ max: CERTIFICATES.length - 1 })),
  tree: seldom(treeChange),
  octets: seldom(mutation(derPieces)),
});
/** A real chain with parts damaged; or any parts together, seldom many. */
export const parts = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.tuple(...[2, 3, 4, 5].map((certificate) => part.map((one) => ({ ...one, certificate })))),
  },
  { weight: 40, arbitrary: fc.array(part, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(part, { minLength: 5, maxLength: 20 }) },
);

export function build({ certificate, tree, octets }: Part): Buffer {
  const original = CERTIFICATES[certificate] ?? Buffer.alloc(0);
  return mutated(tree.reduce(changed, original), octets);
}

export let verifications: jest.SpiedFunction<X509Certificate['verify']>;
beforeEach(() => {
  verifications = jest.spyOn(X509Certificate.prototype, 'verify');
});
afterEach(() => {
  verifications.mockRestore();
});

const CODES = ['NoCertificate', 'InvalidCertificate', 'TooManyCertificates', 'LeafNotFirst', 'SeveralLeaves'];

/** The chain, unless it is refused as it may be. However many certificates there are, each pair is tried once. */
export function readOrRefused(read: () => Chain): Chain | undefined {
  verifications.mockClear();
  try {
    return read();
  } catch (error) {
    must(error instanceof OperatorError && CODES.includes(error.code), `threw ${String(error)}`);
    return undefined;
  } finally {
    must(verifications.mock.calls.length <= 16 * 16, `${verifications.mock.calls.length} signatures verified`);
  }
}

const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex');

/** All that would be published for the chain, or said of it, is so. */
export function checkChain(chain: Chain): void {
  const [leaf] = chain.certificates;
  for (const { der, spki } of chain.certificates) {
    must(spkiIn(Buffer.from(der))?.equals(spki) === true, 'the key is not where RFC 5280 has it');
    must(isStrict(Buffer.from(spki)), 'the key is not in DER: others may hash other octets');
    const openssl = new X509Certificate(der);
    const key = orUndefined(() => openssl.publicKey);
    if (key !== undefined) {
      const ours = orUndefined(() => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
      must(ours?.equals(key) === true, 'OpenSSL finds another key in it');
    }
  }
  const path = chain.path.map(({ der }) => new X509Certificate(der));
  for (const [index, above] of path.entries()) {
    const below = path[index - 1];
    if (below === undefined) continue;
    must(above.ca && below.checkIssued(above) && below.verify(above.publicKey), 'the path has a CA that did not sign');
  }

  const summary = summarize(chain);
  const keyHash = ({ der }: Certificate): string => sha256(spkiIn(Buffer.from(der)) ?? Buffer.alloc(0));
  const allowed = [`3 1 1 ${keyHash(leaf)}`, ...chain.path.slice(1).map((ca) => `2 1 1 ${keyHash(ca)}`)];
  const records = target([{ chain: summary, state: 'Serving' }], HOSTNAME, ['3 1 1', '2 1 1']).map(
    ({ record }) => record,
  );
  for (const record of records) {
    must(/^[23] 1 1 [0-9a-f]{64}$/.test(formatTlsa(record)), 'a record of the wrong form');
    must(allowed.includes(formatTlsa(record)), 'a wrong record');
  }
  must(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(summary.notBefore), 'a date of the wrong form');
  must(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(summary.notAfter), 'a date of the wrong form');
  must(
    summary.names.every((name) => /^[*a-z0-9_.-]+$/.test(name)),
    'a name of the wrong form',
  );

  const other: TlsaRecord = { usage: 3, selector: 1, matchingType: 1, data: '00'.repeat(32) };
  const judged = judge([...records, other, ...carrying(chain)], chain, HOSTNAME, NOW);
  for (const { record, matches } of judged.records) {
    if (record.usage !== 3) continue;
    must(matches === (record !== other), 'a 3 1 1 is judged wrongly');
  }
}

export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Records that bring a certificate or a key along. */
function carrying(chain: Chain): TlsaRecord[] {
  const last = chain.certificates.at(-1);
  if (last === undefined) return [];
  const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
  return [
    { usage: 2, selector: 0, matchingType: 0, data: hex(last.der) },
    { usage: 2, selector: 0, matchingType: 0, data: hex(last.der.subarray(0, -1)) },
    { usage: 2, selector: 1, matchingType: 0, data: hex(last.spki) },
    { usage: 2, selector: 1, matchingType: 0, data: hex(last.der) },
  ];
}
