import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLeaf, type Issued } from '../support/pki.ts';
import { run } from '../support/process.ts';
import { cli } from './cli.ts';

const COMMANDS = ['plan', 'generate', 'match', 'crd'];
const HOST = ['--hostname', 'mx1.example.nl'];
const RECORD = ['--record', `3 1 1 ${'00'.repeat(32)}`];

let folder: string;
let leaf: Issued;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  leaf = await makeLeaf({ names: ['mx1.example.nl'] });
  writeFileSync(join(folder, 'tls.crt'), leaf.chainPem);
  writeFileSync(join(folder, 'tls.key'), leaf.keyPem);
  writeFileSync(join(folder, 'empty'), '');
  symlinkSync('loop', join(folder, 'loop'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('help', () => {
  test.each([['--help'], ['-h']])('%s names every command, the exit codes and an example', async (option) => {
    const { code, stdout, stderr } = await cli([option]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(stdout).toContain('Exit codes: 0 yes or done; 1 no; 2 wrong usage or bad input; 3 could not be found out.');
    expect(stdout).toContain('Example:\n  tlsa-operator generate');
  });

  test.each(COMMANDS)('%s --help shows how it is called, whatever else is wrong, and an example', async (command) => {
    const { code, stdout, stderr } = await cli([command, '--nonsense', '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: tlsa-operator ${command}`));
    expect(stdout).toMatch(/\nExample:\n.*tlsa-operator /);
  });

  test('the options of generate stand in two columns, with their defaults', async () => {
    const { stdout } = await cli(['generate', '--help']);
    expect(stdout).toMatch(/^ {2}--port PORT {22}a port with TLS \(repeatable; default: 25\)$/m);
    expect(stdout).toMatch(/^ {2}-o, --output zone\|json\|nsupdate {2}form of the output \(default: zone\)$/m);
  });
});

describe('wrong usage and bad input: exit code 2, words on stderr, nothing on stdout', () => {
  const file = (name: string) => join(folder, name);
  test.each<[string, () => string[], string]>([
    ['no command', () => [], 'Usage: tlsa-operator COMMAND'],
    ['an unknown command', () => ['genarate'], 'there is no command "genarate"'],
    ['a property of every object', () => ['toString'], 'there is no command "toString"'],
    [
      'an unknown option',
      () => ['generate', '--host', 'x'],
      "generate: Unknown option '--host'\nSee tlsa-operator generate --help",
    ],
    ['an option without its value', () => ['generate', '--hostname'], "Option '--hostname <value>' argument missing"],
    ['no host', () => ['generate', file('tls.crt')], '--hostname is missing'],
    ['no file', () => ['generate', ...HOST], 'name the file with the certificate chain, or - for standard input'],
    ['two files', () => ['generate', ...HOST, 'a', 'b'], 'name one file'],
    ['a file that is not there', () => ['generate', ...HOST, file('none.pem')], 'there is no file'],
    ['a folder', () => ['generate', ...HOST, folder], 'there is no file'],
    ['an empty file', () => ['generate', ...HOST, file('empty')], 'empty: there is no whole PEM certificate'],
    [
      'the mail domain with an at sign',
      () => ['generate', '--hostname', '@example.nl', file('tls.crt')],
      'is not the name of a host',
    ],
    [
      'port 0',
      () => ['generate', ...HOST, '--port', '0', file('tls.crt')],
      '--port "0": write a whole number from 1 to 65535',
    ],
    ['a port by name', () => ['generate', ...HOST, '--port', 'smtp', file('tls.crt')], '--port "smtp"'],
    ['a negative TTL', () => ['generate', ...HOST, '--ttl=-1', file('tls.crt')], '--ttl "-1"'],
    ['a TTL of 32 bits', () => ['generate', ...HOST, '--ttl', '2147483648', file('tls.crt')], '--ttl "2147483648"'],
    [
      'records that are not published',
      () => ['generate', ...HOST, '--records', '3 0 1', file('tls.crt')],
      '--records "3 0 1"',
    ],
    ['an unknown form', () => ['generate', ...HOST, '-o', 'yaml', file('tls.crt')], 'write zone or json or nsupdate'],
    ['no record to match', () => ['match', ...HOST, file('tls.crt')], '--record is missing'],
    [
      'a record that is none',
      () => ['match', ...HOST, '--record', '3 1 1 xyz', file('tls.crt')],
      '"3 1 1 xyz" is not a TLSA record',
    ],
    [
      'a time without a zone',
      () => ['match', ...HOST, ...RECORD, '--at', '2026-11-22T14:00:00', file('tls.crt')],
      '--at "2026-11-22T14:00:00": write a time as in',
    ],
    [
      'a day that is none',
      () => ['match', ...HOST, ...RECORD, '--at', '2026-13-01T00:00:00Z', file('tls.crt')],
      '--at',
    ],
    ['an argument for crd', () => ['crd', 'mailservers'], 'it takes no arguments'],
  ])('%s', async (_, args, words) => {
    const { code, stdout, stderr } = await cli(args());
    expect(stderr).toContain(words);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('a private key instead of a certificate is refused, and none of it is repeated', async () => {
    const { code, stdout, stderr } = await cli(['generate', ...HOST, join(folder, 'tls.key')]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('private key but no certificate');
    for (const line of leaf.keyPem.split('\n').filter((text) => text !== '' && !text.startsWith('-----'))) {
      expect(stderr).not.toContain(line);
    }
  });
});

describe('what could not be found out: exit code 3', () => {
  test('a file that is there and cannot be read', async () => {
    const { code, stderr } = await cli(['generate', ...HOST, join(folder, 'loop')]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('(ELOOP)')]);
  });

  test('standard input that breaks off', async () => {
    const stdin = () => Promise.reject(new Error('the operation was aborted'));
    const { code, stdout, stderr } = await cli(['match', ...HOST, ...RECORD, '-'], { stdin });
    expect([code, stdout, stderr]).toEqual([3, '', 'tlsa-operator match: the operation was aborted\n']);
  });
});

describe('the program', () => {
  const main = join(import.meta.dirname, '../../src/main.ts');

  test('reads standard input, and its exit code is that of the command', async () => {
    const { code, stdout } = await run(process.execPath, [main, 'generate', ...HOST, '-'], { input: leaf.chainPem });
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^_25\._tcp\.mx1\.example\.nl\. 3600 IN TLSA 3 1 1 [0-9a-f]{64}\n$/),
    ]);
    const no = await run(process.execPath, [main, 'match', ...HOST, ...RECORD, join(folder, 'tls.crt')]);
    expect(no.code).toBe(1);
  });

  test('ends quietly when nobody reads its output any more', async () => {
    const { stdout, stderr } = await run('sh', ['-c', `"$0" "$1" crd | head -n 1`, process.execPath, main]);
    expect([stdout, stderr]).toEqual(['apiVersion: apiextensions.k8s.io/v1\n', '']);
  });

  test('stops waiting for standard input when it is interrupted', async () => {
    const child = spawn(process.execPath, [main, 'generate', ...HOST, '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const ended = once(child, 'exit');
    // More than a pipe holds: once it is written, the program is reading.
    await new Promise((resolve) => child.stdin.write('x'.repeat(1 << 20), resolve));
    child.kill('SIGINT');
    expect(await ended).toEqual([3, null]);
  });
});
