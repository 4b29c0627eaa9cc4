/**
 * Is the witness worth anything? Rollovers made by hand, with nsupdate and a reload, each with one mistake that stops mail for some
 * senders; and one by the book. All at once, each at a host of its own.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startDnssecChain, type DnssecChain } from '../support/dnssec-chain.ts';
import { writeSecretFiles } from '../support/operator.ts';
import { opensslSPKI } from '../support/openssl.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { startPostfix, type PostfixServer, type ServedCertificate } from '../support/postfix.ts';
import { eventually } from '../support/process.ts';
import { startWitness, type Refusal, type Rule, type Witness } from '../support/witness.ts';

const TTL = 5;
const ADDRESSES = {
  early: '10.53.1.10',
  lagging: '10.53.1.11',
  hasty: '10.53.1.12',
  forgetful: '10.53.1.13',
  careful: '10.53.1.14',
} as const;
type Host = keyof typeof ADDRESSES;

let dir: string;
let chain: DnssecChain;
let witness: Witness;
let cas: { readonly first: Issued; readonly second: Issued };
const postfixes: PostfixServer[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'faulty-'));
  // A zone each: the secondary can be behind in one of them.
  const moreZones = Object.entries(ADDRESSES).map(([name, data]) => ({
    name: `${name}.nl`,
    records: [{ name: `mx.${name}.nl`, type: 'A', data }],
  }));
  chain = await startDnssecChain({ dir: join(dir, 'dns'), secondary: 'Held', moreZones });
  const root = await makeCA({ name: 'root' });
  const ca = (name: string): Promise<Issued> => makeCA({ name, issuer: root });
  cas = { first: await ca('first CA'), second: await ca('second CA') };
  witness = await startWitness({ dir: join(dir, 'witness'), chain });
});
afterAll(async () => {
  await Promise.all(postfixes.map((postfix) => postfix.stop()));
  await chain.stop();
  rmSync(dir, { recursive: true });
});

const ee = async ({ pem }: Issued): Promise<string> => `3 1 1 ${await opensslSPKI(pem)}`;
const ta = async ({ pem }: Issued): Promise<string> => `2 1 1 ${await opensslSPKI(pem)}`;

/** A host with a certificate and its records, known everywhere; and the next certificate, from another CA. */
async function begin(name: Host, rule: Rule, ttlSeconds = TTL) {
  const zone = `${name}.nl`;
  const hostname = `mx.${zone}`;
  const address = ADDRESSES[name];
  const certificate = async (issuer: Issued): Promise<Issued> => {
    const issued = await makeLeaf({ names: [hostname], issuer });
    witness.knows(issued.keyPem);
    return issued;
  };
  const [old, next] = [await certificate(cas.first), await certificate(cas.second)];
  const records = {
    old: [await ee(old), await ta(cas.first)],
    next: [await ee(next), await ta(cas.second)],
  };
  const files = ({ chainPem, keyPem }: Issued): ServedCertificate =>
    writeSecretFiles(join(dir, name, 'secret'), {
      'tls.crt': Buffer.from(chainPem).toString('base64'),
      'tls.key': Buffer.from(keyPem).toString('base64'),
    });
  const postfix = await startPostfix({ dir: join(dir, name), address, hostname, certificates: [files(old)] });
  postfixes.push(postfix);

  let published = '';
  const publishAtPrimary = async (...wanted: readonly string[]): Promise<void> => {
    published = wanted.toSorted().join();
    const owner = `_25._tcp.${hostname}.`;
    await chain.nsupdate(
      `delete ${owner} TLSA`,
      ...wanted.map((record) => `add ${owner} ${ttlSeconds} TLSA ${record}`),
    );
  };
  const publish = async (...wanted: readonly string[]): Promise<void> => {
    await publishAtPrimary(...wanted);
    await chain.transfer(zone);
  };
  /** Until no cache can have anything else than what is published now. */
  const wait = (): Promise<boolean> =>
    eventually(`all caches have what ${hostname} publishes`, () => {
      const held = witness.held(hostname);
      return held.length === 1 && held[0]?.join() === published;
    });
  await publish(...records.old);
  witness.watch({ hostname, address, ttlSeconds }, rule);
  await wait();
  const loadNext = (): Promise<void> => postfix.reload([files(next)]);
  return { hostname, old, next, records, publish, publishAtPrimary, wait, loadNext };
}

const refusalsAt = (hostname: string): readonly Refusal[] =>
  witness.refusals().filter((refusal) => refusal.hostname === hostname);

/** Waits until the witness objects, and says to what: whose certificate, and the records that the sender had and judged by. */
async function caught(hostname: string) {
  await eventually(`a mistake at ${hostname} is found`, () => refusalsAt(hostname).length > 0);
  return refusalsAt(hostname).map(({ chain: [leaf], held, by }) => ({ leaf, held, by }));
}

const refused = ({ certificate }: Issued, held: readonly string[], by = held) => [
  { leaf: Buffer.from(certificate.der), held: held.toSorted(), by: by.toSorted() },
];

const MISTAKES: Readonly<Record<string, () => Promise<void>>> = {
  'switched as soon as the records are published: caches have the old ones': async () => {
    const { hostname, next, records, publish, loadNext } = await begin('early', 'Lenient', 60);
    await publish(...records.old, ...records.next);
    await loadNext();
    expect(await caught(hostname)).toEqual(refused(next, records.old));
  },
  'switched a TTL after the primary has the records: a secondary hands the old ones out': async () => {
    const { hostname, next, records, publishAtPrimary, loadNext } = await begin('lagging', 'Lenient');
    await publishAtPrimary(...records.old, ...records.next);
    await delay((TTL + 2) * 1000);
    expect(refusalsAt(hostname)).toEqual([]);
    await loadNext();
    expect(await caught(hostname)).toEqual(refused(next, records.old));
  },
  'the old record deleted while the old certificate is served': async () => {
    const { hostname, old, records, publish, wait } = await begin('hasty', 'Lenient');
    await publish(...records.old, ...records.next);
    await wait();
    expect(refusalsAt(hostname)).toEqual([]);
    await publish(...records.next);
    expect(await caught(hostname)).toEqual(refused(old, records.next));
  },
  'the record of the next CA forgotten: who looks at usage 2 alone refuses': async () => {
    const { hostname, next, records, publish, wait, loadNext } = await begin('forgetful', 'Strict');
    const [nextKey = ''] = records.next;
    const held = [...records.old, nextKey];
    await publish(...held);
    await wait();
    await loadNext();
    const [, oldCA = ''] = records.old;
    expect(await caught(hostname)).toEqual(refused(next, held, [oldCA]));
  },
  'by the book: no objection': async () => {
    const { hostname, records, publish, wait, loadNext } = await begin('careful', 'Strict');
    await publish(...records.old, ...records.next);
    await wait();
    await loadNext();
    await publish(...records.next);
    await wait();
    expect(refusalsAt(hostname)).toEqual([]);
  },
};

const running = new Map<string, Promise<void>>();

test('the rollovers are under way', () => {
  for (const [name, mistake] of Object.entries(MISTAKES)) {
    const one = mistake();
    one.catch(() => undefined);
    running.set(name, one);
  }
});

test.each(Object.keys(MISTAKES))('%s', async (name) => {
  await running.get(name);
});

test('every poll succeeded, and nothing else was found', async () => {
  process.stderr.write(`${await witness.stop()}\n`);
  expect(witness.failedPolls()).toEqual([]);
  expect(witness.refusals()).toHaveLength(4);
});
