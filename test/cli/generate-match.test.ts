import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { opensslSPKI } from '../support/openssl.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { cli } from './cli.ts';

const HOSTNAME = 'mx1.example.nl';
const vectors = join(import.meta.dirname, '../vectors/real-chains');

let folder: string;
let root: Issued;
let intermediate: Issued;
let leaf: Issued;
/** Leaf and intermediate, as cert-manager has them. */
let chain: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  root = await makeCA({ name: 'root' });
  intermediate = await makeCA({ name: 'intermediate', issuer: root });
  leaf = await makeLeaf({ names: [HOSTNAME], issuer: intermediate });
  chain = join(folder, 'tls.crt');
  writeFileSync(chain, leaf.chainPem);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const generate = (...args: readonly string[]) => cli(['generate', '--hostname', HOSTNAME, ...args]);
const recordsIn = (zone: string) => [...zone.matchAll(/ IN TLSA (.*)/g)].map(([, record = '']) => record);

describe('generate', () => {
  test.each(['RSA', 'ECDSA', 'Ed25519'] as const)('an %s chain: what OpenSSL computes', async (algorithm) => {
    const ca = await makeCA({ name: 'CA', algorithm, issuer: root });
    const certificate = await makeLeaf({ names: [HOSTNAME], algorithm, issuer: ca });
    const { code, stdout, stderr } = await cli(['generate', '--hostname', HOSTNAME, '-'], {
      input: certificate.chainPem,
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      `_25._tcp.mx1.example.nl. 3600 IN TLSA 3 1 1 ${await opensslSPKI(certificate.pem)}\n` +
        `_25._tcp.mx1.example.nl. 3600 IN TLSA 2 1 1 ${await opensslSPKI(ca.pem)}\n`,
    );
  });

  test.each(['internet.nl', 'mail.ietf.org'])('what the owner of %s published', async (hostname) => {
    const files = [0, 1, 2, 3].map((n) => join(vectors, `${hostname}.${n}.pem`));
    const input = files
      .slice(0, hostname === 'internet.nl' ? 2 : 4)
      .map((file) => readFileSync(file, 'utf8'))
      .join('');
    const published = [
      ...readFileSync(join(vectors, 'dns.txt'), 'utf8').matchAll(
        new RegExp(`^_25\\._tcp\\.${hostname} ([23] 1 1 \\S+)`, 'gm'),
      ),
    ].map(([, record = '']) => record.toLowerCase());
    expect(published).not.toEqual([]);
    const { code, stdout } = await cli(['generate', '--hostname', hostname, '-'], { input });
    expect(code).toBe(0);
    expect(recordsIn(stdout)).toEqual(expect.arrayContaining(published));
  });

  test('several ports, another TTL, one kind of record', async () => {
    const { stdout } = await generate('--port', '25', '--port', '465', '--ttl', '1800', '--records', '3 1 1', chain);
    const hash = await opensslSPKI(leaf.pem);
    expect(stdout).toBe(
      `_25._tcp.mx1.example.nl. 1800 IN TLSA 3 1 1 ${hash}\n_465._tcp.mx1.example.nl. 1800 IN TLSA 3 1 1 ${hash}\n`,
    );
  });

  test('as JSON', async () => {
    const { stdout } = await generate('-o', 'json', '--records', '3 1 1', chain);
    expect(JSON.parse(stdout)).toEqual({
      records: [{ owner: '_25._tcp.mx1.example.nl', ttlSeconds: 3600, record: `3 1 1 ${await opensslSPKI(leaf.pem)}` }],
    });
  });

  test('as input of nsupdate', async () => {
    const { stdout } = await generate('--output=nsupdate', '--records', ' 2  1 1 ', chain);
    expect(stdout).toBe(
      `update add _25._tcp.mx1.example.nl. 3600 IN TLSA 2 1 1 ${await opensslSPKI(intermediate.pem)}\nsend\n`,
    );
  });

  test('an upper-case host name with a final dot is the same host', async () => {
    const { stdout } = await cli(['generate', '--hostname', 'MX1.Example.NL.', chain]);
    expect(stdout).toBe((await generate(chain)).stdout);
  });
});

describe('a 2 1 1 that cannot match is left out, and the reason told', () => {
  const cases: [string, () => Promise<string>, string][] = [
    ['the leaf alone', () => Promise.resolve(leaf.pem), 'there is no CA certificate in the chain'],
    ['self-signed', async () => (await makeLeaf({ names: [HOSTNAME] })).pem, 'the certificate is self-signed'],
    [
      'a stray CA',
      async () => leaf.pem + (await makeCA({ name: 'stray' })).pem,
      'no other certificate in the chain has signed the first one',
    ],
    [
      'another host',
      async () => (await makeLeaf({ names: ['mx2.example.nl', 'mx3.example.nl'], issuer: intermediate })).chainPem,
      'not for mx1.example.nl, and with usage 2 senders look at the name; its DNS names are mx2.example.nl, mx3.example.nl',
    ],
    ['no name', async () => (await makeLeaf({ names: [], issuer: intermediate })).chainPem, 'it has no DNS name'],
  ];

  test.each(cases)('%s', async (_, pem, reason) => {
    const input = await pem();
    const { code, stdout, stderr } = await fromPem(input);
    expect(code).toBe(0);
    expect(recordsIn(stdout)).toEqual([`3 1 1 ${await opensslSPKI(input)}`]);
    expect(stderr).toContain(`2 1 1 is left out: `);
    expect(stderr).toContain(reason);
    const alone = await fromPem(input, '--records', '2 1 1');
    expect([alone.code, alone.stdout, alone.stderr]).toEqual([1, '', stderr]);
  });

  const fromPem = (input: string, ...args: readonly string[]) =>
    cli(['generate', '--hostname', HOSTNAME, ...args, '-'], { input });
});

describe('match', () => {
  const match = (records: readonly string[], ...args: readonly string[]) =>
    cli(['match', '--hostname', HOSTNAME, ...records.map((record) => `--record=${record}`), ...args, chain]);
  const own = async () => recordsIn((await generate(chain)).stdout);
  const other = (combination: string) => `${combination} ${'00'.repeat(32)}`;

  test('accepts what generate printed', async () => {
    const [ee = '', ta = ''] = await own();
    const { code, stdout, stderr } = await match([ee, ta]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      ee,
      expect.stringMatching(/^ {2}matches at depth 0: ./),
      ta,
      expect.stringMatching(/^ {2}matches at depth 1: ./),
      'accepted: every sender that validates DANE delivers',
      '',
    ]);
  });

  test('accepts each of them alone', async () => {
    for (const record of await own()) expect(await match([record])).toMatchObject({ code: 0 });
  });

  test('a kind of record without a match: accepted, but not strictly', async () => {
    const [ee = ''] = await own();
    const { code, stdout } = await match([ee, other('2 1 1')]);
    expect(code).toBe(0);
    expect(stdout).toContain('\naccepted, but not strictly: ');
  });

  test('records of another key: not accepted', async () => {
    const { code, stdout } = await match([other('3 1 1'), '1 1 1 00']);
    expect(code).toBe(1);
    expect(stdout).toContain('\n  does not match: ');
    expect(stdout).toContain('\n  cannot be used: ');
    expect(stdout).toContain('\nnot accepted: a sender that validates DANE does not deliver\n');
  });

  test('usage 2 looks at the dates, for the moment that is asked about', async () => {
    const [, ta = ''] = await own();
    const at = new Date(leaf.certificate.notAfter.getTime() + 1000).toISOString();
    expect(await match([ta], '--at', at)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('\n  does not match: '),
    });
    expect(await match([ta], '--at', leaf.certificate.notAfter.toISOString().replace('Z', '+00:00'))).toMatchObject({
      code: 0,
    });
  });

  test('as JSON', async () => {
    const [ee = ''] = await own();
    const { code, stdout } = await match([ee, other('2 1 1')], '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      accepts: true,
      strictlyAccepts: false,
      records: [
        { record: ee, usable: true, matches: true, depth: 0, reason: expect.any(String) },
        { record: other('2 1 1'), usable: true, matches: false, reason: expect.any(String) },
      ],
    });
  });

  test.each([
    ['on a terminal', { isTTY: true }, true],
    ['on a terminal with NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['on a terminal with an empty NO_COLOR', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ['into a file', {}, false],
  ])('colour %s: %p', async (_, given, coloured) => {
    const args = ['match', '--hostname', HOSTNAME, '--record', other('3 1 1'), chain];
    const { stdout } = await cli(args, given);
    expect(stdout.includes('\u001b[31mnot accepted\u001b[39m')).toBe(coloured);
    expect(stdout.includes('\u001b')).toBe(coloured);
  });
});
