/** The judges that later tests rely on must be able to say no: each sees a good, a wrong and (where DNS counts) an insecure world. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseChain } from '../../src/core/certificate.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import { daneEE, daneTA, formatTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import { posttlsFinger } from '../support/dane-judges.ts';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { makeCA, makeLeaf } from '../support/pki.ts';
import { startPostfix, type PostfixServer } from '../support/postfix.ts';
import { startUnbound, type UnboundServer } from '../support/unbound.ts';

const dir = mkdtempSync(join(tmpdir(), 'dane-judges-'));
const [resolver, mailServer] = ['10.53.3.10', '10.53.3.11'];
const hosts = ['ee.example.nl', 'ta.example.nl', 'wrong.example.nl', 'none.example.nl', 'insecure.example.com'];
let chain: DnssecChain | undefined, unbound: UnboundServer | undefined, postfix: PostfixServer | undefined;

beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const issuer = await makeCA({ name: 'Intermediate', issuer: root });
  const leaf = await makeLeaf({ names: hosts, issuer });
  const { spkiSHA256, caSPKISHA256s } = summarize(parseChain(leaf.chainPem));
  const [ca = ''] = caSPKISHA256s;
  const host = (name: string, tlsa?: TlsaRecord) => [
    { name, type: 'A', data: mailServer },
    ...(tlsa === undefined ? [] : [{ name: `_25._tcp.${name}`, type: 'TLSA', data: formatTlsa(tlsa) }]),
  ];
  chain = await startDnssecChain({
    dir: join(dir, 'dns'),
    addresses: { primary: '10.53.3.12', secondary: '10.53.3.13', parent: '10.53.3.14' },
    zone: 'example.nl',
    records: [
      ...host('ee.example.nl', daneEE(spkiSHA256)),
      ...host('ta.example.nl', daneTA(ca)),
      ...host('wrong.example.nl', daneEE(ca)),
      ...host('none.example.nl'),
    ],
    moreZones: [
      { name: 'example.com', delegation: 'Unsigned', records: host('insecure.example.com', daneEE(spkiSHA256)) },
    ],
  });
  unbound = await startUnbound({ dir: join(dir, 'unbound'), address: resolver, port: 53, chain });
  const [chainFile, keyFile] = [join(dir, 'tls.crt'), join(dir, 'tls.key')];
  writeFileSync(chainFile, leaf.chainPem);
  writeFileSync(keyFile, leaf.keyPem);
  postfix = await startPostfix({
    dir: join(dir, 'postfix'),
    address: mailServer,
    hostname: 'mx1.example.nl',
    certificates: [{ chainFile, keyFile }],
  });
});

afterAll(async () => {
  await Promise.all([chain?.stop(), unbound?.stop(), postfix?.stop()]);
  rmSync(dir, { recursive: true });
});

test.each([
  ['ee.example.nl', true, 'Matched DANE EE certificate'],
  ['ta.example.nl', true, 'Matched DANE TA certificate'],
  ['wrong.example.nl', false, 'no matching DANE TLSA records'],
  ['none.example.nl', false, 'Untrusted TLS connection established'],
  ['insecure.example.com', false, 'Untrusted TLS connection established'],
])('Postfix as a sender: %s verified is %j', async (hostname, verified, said) => {
  const verdict = await posttlsFinger({ hostname, nameserver: resolver });
  expect(verdict).toEqual({ verified, output: expect.stringContaining(said) });
});
