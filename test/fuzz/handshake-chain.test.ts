/** The certificates of a handshake, damaged: refused with a code, or read as they are. */
import { expect, test } from '@jest/globals';
import { chainFromDer } from '../../src/core/certificate.ts';
import { judge } from '../../src/core/match.ts';
import { makeCA, type Issued } from '../support/pki.ts';
import { build, checkChain, parts, readOrRefused, verifications } from './chains.ts';
import { fuzz, must } from './fuzz.ts';

fuzz('the certificates of a handshake', { short: 250, oneIn: 2 }, parts, (chosen) => {
  const ders = chosen.map(build);
  const chain = readOrRefused(() => chainFromDer(ders));
  if (chain === undefined) return;
  must(
    chain.certificates.every(({ der }, index) => ders[index]?.equals(der) === true),
    'not the certificates given',
  );
  checkChain(chain);
});

test('an RRset as large as a message costs no more signatures than one record', async () => {
  const cas: Issued[] = [await makeCA({ name: 'CA' })];
  while (cas.length < 16) cas.unshift(await makeCA({ name: 'CA', ...(cas[0] && { issuer: cas[0] }) }));
  const chain = chainFromDer(cas.map(({ certificate }) => certificate.der));
  const records = Array.from({ length: 1_300 }, (_, index) => ({
    usage: 2,
    selector: 1,
    matchingType: 1,
    data: index.toString(16).padStart(64, '0'),
  }));
  expect(judge(records, chain, 'mx1.example.nl', new Date()).accepts).toBe(false);
  expect(verifications.mock.calls.length).toBeLessThanOrEqual(16 * 16);
});
