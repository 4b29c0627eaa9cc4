/** The probe against real Postfix, and OpenSSL's DANE code as the judge of what it saw. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chainFromDer, parseChain } from '../../src/core/certificate.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import { daneEE, daneTA, formatTlsa } from '../../src/core/tlsa.ts';
import { probe, type ProbeResult } from '../../src/smtp/probe.ts';
import { opensslDane } from '../support/dane-judges.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { startPostfix, type PostfixServer, type ServedCertificate } from '../support/postfix.ts';
import { eventually } from '../support/process.ts';

const hostname = 'mx1.example.nl';
const dir = mkdtempSync(join(tmpdir(), 'smtp-postfix-'));
const look = (address: string, keyAlgorithm: 'RSA' | 'ECDSA'): Promise<ProbeResult> =>
  probe({ hostname, address, port: 25, keyAlgorithm }, { timeoutMs: 20_000 });

/** Certificates of every kind: RSA and ECDSA below an RSA root and intermediate, and a renewal. */
let rsa: Issued, ecdsa: Issued, renewed: Issued;
let servers: Record<'rsaOnly' | 'ecdsaOnly' | 'both' | 'none', PostfixServer>;
const running: PostfixServer[] = [];

beforeAll(async () => {
  const root = await makeCA({ name: 'Root', algorithm: 'RSA' });
  const issuer = await makeCA({ name: 'Intermediate', algorithm: 'RSA', issuer: root });
  const leaf = (algorithm: 'RSA' | 'ECDSA'): Promise<Issued> => makeLeaf({ names: [hostname], issuer, algorithm });
  [rsa, ecdsa, renewed] = await Promise.all([leaf('RSA'), leaf('ECDSA'), leaf('ECDSA')]);
  const start = async (name: string, address: string, certificates: readonly Issued[]): Promise<PostfixServer> => {
    const options = { dir: join(dir, name), address, hostname, certificates: certificates.map(served) };
    const server = await startPostfix(options);
    running.push(server);
    return server;
  };
  const [rsaOnly, ecdsaOnly, both, none] = await Promise.all([
    start('rsa', '10.53.1.10', [rsa]),
    start('ecdsa', '10.53.1.11', [ecdsa]),
    start('both', '10.53.1.12', [rsa, ecdsa]),
    start('none', '10.53.1.13', []),
  ]);
  servers = { rsaOnly, ecdsaOnly, both, none };
});

afterAll(async () => {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(dir, { recursive: true });
});

describe('each key algorithm', () => {
  test.each([
    ['rsaOnly', 'RSA', (): Issued => rsa],
    ['rsaOnly', 'ECDSA', undefined],
    ['ecdsaOnly', 'ECDSA', (): Issued => ecdsa],
    ['ecdsaOnly', 'RSA', undefined],
    ['both', 'RSA', (): Issued => rsa],
    ['both', 'ECDSA', (): Issued => ecdsa],
  ] as const)('of %s: %s', async (server, keyAlgorithm, presented) => {
    const result = await look(servers[server].address, keyAlgorithm);
    expect(result).toEqual(
      presented === undefined
        ? { kind: 'Failed', error: 'KeyAlgorithmNotPresented' }
        : { kind: 'Presented', chain: derOf(presented()) },
    );
  });
});

test('a Postfix without certificates offers no STARTTLS', async () => {
  expect(await look(servers.none.address, 'RSA')).toEqual({ kind: 'Failed', error: 'STARTTLSNotOffered' });
});

test('a renewed certificate is seen once Postfix has read it', async () => {
  const { ecdsaOnly } = servers;
  await ecdsaOnly.reload([served(renewed)]);
  expect(await look(ecdsaOnly.address, 'ECDSA')).toEqual({ kind: 'Presented', chain: derOf(renewed) });
  await ecdsaOnly.reload([served(ecdsa)]);
  expect(await look(ecdsaOnly.address, 'ECDSA')).toEqual({ kind: 'Presented', chain: derOf(ecdsa) });
});

test('Postfix sees a client that says QUIT, not one that is lost', async () => {
  await look(servers.rsaOnly.address, 'RSA');
  await eventually('Postfix logs the end of the session', () =>
    servers.rsaOnly.log().includes('ehlo=1 starttls=1 quit=1 commands=3'),
  );
  await look(servers.none.address, 'RSA');
  await eventually('and so when STARTTLS is not offered', () =>
    servers.none.log().includes('ehlo=1 quit=1 commands=2'),
  );
});

describe('OpenSSL accepts the records of the chain that the probe saw, and no others', () => {
  test.each([
    ['rsaOnly', 'RSA'],
    ['ecdsaOnly', 'ECDSA'],
  ] as const)('%s', async (server, keyAlgorithm) => {
    const { address } = servers[server];
    const result = await look(address, keyAlgorithm);
    if (result.kind === 'Failed') throw new Error(result.error);
    const { spkiSHA256, caSPKISHA256s } = summarize(chainFromDer(result.chain));
    const judge = (...records: string[]) => opensslDane({ address, port: 25, hostname, records, starttls: 'smtp' });
    const [ca = ''] = caSPKISHA256s;
    expect(caSPKISHA256s).toHaveLength(1);
    expect(await judge(formatTlsa(daneEE(spkiSHA256)))).toMatchObject({ verified: true });
    expect(await judge(formatTlsa(daneTA(ca)))).toMatchObject({ verified: true });
    expect(await judge(formatTlsa(daneEE(ca)), formatTlsa(daneTA(spkiSHA256)))).toMatchObject({ verified: false });
  });
});

let written = 0;

function served({ chainPem, keyPem }: Issued): ServedCertificate {
  const [chainFile, keyFile] = [join(dir, `${++written}.crt`), join(dir, `${written}.key`)];
  writeFileSync(chainFile, chainPem);
  writeFileSync(keyFile, keyPem);
  return { chainFile, keyFile };
}

function derOf({ chainPem }: Issued): Buffer[] {
  return parseChain(chainPem).certificates.map(({ der }) => Buffer.from(der));
}
