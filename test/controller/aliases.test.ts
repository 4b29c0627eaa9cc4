/**
 * Hosts that a record of ours would harm: made by a wildcard, aliases, or below a wildcard's TLSA. Nothing is written, the reason is said,
 * the address still resolves, and once the zone is put right the records are published. On BIND and on Knot, each with a validating resolver.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ZoneRecord } from '../support/dnssec-chain.ts';
import { startKnot } from '../support/knot.ts';
import { startOperator } from '../support/operator.ts';
import { mustRun } from '../support/process.ts';
import { FRESH_RESOLVER, startSite, type Site } from '../support/site.ts';
import { startUnbound } from '../support/unbound.ts';
import { createTenant, issue, recordsOf } from './tenant.ts';

const ZONE = 'example.nl';
const BELOW = `mail.${ZONE}`;
const ADDRESS = '10.53.1.15';
const OTHERS = `3 1 1 ${'ab'.repeat(32)}`;
const address = (name: string): ZoneRecord => ({ name, type: 'A', data: ADDRESS });

const RECORDS: readonly ZoneRecord[] = [
  address(`*.wild.${BELOW}`),
  address(`target.${BELOW}`),
  { name: `alias.${BELOW}`, type: 'CNAME', data: `target.${BELOW}` },
  address(`covered.${BELOW}`),
  { name: `*._tcp.covered.${BELOW}`, type: 'TLSA', data: OTHERS },
  address(`pointed.${BELOW}`),
  { name: `_25._tcp.pointed.${BELOW}`, type: 'CNAME', data: `tlsa.${BELOW}` },
  { name: `tlsa.${BELOW}`, type: 'TLSA', data: OTHERS },
];

/** A primary that holds those records, and what a person does at it. */
interface Primary {
  readonly address: string;
  /** A validating resolver, `address`, that does not cache what this zone says. */
  readonly resolver: string;
  readonly remove: (name: string, type: string) => Promise<void>;
  readonly add: (name: string, type: string, data: string) => Promise<void>;
  readonly stop: () => Promise<unknown>;
}

function bind({ chain }: Site): Promise<Primary> {
  return Promise.resolve({
    address: chain.primary.address,
    resolver: FRESH_RESOLVER,
    remove: (name, type) => chain.nsupdate(`delete ${name}. ${type}`),
    add: (name, type, data) => chain.nsupdate(`add ${name}. 60 ${type} ${data}`),
    stop: () => Promise.resolve(),
  });
}

async function knot({ chain, dir }: Site): Promise<Primary> {
  const [server, resolver] = ['10.53.0.15', '127.0.0.4'];
  const folder = join(dir, 'knot');
  const nameServer = [
    { name: ZONE, type: 'NS', data: `ns1.${ZONE}` },
    { name: `ns1.${ZONE}`, type: 'A', data: server },
  ];
  const program = await startKnot({
    dir: folder,
    address: server,
    key: chain.tsigKey,
    zones: [{ name: ZONE, signed: true, records: [...nameServer, ...RECORDS] }],
    allowedBelow: 'mail',
  });
  const keys = await mustRun('dig', [`@${server}`, '+norec', '+noall', '+answer', ZONE, 'DNSKEY']);
  const trustAnchorFile = join(folder, 'trust-anchor');
  // The root's too: the operator asks about that one whether its resolver validates.
  writeFileSync(trustAnchorFile, readFileSync(chain.trustAnchorFile, 'utf8') + keys);
  const unbound = await startUnbound({
    dir: join(dir, 'unbound-knot'),
    address: resolver,
    port: 53,
    cache: 'None',
    chain: {
      ...chain,
      trustAnchorFile,
      zones: [ZONE],
      primary: { ...chain.primary, address: server },
      secondary: undefined,
    },
  });
  const change = async (...what: readonly string[]): Promise<void> => {
    const knotc = (...args: readonly string[]) => mustRun('knotc', ['-c', join(folder, 'knot.conf'), '-b', ...args]);
    await knotc('zone-begin', ZONE);
    await knotc(...what);
    await knotc('zone-commit', ZONE);
  };
  return {
    address: server,
    resolver,
    remove: (name, type) => change('zone-unset', ZONE, `${name}.`, type),
    add: (name, type, data) => change('zone-set', ZONE, `${name}.`, '60', type, data),
    stop: async () => {
      await unbound.stop();
      await program.stop();
    },
  };
}

describe.each([
  ['BIND', bind],
  ['Knot', knot],
] as const)('on %s', (_name, start) => {
  let site: Site;
  let primary: Primary;
  let operator: Awaited<ReturnType<typeof startOperator>>;
  beforeAll(async () => {
    site = await startSite({ records: RECORDS });
    primary = await start(site);
    const { dir, controlPlane } = site;
    operator = await startOperator({ dir, controlPlane, resolver: `${primary.resolver}:53` });
  });
  afterAll(async () => {
    await operator.stop();
    await primary.stop();
    await site.stop();
  });

  const resolved = (host: string): Promise<string> => mustRun('dig', [`@${primary.resolver}`, '+short', host, 'A']);
  const atPrimary = async (owner: string): Promise<string[]> =>
    (await mustRun('dig', [`@${primary.address}`, '+short', '+norec', owner, 'TLSA']))
      .toLowerCase()
      .split('\n')
      .filter((line) => /^\d /.test(line))
      .map((line) =>
        line.replace(/^(\d \d \d) (.*)$/, (_, kind: string, data: string) => `${kind} ${data.replaceAll(' ', '')}`),
      )
      .sort();

  test.each([
    {
      what: 'a host that a wildcard makes',
      host: `mx.wild.${BELOW}`,
      reason: 'HostIsWildcard',
      before: [],
      wayOut: () => primary.add(`mx.wild.${BELOW}`, 'A', ADDRESS),
    },
    {
      what: 'a host that is a CNAME',
      host: `alias.${BELOW}`,
      reason: 'HostIsAlias',
      before: [],
      wayOut: async () => {
        await primary.remove(`alias.${BELOW}`, 'CNAME');
        await primary.add(`alias.${BELOW}`, 'A', ADDRESS);
      },
    },
    {
      what: 'an owner below a wildcard with TLSA records',
      host: `covered.${BELOW}`,
      reason: 'OwnerIsWildcard',
      before: [OTHERS],
      wayOut: () => primary.remove(`*._tcp.covered.${BELOW}`, 'TLSA'),
    },
    {
      what: 'an owner that is a CNAME',
      host: `pointed.${BELOW}`,
      reason: 'OwnerIsAlias',
      before: [OTHERS],
      wayOut: () => primary.remove(`_25._tcp.pointed.${BELOW}`, 'CNAME'),
    },
  ])('$what: $reason', async ({ host, reason, before, wayOut }) => {
    const tenant = await createTenant(site, reason.toLowerCase(), { server: primary.address });
    // Knot refuses questions about other zones unsigned.
    await tenant.patch({ zones: [ZONE] }, 'dnsprovider/bind');
    const certificate = await issue(host);
    await tenant.store(certificate);
    await tenant.mailServer({ hostnames: [host] });
    await tenant.until(`Ready=False ${reason}`);
    await tenant.pass();
    expect(await atPrimary(`_25._tcp.${host}`)).toEqual(before);
    expect(await resolved(host)).toContain(ADDRESS);

    await wayOut();
    await tenant.pass();
    await tenant.until('Ready=True');
    expect(await atPrimary(`_25._tcp.${host}`)).toEqual(await recordsOf(certificate));
    expect(await resolved(host)).toBe(`${ADDRESS}\n`);
  });
});
