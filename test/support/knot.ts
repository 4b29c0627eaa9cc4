/** Knot DNS as a test runs it: its own folder and configuration, in the foreground, signing by itself, stopped by its pid. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { started, type TsigKey } from './bind.ts';
import { zoneFile } from './dnssec-chain.ts';
import { startProgram, type RunningProgram } from './process.ts';
import { servesAll, type ServedZone } from './served-zone.ts';

/**
 * Starts an authoritative server on port 53 of `address`, which an interface must have (hack/in-netns.sh), and waits until it serves
 * every zone. With the key, TLSA records may be changed below `<allowedBelow>.<zone>`.
 */
export async function startKnot(options: {
  readonly dir: string;
  readonly address: string;
  readonly key: TsigKey;
  readonly zones: readonly ServedZone[];
  readonly allowedBelow: string;
}): Promise<RunningProgram> {
  const { dir, address, key, zones, allowedBelow } = options;
  mkdirSync(dir, { recursive: true });
  for (const { name, records } of zones) writeFileSync(join(dir, `${name}.zone`), zoneFile(name, records));
  const configuration = join(dir, 'knot.conf');
  writeFileSync(
    configuration,
    `server:
  rundir: "${dir}"
  listen: "${address}@53"
  udp-workers: 1
  tcp-workers: 2
  background-workers: 1
log:
  - target: "stderr"
    any: "info"
database:
  storage: "${dir}"
key:
  - id: "${key.name}"
    algorithm: "${key.algorithm}"
    secret: "${key.secret}"
acl:
  - id: "change"
    key: "${key.name}"
    action: "update"
    update-type: "TLSA"
    update-owner: "name"
    update-owner-match: "sub"
    update-owner-name: "${allowedBelow}"
policy:
  - id: "tests"
    algorithm: "ecdsap256sha256"
    single-type-signing: "on"
template:
  - id: "default"
    storage: "${dir}"
    file: "%s.zone"
    zonefile-sync: "-1"
    acl: "change"
    dnssec-policy: "tests"
zone:
${zones.map(({ name, signed }) => `  - domain: "${name}"\n    dnssec-signing: "${signed ? 'on' : 'off'}"`).join('\n')}
`,
  );
  const program = startProgram({
    name: `knotd ${address}`,
    command: 'knotd',
    args: ['-c', configuration],
    logFile: join(dir, 'knotd.log'),
  });
  await started(program, `knotd on ${address} serves its zones`, () => servesAll(address, zones));
  return program;
}
