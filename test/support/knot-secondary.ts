/** Knot DNS as a secondary of one zone: it transfers when it is told to, and answers what it has until then. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { started } from './bind.ts';
import { eventually, mustRun, startProgram, type RunningProgram } from './process.ts';
import { servesAll } from './served-zone.ts';

export interface KnotSecondary {
  readonly address: string;
  readonly program: RunningProgram;
  /** Resolves when its serial is the primary's. */
  readonly transfer: () => Promise<void>;
}

/** Starts it on port 53 of `address`, which an interface must have (hack/in-netns.sh), and waits until it serves the zone. */
export async function startKnotSecondary(options: {
  readonly dir: string;
  readonly address: string;
  readonly primary: string;
  readonly zone: string;
}): Promise<KnotSecondary> {
  const { dir, address, primary, zone } = options;
  mkdirSync(dir, { recursive: true });
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
remote:
  - id: "primary"
    address: "${primary}@53"
acl:
  - id: "notify"
    address: "10.53.0.0/16"
    action: "notify"
zone:
  - domain: "${zone}"
    storage: "${dir}"
    file: "%s.zone"
    master: "primary"
    acl: "notify"
`,
  );
  const program = startProgram({
    name: `knotd ${address}`,
    command: 'knotd',
    args: ['-c', configuration],
    logFile: join(dir, 'knotd.log'),
  });
  const zones = [{ name: zone, signed: true, records: [] }];
  await started(program, `knotd on ${address} serves ${zone}`, () => servesAll(address, zones));
  const serial = async (server: string): Promise<string | undefined> =>
    (await mustRun('dig', [`@${server}`, '+short', '+norec', zone, 'SOA'])).split(' ')[2];
  const transfer = async (): Promise<void> => {
    await eventually(`knotd holds the serial of ${zone}`, async () => {
      if ((await serial(address)) === (await serial(primary))) return true;
      await mustRun('dig', [`@${address}`, '-b', address, '+opcode=NOTIFY', '+norec', '+aaflag', zone, 'SOA']);
      return false;
    });
  };
  return { address, program, transfer };
}
