/** The probe on every port that may have TLSA records, against real Postfix and Dovecot; OpenSSL says what they present. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PORTS, type MailPort } from '../../src/api/mail-server.ts';
import { probe, type ProbeResult } from '../../src/smtp/probe.ts';
import { opensslChain } from '../support/dane-judges.ts';
import { startDovecot, type DovecotServer } from '../support/dovecot.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { startPostfix, type PostfixServer, type ServedCertificate } from '../support/postfix.ts';
import { eventually } from '../support/process.ts';

const hostname = 'mx1.example.nl';
const [both, rsaOnly] = ['10.53.1.14', '10.53.1.15'];
const dir = mkdtempSync(join(tmpdir(), 'every-port-'));
const look = (address: string, port: MailPort, keyAlgorithm: 'RSA' | 'ECDSA'): Promise<ProbeResult> =>
  probe({ hostname, address, port, keyAlgorithm }, { timeoutMs: 20_000 });

const STARTTLS = {
  25: 'smtp',
  587: 'smtp',
  143: 'imap',
  110: 'pop3',
  465: undefined,
  993: undefined,
  995: undefined,
} as const;
const ALGORITHMS = ['RSA', 'ECDSA'] as const;

let leaves: Record<'RSA' | 'ECDSA', Issued>, root: Issued;
let postfix: PostfixServer, dovecot: DovecotServer;
const running: { readonly stop: () => Promise<unknown> }[] = [];

beforeAll(async () => {
  root = await makeCA({ name: 'Root' });
  const issuer = await makeCA({ name: 'Intermediate', issuer: root });
  const leaf = (algorithm: 'RSA' | 'ECDSA'): Promise<Issued> => makeLeaf({ names: [hostname], issuer, algorithm });
  const [RSA, ECDSA] = (await Promise.all(ALGORITHMS.map(leaf))) as [Issued, Issued];
  leaves = { RSA, ECDSA };
  const [rsa, ecdsa] = [served(RSA), served(ECDSA)];
  const start = async <T extends { readonly stop: () => Promise<unknown> }>(server: Promise<T>): Promise<T> => {
    running.push(await server);
    return server;
  };
  [postfix, dovecot] = await Promise.all([
    start(startPostfix({ dir: join(dir, 'postfix'), address: both, hostname, certificates: [rsa, ecdsa] })),
    start(startDovecot({ dir: join(dir, 'dovecot'), address: both, certificates: [rsa, ecdsa] })),
    start(startPostfix({ dir: join(dir, 'postfix-rsa'), address: rsaOnly, hostname, certificates: [rsa] })),
    start(startDovecot({ dir: join(dir, 'dovecot-rsa'), address: rsaOnly, certificates: [rsa] })),
  ]);
});

afterAll(async () => {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(dir, { recursive: true });
});

describe.each(PORTS)('port %i', (port) => {
  test.each(ALGORITHMS)('%s: the chain that OpenSSL is shown', async (keyAlgorithm) => {
    const shown = await opensslChain({ address: both, port, hostname, keyAlgorithm, starttls: STARTTLS[port] });
    expect(shown[0]).toEqual(Buffer.from(leaves[keyAlgorithm].certificate.der));
    expect(shown).toHaveLength(2);
    expect(await look(both, port, keyAlgorithm)).toEqual({ kind: 'Presented', chain: shown });
  });

  test('a kind of key that the server has no certificate for', async () => {
    expect(await look(rsaOnly, port, 'ECDSA')).toEqual({ kind: 'Failed', error: 'KeyAlgorithmNotPresented' });
  });
});

test('the servers see clients that take their leave, and none that is lost', async () => {
  for (const port of PORTS) await look(both, port, 'ECDSA');
  const lines = (log: string, part: string): number => log.split('\n').filter((line) => line.includes(part)).length;
  await eventually('Postfix logs each session to its end', () => {
    const log = postfix.log();
    // 25 and 587; 465.
    return lines(log, ' ehlo=1 starttls=1 quit=1 commands=3') >= 2 && lines(log, ' quit=1 commands=1') >= 1;
  });
  await eventually('Dovecot logs each session to its end', () =>
    ['imap', 'pop3'].every(
      (protocol) => lines(dovecot.log(), `${protocol}-login: Info: Disconnected: Aborted login by logging out`) >= 2,
    ),
  );
  expect(postfix.log()).not.toContain('lost connection after QUIT');
});

test('the port of a Service may lead to another one', async () => {
  const target = { hostname, address: both, port: 465, listenPort: 993, keyAlgorithm: 'RSA' } as const;
  expect(await probe(target, { timeoutMs: 20_000 })).toMatchObject({ kind: 'Presented' });
});

let written = 0;

function served({ chainPem, keyPem }: Issued): ServedCertificate {
  const [chainFile, keyFile] = [join(dir, `${++written}.crt`), join(dir, `${written}.key`)];
  writeFileSync(chainFile, chainPem);
  writeFileSync(keyFile, keyPem);
  return { chainFile, keyFile };
}
