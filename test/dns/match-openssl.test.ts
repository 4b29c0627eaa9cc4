/** `judge` beside OpenSSL's own DANE code, which most senders use: over real TLS, the same chain, the same RRset. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { digest, parseChain, type MatchingType, type Selector } from '../../src/core/certificate.ts';
import { judge } from '../../src/core/match.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { opensslDane } from '../support/dane-judges.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { eventually, startProgram, type RunningProgram } from '../support/process.ts';

const hostname = 'mx1.example.nl';
const names = [hostname];
const aSecondAgo = new Date(Date.now() - 1000);

interface Server {
  readonly program: RunningProgram;
  readonly port: number;
  readonly pem: string;
}

const CHAINS = [
  'leaf, CA',
  'leaf, CA, root',
  'leaf, stray CA, CA',
  'leaf',
  'self-signed leaf',
  'misnamed leaf, CA',
  'wildcard leaf, CA',
  'expired leaf, CA',
];

const folder = mkdtempSync(join(tmpdir(), 'match-openssl-'));
const servers = new Map<string, Server>();
let certificates: ReadonlyMap<string, Issued>;

beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const issuer = await makeCA({ name: 'CA', issuer: root });
  const expiredCA = await makeCA({ name: 'Expired CA', issuer: root, notAfter: aSecondAgo });
  certificates = new Map([
    ['root', root],
    ['CA', issuer],
    ['stray CA', await makeCA({ name: 'Stray CA' })],
    ['expired CA', expiredCA],
    ['leaf', await makeLeaf({ names, issuer })],
    ['next leaf', await makeLeaf({ names, issuer })],
    ['self-signed leaf', await makeLeaf({ names })],
    ['misnamed leaf', await makeLeaf({ names: ['mx2.example.nl'], issuer })],
    ['wildcard leaf', await makeLeaf({ names: ['*.example.nl'], issuer })],
    ['expired leaf', await makeLeaf({ names, issuer, notAfter: aSecondAgo })],
    ['orphaned leaf', await makeLeaf({ names, issuer: expiredCA })],
  ]);
  for (const chain of [...CHAINS, 'orphaned leaf, expired CA']) servers.set(chain, await serve(chain));
});

afterAll(async () => {
  await Promise.all([...servers.values()].map(({ program }) => program.stop()));
  rmSync(folder, { recursive: true });
});

describe.each(CHAINS)('a server that sends %s', (chain) => {
  const [leaf = ''] = chain.split(', ');
  const sets = [
    ...['2 0 0', '2 0 1', '2 1 0', '2 1 1'].flatMap((combination) =>
      ['CA', 'root', 'stray CA'].map((subject) => [`${combination} ${subject}`]),
    ),
    [`3 1 1 ${leaf}`],
    ['3 1 1 next leaf'],
    [`2 1 1 ${leaf}`],
    ['3 1 1 next leaf', '2 1 2 CA'],
  ];

  test('is judged alike', async () => {
    await expectAgreement(chain, sets);
  });
});

test('RRsets with hidden and with unusable records are judged alike', async () => {
  const wrong = '00'.repeat(64);
  await expectAgreement('leaf, CA', [
    ['3 0 0 leaf'],
    ['3 1 0 leaf'],
    ['3 0 2 leaf'],
    ['3 1 1 leaf', `3 1 2 =${wrong}`],
    ['3 1 1 leaf', `3 0 2 =${wrong}`],
    ['3 1 0 leaf', `3 1 2 =${wrong}`],
    ['3 1 1 next leaf', '3 1 2 leaf'],
    ['2 1 1 CA', `2 1 2 =${wrong}`],
    ['3 1 1 leaf', `3 1 2 =${wrong}00`],
    ['3 1 1 leaf', '3 1 9 =00'],
    [`3 1 1 =${wrong}`],
  ]);
});

// Stricter on purpose (docs/rollover.md): other senders may look.
test.each([
  ['the dates of a trust anchor that is not self-signed', 'orphaned leaf, expired CA', '2 1 1 expired CA'],
  ['a server key that is published as if it were a CA', 'self-signed leaf', '2 1 0 self-signed leaf'],
])('OpenSSL does not mind, we do: %s', async (_, chain, record) => {
  expect(await opensslAccepts(chain, [record])).toBe(true);
  expect(weAccept(chain, [record])).toBe(false);
});

async function expectAgreement(chain: string, sets: readonly (readonly string[])[]): Promise<void> {
  const ours: Record<string, boolean> = {};
  const theirs: Record<string, boolean> = {};
  for (const set of sets) {
    ours[set.join(' + ')] = weAccept(chain, set);
    theirs[set.join(' + ')] = await opensslAccepts(chain, set);
  }
  expect(ours).toEqual(theirs);
}

async function opensslAccepts(chain: string, set: readonly string[]): Promise<boolean> {
  const { port } = serverOf(chain);
  const verdict = await opensslDane({ address: '127.0.0.1', port, hostname, records: set.map(presentation) });
  return verdict.verified;
}

function weAccept(chain: string, set: readonly string[]): boolean {
  const records = set.map((record) => parseTlsa(presentation(record)));
  return judge(records, parseChain(serverOf(chain).pem), hostname, new Date()).accepts;
}

/** `2 1 1 CA`: that combination for the certificate of that name; `2 1 1 =ab`: with this data. */
function presentation(record: string): string {
  const [, combination = '', subject = ''] = /^(. . .) (.*)$/.exec(record) ?? [];
  const [, selector, matchingType] = combination.split(' ').map(Number);
  const data = subject.startsWith('=')
    ? subject.slice(1)
    : digest(issuedTo(subject).certificate, selector as Selector, matchingType as MatchingType);
  return `${combination} ${data}`;
}

async function serve(chain: string): Promise<Server> {
  const [leaf = '', ...cas] = chain.split(', ');
  const { pem, keyPem } = issuedTo(leaf);
  const caPem = cas.map((ca) => issuedTo(ca).pem).join('');
  const file = (name: string, content: string): string => {
    const path = join(folder, `${chain}.${name}`);
    writeFileSync(path, content);
    return path;
  };
  const program = startProgram({
    name: 's_server',
    command: 'openssl',
    args: [
      // With -www it does not end with its standard input.
      ...['s_server', '-www', '-accept', '127.0.0.1:0', '-cert', file('crt', pem), '-key', file('key', keyPem)],
      ...(cas.length > 0 ? ['-cert_chain', file('cas', caPem)] : []),
    ],
    logFile: join(folder, `${chain}.log`),
  });
  const port = await eventually('s_server listens', () => /^ACCEPT .*:(\d+)$/m.exec(program.log())?.[1]);
  return { program, port: Number(port), pem: pem + caPem };
}

function issuedTo(subject: string): Issued {
  const issued = certificates.get(subject);
  if (issued === undefined) throw new Error(`no such certificate: ${subject}`);
  return issued;
}

function serverOf(chain: string): Server {
  const server = servers.get(chain);
  if (server === undefined) throw new Error(`no such server: ${chain}`);
  return server;
}
