/** A validating resolver: Unbound with the root of a private chain as its only trust anchor. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DnssecChain } from './dnssec-chain.ts';
import { started } from './bind.ts';
import { run, startProgram, type RunningProgram } from './process.ts';

export interface UnboundServer {
  readonly address: string;
  readonly port: number;
  readonly program: RunningProgram;
  readonly stop: () => Promise<void>;
}

/**
 * Starts Unbound and waits until it answers the chain's zone, with AD if it validates. With `cache: 'None'` it asks the zones' servers anew for every
 * question (the way to them and the keys are kept); otherwise it keeps an RRset up to its TTL + 1 s, as resolvers do.
 */
export async function startUnbound(options: {
  readonly dir: string;
  readonly address: string;
  readonly port: number;
  readonly chain: DnssecChain;
  readonly cache?: 'FullTTL' | 'None';
  /** `iterator`: it does not validate. */
  readonly modules?: 'validator iterator' | 'iterator';
}): Promise<UnboundServer> {
  const { dir, address, port, chain, cache = 'FullTTL', modules = 'validator iterator' } = options;
  mkdirSync(dir, { recursive: true });
  const configuration = join(dir, 'unbound.conf');
  const settings = [
    'do-daemonize: no',
    'use-syslog: no',
    'logfile: ""',
    'username: ""',
    'chroot: ""',
    'pidfile: ""',
    `directory: "${dir}"`,
    `interface: ${address}@${port}`,
    'access-control: 0.0.0.0/0 allow',
    'do-ip6: no',
    'num-threads: 1',
    `module-config: "${modules}"`,
    `root-hints: "${chain.rootHintsFile}"`,
    `trust-anchor-file: "${chain.trustAnchorFile}"`,
    'trust-anchor-signaling: no',
    'do-not-query-localhost: no',
    'val-log-level: 2',
    // A server that was stopped and started again is asked at once.
    'infra-host-ttl: 1',
    'infra-keep-probing: yes',
    // Denials are not made up from ranges, or a record that a test adds would stay unseen longer than its own denial.
    'aggressive-nsec: no',
  ];
  // Not cache-max-ttl: 0, with which a validation that crosses the turn of a second finds the DS gone, and says so for a minute.
  const stubs = cache === 'None' ? chain.zones.map((zone) => stubZone(zone, chain)) : [];
  writeFileSync(
    configuration,
    [`server:`, ...settings.map((line) => `  ${line}`), ...stubs, 'remote-control:', '  control-enable: no', ''].join(
      '\n',
    ),
  );
  const program = startProgram({
    name: `unbound ${address}@${port}`,
    command: 'unbound',
    args: ['-d', '-p', '-c', configuration],
    logFile: join(dir, 'unbound.log'),
  });
  const question = ['+dnssec', '+time=2', '+tries=1', chain.zone, 'SOA'];
  const wanted = modules === 'iterator' ? /;; flags:[^;]* ra[ ;]/ : /;; flags:[^;]* ad[ ;]/;
  await started(program, `unbound on ${address}@${port} answers for ${chain.zone}`, async () => {
    const { stdout } = await run('dig', [`@${address}`, '-p', String(port), ...question]);
    return stdout.includes('status: NOERROR') && wanted.test(stdout);
  });
  return {
    address,
    port,
    program,
    stop: async () => {
      await program.stop();
    },
  };
}

function stubZone(zone: string, { primary, secondary }: DnssecChain): string {
  const addresses = [primary, ...(secondary ? [secondary] : [])].map(({ address }) => `  stub-addr: ${address}\n`);
  return `stub-zone:\n  name: "${zone}"\n${addresses.join('')}  stub-no-cache: yes`;
}
