/** Whoever gets a dump of the operator's memory gets no private key of a mail server. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningOperator } from '../support/operator.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { eventually } from '../support/process.ts';
import { findInMemory } from '../support/process-memory.ts';
import { startSite, type Site } from '../support/site.ts';
import { createTenant } from './tenant.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(async () => {
  await site.stop();
});

/** What gives a private key away, in every form that it passes through: the Secret's base64, PEM, DER, the numbers in it. */
function formsOf(name: string, { keyPem, keys }: Issued): (readonly [name: string, octets: Buffer])[] {
  const lines = keyPem.trim().split('\n').slice(1, -1);
  const inSecret = Buffer.from(keyPem).toString('base64');
  const texts = [...lines, ...[0.3, 0.7].map((part) => partOf(inSecret, part))];
  const der = Buffer.from(lines.join(''), 'base64');
  const jwk = KeyObject.from(keys.privateKey).export({ format: 'jwk' });
  const numbers = [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq].flatMap((number) =>
    number === undefined ? [] : Buffer.from(number, 'base64url'),
  );
  // OpenSSL keeps numbers with the lowest octet first.
  const octets = [partOf(der, 0.3), ...numbers, ...numbers.map((number) => Buffer.from(number).reverse())];
  const hex = octets.map((one) => one.toString('hex').slice(0, 64));
  return [
    ...texts.map((text, index) => [`${name}: text ${index}`, Buffer.from(text)] as const),
    ...texts.map((text, index) => [`${name}: text ${index}, UTF-16`, Buffer.from(text, 'utf16le')] as const),
    ...octets.map((one, index) => [`${name}: number ${index}`, one] as const),
    ...hex.map((text, index) => [`${name}: number ${index}, in hex`, Buffer.from(text)] as const),
  ];
}

/** 40 of its elements. Behind the first third of either kind of key is what is secret. */
function partOf<T extends Pick<string, 'slice' | 'length'> | Buffer>(whole: T, part: number): T {
  const start = Math.floor(whole.length * part);
  return whole.slice(start, start + 40) as T;
}

async function heapSnapshot({ program }: RunningOperator): Promise<string> {
  program.signal('SIGUSR2');
  return eventually('the heap snapshot is written', () => {
    const file = readdirSync(site.dir).find((name) => name.endsWith('.heapsnapshot'));
    const text = file === undefined ? '' : readFileSync(join(site.dir, file), 'latin1').trimEnd();
    return text.endsWith('}') && text;
  });
}

test('after passes and a garbage collection none is left, neither in the heap nor elsewhere in the process', async () => {
  const operator = await site.startOperator({
    args: ['--leader-elect=false'],
    nodeArgs: ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${site.dir}`],
  });
  const issuer = await makeCA({ name: 'issuing CA' });
  const tenant = await createTenant(site, 'memory');
  const issued = new Map<string, Issued>();
  for (const algorithm of ['ECDSA', 'RSA'] as const) {
    const hostname = `${algorithm.toLowerCase()}.${tenant.hostname}`;
    const certificate = await makeLeaf({ names: [hostname], issuer, algorithm });
    const name = algorithm.toLowerCase();
    issued.set(name, certificate);
    await tenant.store(certificate, name);
    await tenant.mailServer({ hostnames: [hostname], certificates: [{ secretName: name }] }, name);
    await tenant.until('Ready=True', `mailserver/${name}`);
  }

  // Taking one collects the garbage first.
  const snapshot = await heapSnapshot(operator);
  const keys = new Map([...issued].flatMap(([name, certificate]) => formsOf(name, certificate)));
  expect([...keys].filter(([, octets]) => snapshot.includes(octets.toString('latin1'))).map(([name]) => name)).toEqual(
    [],
  );
  expect(snapshot).toContain(`rsa.${tenant.hostname}`);

  // The TSIG secret is needed there: it is found, so the search can find.
  const tsig = Buffer.from(site.chain.tsigKey.secret, 'base64');
  const found = findInMemory(operator.program.pid, new Map([...keys, ['the TSIG secret', tsig]]));
  expect([...new Set(found.map((what) => what.replace(/ in .*/, '')))]).toEqual(['the TSIG secret']);
});
