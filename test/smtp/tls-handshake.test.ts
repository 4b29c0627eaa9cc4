/** What is asked for in the handshake, and that the chain is the sent one. The servers are doubles: Postfix sends only tidy chains. */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { probe, type ProbeResult } from '../../src/smtp/probe.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { eventually, startProgram } from '../support/process.ts';
import { startDouble, type Double } from './mail-server-double.ts';

const hostname = 'mx1.example.nl';
const address = '10.53.2.11';
const look = (keyAlgorithm: 'RSA' | 'ECDSA' = 'ECDSA'): Promise<ProbeResult> =>
  probe({ hostname, address, port: 25, keyAlgorithm }, { timeoutMs: 20_000 });
const VERSIONS: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];

let root: Issued, issuer: Issued, stray: Issued, ecdsa: Issued, rsa: Issued;
let double: Double | undefined;

beforeAll(async () => {
  root = await makeCA({ name: 'Root' });
  issuer = await makeCA({ name: 'Intermediate', issuer: root });
  stray = await makeCA({ name: 'Stray' });
  ecdsa = await makeLeaf({ names: [hostname], issuer });
  rsa = await makeLeaf({ names: [hostname], issuer, algorithm: 'RSA' });
});

afterEach(async () => {
  await double?.close();
  double = undefined;
});

describe.each(VERSIONS)('%s', (version) => {
  const versions = { minVersion: version, maxVersion: version };

  test('the chain is what the server sent: its order, repetitions and strays, and nothing else', async () => {
    const others = fc.array(fc.constantFrom('root', 'issuer', 'stray', 'leaf'), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(others, async (names) => {
        const sent = [ecdsa, ...names.map((name) => ({ root, issuer, stray, leaf: ecdsa })[name])];
        const tls = { cert: sent.map(({ pem }) => pem).join(''), key: ecdsa.keyPem, ...versions };
        double = await startDouble(address, { tls });
        const chain = sent.map(({ certificate }) => Buffer.from(certificate.der));
        expect(await look()).toEqual({ kind: 'Presented', chain });
        await double.close();
      }),
      { numRuns: 25 },
    );
  });

  test('of two certificates each is presented for its own algorithm', async () => {
    const cert = [ecdsa, rsa].map(({ chainPem }) => chainPem);
    const key = [ecdsa, rsa].map(({ keyPem }) => keyPem);
    double = await startDouble(address, { tls: { cert, key, ...versions } });
    const chainOf = ({ certificate }: Issued): ProbeResult => ({
      kind: 'Presented',
      chain: [certificate, issuer.certificate].map(({ der }) => Buffer.from(der)),
    });
    expect([await look('RSA'), await look('ECDSA')]).toEqual([chainOf(rsa), chainOf(ecdsa)]);
  });

  test('an algorithm that the server has no certificate for', async () => {
    double = await startDouble(address, { tls: { cert: ecdsa.chainPem, key: ecdsa.keyPem, ...versions } });
    expect(await look('RSA')).toEqual({ kind: 'Failed', error: 'KeyAlgorithmNotPresented' });
  });

  test('each look is a full handshake for the hostname, and ends with QUIT', async () => {
    double = await startDouble(address, { tls: { cert: ecdsa.chainPem, key: ecdsa.keyPem, ...versions } });
    await look();
    await look();
    const once = { servername: hostname, resumed: false };
    expect(double.handshakes).toEqual([once, once]);
    expect(double.heard.filter((line) => line === 'QUIT')).toHaveLength(2);
  });
});

test('a server that wants to sign by the offered algorithms throughout presents ECDSA below an RSA CA', async () => {
  const rsaIssuer = await makeCA({ name: 'RSA intermediate', issuer: root, algorithm: 'RSA' });
  const leaf = await makeLeaf({ names: [hostname], issuer: rsaIssuer });
  const dir = mkdtempSync(join(tmpdir(), 'strict-server-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const certificates = ['-cert', file('leaf', leaf.pem), '-key', file('key', leaf.keyPem)];
  const strictServer = startProgram({
    name: 'openssl s_server',
    command: 'openssl',
    args: ['s_server', '-accept', '10.53.2.12:4433', '-strict', '-tls1_2', '-quiet', ...certificates].concat(
      '-cert_chain',
      file('issuer', rsaIssuer.pem),
    ),
    logFile: join(dir, 'log'),
  });
  try {
    double = await startDouble(address, {
      afterStartTls: (socket, clientHello) => {
        const upstream = connect(4433, '10.53.2.12').on('error', () => socket.destroy());
        upstream.write(clientHello);
        socket.pipe(upstream).pipe(socket);
      },
    });
    const presented = await eventually(
      'the strict server answers',
      async () => {
        const result = await look();
        return result.kind === 'Presented' && result.chain;
      },
      10_000,
    );
    expect(presented).toEqual([leaf, rsaIssuer].map(({ certificate }) => Buffer.from(certificate.der)));
  } finally {
    await strictServer.stop();
    rmSync(dir, { recursive: true });
  }
});
