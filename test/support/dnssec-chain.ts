/**
 * A private DNS root with DNSSEC: `.` and the top-level domains on one BIND, the zones below on another (the primary: signs by
 * itself, takes TSIG updates), and a secondary if wanted. It starts in seconds, and nothing outside is asked.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyStatement, startBind, type BindServer, type TsigKey } from './bind.ts';
import { eventually, mustRun } from './process.ts';

/** Names, also those in `data`, are absolute, with or without the final dot; `data` is in presentation form. */
export interface ZoneRecord {
  readonly name: string;
  readonly type: string;
  readonly data: string;
  /** Default 60. */
  readonly ttl?: number;
}

export interface ChainZone {
  /** Below a top-level domain, or below another zone of the chain: `other.nl`, `sub.example.nl`. */
  readonly name: string;
  /**
   * `Secure`: signed, DS in the parent. `NoDS`: signed, but no DS, so it counts as insecure. `WrongDS`: signed, DS of another key: bogus.
   * `Unsigned`: neither. Default `Secure`.
   */
  readonly delegation?: 'Secure' | 'NoDS' | 'WrongDS' | 'Unsigned';
  readonly records?: readonly ZoneRecord[];
}

export interface ChainOptions {
  /** A folder of its own; made when it is not there. */
  readonly dir: string;
  /** Default `10.53.0.10`, `10.53.0.11` and `10.53.0.12`: hack/in-netns.sh has 10.53.{0..3}.{10..19}. */
  readonly addresses?: { readonly primary: string; readonly secondary: string; readonly parent: string };
  /** Default `example.nl`. Its name server is `ns1.<zone>`, and `ns2.<zone>` when there is a secondary. */
  readonly zone?: string;
  readonly records?: readonly ZoneRecord[];
  readonly moreZones?: readonly ChainZone[];
  /** `Prompt`: follows the primary at once. `Held`: transfers only when `transfer` is called. Default: no secondary. */
  readonly secondary?: 'Prompt' | 'Held';
  /** Default `hmac-sha256`. */
  readonly tsigAlgorithm?: TsigKey['algorithm'];
  /** Rules of named's update-policy for every zone; default: the key may change everything. */
  readonly updatePolicy?: (key: TsigKey) => readonly string[];
  /** More of the primary's named.conf. */
  readonly primaryStatements?: readonly string[];
}

export interface DnssecChain {
  readonly zone: string;
  /** That one and `moreZones`. */
  readonly zones: readonly string[];
  readonly primary: BindServer;
  readonly secondary: BindServer | undefined;
  /** Serves the root and the top-level domains. */
  readonly parent: BindServer;
  readonly tsigKey: TsigKey;
  /** DS of the root, for `trust-anchor-file`. */
  readonly trustAnchorFile: string;
  readonly rootHintsFile: string;
  /** dig, asking the primary: `dig('+short', 'example.nl', 'SOA')`. */
  readonly dig: (...args: readonly string[]) => Promise<string>;
  /** Changes a zone as somebody else would: `nsupdate('add www.example.nl. 60 A 192.0.2.1')`. */
  readonly nsupdate: (...lines: readonly string[]) => Promise<void>;
  /** Lets a held secondary transfer the zone (default: `zone`) now; resolves when its serial is the primary's. */
  readonly transfer: (zone?: string) => Promise<void>;
  /** The serial of a zone at some server; undefined where it has none. */
  readonly serialAt: (address: string, zone: string) => Promise<string | undefined>;
  /** Takes the DS of a zone right below a top-level domain out of it, or puts it back; resolves when the parent answers so. */
  readonly setDS: (zone: string, isThere: boolean) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const POLICY = 'tests';
const POLICY_STATEMENT = `dnssec-policy "${POLICY}" { keys { csk lifetime unlimited algorithm ecdsap256sha256; }; };`;

export async function startDnssecChain(options: ChainOptions): Promise<DnssecChain> {
  const running: BindServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(({ program }) => program.stop()));
  };
  const start = async (server: Parameters<typeof startBind>[0]): Promise<BindServer> => {
    const bind = await startBind(server);
    running.push(bind);
    return bind;
  };
  try {
    return { ...(await build(options, start)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Of a record, on a machine that is very busy: a benchmark's zone has thousands. */
const SIGNING_MS = 60;

async function build(options: ChainOptions, start: typeof startBind): Promise<Omit<DnssecChain, 'stop'>> {
  const { dir } = options;
  const zone = options.zone ?? 'example.nl';
  const addresses = options.addresses ?? { primary: '10.53.0.10', secondary: '10.53.0.11', parent: '10.53.0.12' };
  const zones: readonly ChainZone[] = [
    { name: zone, ...(options.records && { records: options.records }) },
    ...(options.moreZones ?? []),
  ];
  const [primaryDir, secondaryDir, parentDir] = ['primary', 'secondary', 'parent'].map((name) => {
    const folder = join(dir, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }) as [string, string, string];
  const tsigKey: TsigKey = {
    name: 'tlsa-operator.test',
    algorithm: options.tsigAlgorithm ?? 'hmac-sha256',
    secret: randomBytes(32).toString('base64'),
  };
  const servers: Nameserver[] = [{ host: 'ns1', address: addresses.primary }];
  if (options.secondary !== undefined) servers.push({ host: 'ns2', address: addresses.secondary });

  let delegations: ZoneRecord[] = [];
  for (const one of zones.toSorted((a, b) => b.name.length - a.name.length)) {
    const isBelow = ({ name }: ZoneRecord): boolean => name.endsWith(`.${one.name}`);
    const records = [...(one.records ?? []), ...delegations.filter(isBelow)];
    const delegation = await prepareZone({ ...one, records }, primaryDir, servers);
    delegations = [...delegations.filter((record) => !isBelow(record)), ...delegation];
  }
  const { trustAnchor, parentZones, signZone } = await signParents(parentDir, delegations, addresses.parent);

  const trustAnchorFile = join(dir, 'trust-anchor');
  const rootHintsFile = join(dir, 'root-hints');
  writeFileSync(trustAnchorFile, trustAnchor);
  writeFileSync(rootHintsFile, `. 3600 NS ns.root.\nns.root. 3600 A ${addresses.parent}\n`);

  const rules = options.updatePolicy?.(tsigKey) ?? [`grant ${tsigKey.name} zonesub ANY;`];
  const primary = await start({
    dir: primaryDir,
    address: addresses.primary,
    statements: [
      POLICY_STATEMENT,
      keyStatement(tsigKey),
      ...(options.primaryStatements ?? []),
      ...zones.map(
        ({ name, delegation }) => `zone "${name}" {
  type primary; file "${name}.zone"; notify ${options.secondary === 'Prompt' ? 'yes' : 'no'};
  update-policy { ${rules.join(' ')} };
  ${delegation === 'Unsigned' ? '' : `dnssec-policy "${POLICY}"; inline-signing no;`}
};`,
      ),
    ],
  });
  const parent = await start({
    dir: parentDir,
    address: addresses.parent,
    statements: parentZones.map(({ name, file }) => `zone "${name}" { type primary; file "${file}"; notify no; };`),
  });
  const dig = (...args: readonly string[]): Promise<string> => mustRun('dig', [`@${primary.address}`, ...args]);
  await Promise.all(
    zones.map(({ name, delegation, records = [] }) =>
      eventually(
        `${name} is served${delegation === 'Unsigned' ? '' : ' and signed'}`,
        async () =>
          (await dig('+dnssec', '+norec', name, 'SOA')).includes(
            delegation === 'Unsigned' ? 'IN\tSOA' : 'IN\tRRSIG\tSOA',
          ),
        60_000 + records.length * SIGNING_MS,
      ),
    ),
  );
  const secondary =
    options.secondary === undefined
      ? undefined
      : await start({
          dir: secondaryDir,
          address: addresses.secondary,
          statements: zones.map(
            ({ name }) => `zone "${name}" {
  type secondary; file "${name}.zone"; primaries { ${addresses.primary}; }; allow-notify { 10.53.0.0/16; }; notify no;
};`,
          ),
        });

  const serialAt = async (address: string, name: string): Promise<string | undefined> =>
    (await mustRun('dig', [`@${address}`, '+short', '+norec', name, 'SOA'])).split(' ')[2];
  const transfer = async (name = zone): Promise<void> => {
    const wanted = await serialAt(addresses.primary, name);
    await eventually(`the secondary holds serial ${String(wanted)} of ${name}`, async () => {
      if ((await serialAt(addresses.secondary, name)) === wanted) return true;
      await mustRun('dig', [`@${addresses.secondary}`, '+opcode=NOTIFY', '+norec', '+aaflag', name, 'SOA']);
      return false;
    });
  };
  if (secondary) await Promise.all(zones.map(({ name }) => transfer(name)));
  const setDS = async (name: string, isThere: boolean): Promise<void> => {
    const tld = name.replace(/^.*\./, '');
    const isLeftOut = (record: ZoneRecord): boolean => !isThere && record.type === 'DS' && record.name === name;
    await signZone(
      tld,
      topLevelRecords(tld, delegations).filter((record) => !isLeftOut(record)),
    );
    parent.program.signal('SIGHUP');
    await eventually(`the parent of ${name} has ${isThere ? 'a' : 'no'} DS`, async () => {
      const answer = await mustRun('dig', [`@${addresses.parent}`, '+short', '+norec', name, 'DS']);
      return (answer.trim() !== '') === isThere;
    });
  };

  return {
    zone,
    zones: zones.map(({ name }) => name),
    primary,
    secondary,
    parent,
    tsigKey,
    trustAnchorFile,
    rootHintsFile,
    dig,
    nsupdate: async (...lines) => {
      const key = `${tsigKey.algorithm}:${tsigKey.name}:${tsigKey.secret}`;
      const input = [`server ${addresses.primary}`, ...lines, 'send', ''].join('\n');
      await mustRun('nsupdate', ['-y', key], { input });
    },
    transfer,
    serialAt,
    setDS,
  };
}

interface Nameserver {
  readonly host: string;
  readonly address: string;
}

/** Writes the zone's file and keys; returns what the zone above has to say about it. */
async function prepareZone(zone: ChainZone, dir: string, servers: readonly Nameserver[]): Promise<ZoneRecord[]> {
  const { name, delegation = 'Secure' } = zone;
  const nameServers = servers.flatMap(({ host, address }): ZoneRecord[] => [
    { name, type: 'NS', data: `${host}.${name}` },
    { name: `${host}.${name}`, type: 'A', data: address },
  ]);
  writeFileSync(join(dir, `${name}.zone`), zoneFile(name, [...nameServers, ...(zone.records ?? [])]));
  if (delegation === 'Unsigned') return nameServers;
  const policyFile = join(dir, `${name}.policy`);
  writeFileSync(policyFile, POLICY_STATEMENT);
  const key = (await mustRun('dnssec-keygen', ['-q', '-K', dir, '-k', POLICY, '-l', policyFile, name])).trim();
  if (delegation === 'NoDS') return nameServers;
  const ds = await dsOf(join(dir, key));
  const data = delegation === 'WrongDS' ? ds.replace(/\S+$/, '00'.repeat(32)) : ds;
  return [...nameServers, { name, type: 'DS', data }];
}

function topLevelRecords(name: string, delegations: readonly ZoneRecord[]): ZoneRecord[] {
  return [{ name, type: 'NS', data: 'ns.root' }, ...delegations.filter((record) => record.name.endsWith(`.${name}`))];
}

/** Signs the top-level domains and then the root. */
async function signParents(
  dir: string,
  delegations: readonly ZoneRecord[],
  address: string,
): Promise<{
  trustAnchor: string;
  parentZones: { name: string; file: string }[];
  signZone: (name: string, records: readonly ZoneRecord[]) => Promise<string>;
}> {
  const signZone = async (name: string, records: readonly ZoneRecord[]): Promise<string> => {
    const file = name === '.' ? 'root.zone' : `${name}.zone`;
    writeFileSync(join(dir, file), zoneFile(name, records));
    await mustRun('dnssec-signzone', ['-q', '-S', '-z', '-K', dir, '-d', dir, '-o', name, join(dir, file)]);
    return `${file}.signed`;
  };
  const sign = async (name: string, records: readonly ZoneRecord[]): Promise<{ file: string; ds: string }> => {
    const key = await mustRun('dnssec-keygen', ['-q', '-K', dir, '-a', 'ECDSAP256SHA256', '-f', 'KSK', name]);
    return { file: await signZone(name, records), ds: await dsOf(join(dir, key.trim())) };
  };
  const serverName = { name: 'ns.root', type: 'A', data: address };
  const tlds = await Promise.all(
    [...new Set(delegations.map(({ name }) => name.replace(/^.*\./, '')))].map(async (name) => {
      const { file, ds } = await sign(name, topLevelRecords(name, delegations));
      return { name, file, ds };
    }),
  );
  const root = await sign('.', [
    { name: '.', type: 'NS', data: 'ns.root' },
    serverName,
    ...tlds.flatMap(({ name, ds }): ZoneRecord[] => [
      { name, type: 'NS', data: 'ns.root' },
      { name, type: 'DS', data: ds },
    ]),
  ]);
  const parentZones = [{ name: '.', file: root.file }, ...tlds];
  return { trustAnchor: `. IN DS ${root.ds}\n`, parentZones, signZone };
}

/** The DS data of a key file: `12345 13 2 ABCD...`. */
async function dsOf(keyFile: string): Promise<string> {
  return (await mustRun('dnssec-dsfromkey', ['-2', keyFile])).trim().replace(/^.* DS /, '');
}

/** `$ORIGIN .` makes every name absolute. Denials are kept 5 seconds: what a test adds is soon seen. */
export function zoneFile(name: string, records: readonly ZoneRecord[]): string {
  const soa = { name, type: 'SOA', data: 'ns.invalid hostmaster.invalid 1 3600 600 86400 5' };
  const line = (record: ZoneRecord): string => `${record.name} ${record.ttl ?? 60} IN ${record.type} ${record.data}`;
  return ['$ORIGIN .', '$TTL 60', ...[soa, ...records].map(line), ''].join('\n');
}
