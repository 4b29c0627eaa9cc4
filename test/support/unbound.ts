/** A validating resolver: Unbound with the root of a private chain as its only trust anchor. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DnssecChain } from './dnssec-chain.ts';
import { eventually, run, startProgram, type RunningProgram } from './process.ts';

export interface UnboundServer {
  readonly address: string;
  readonly port: number;
  readonly program: RunningProgram;
  readonly stop: () => Promise<void>;
}

/**
 * Starts Unbound and waits until it answers the chain's zone with AD. With `cache: 'None'` it asks the servers anew for every
 * question; otherwise it keeps an RRset up to its TTL + 1 s, as resolvers do.
 */
export async function startUnbound(options: {
  readonly dir: string;
  readonly address: string;
  readonly port: number;
  readonly chain: Pick<DnssecChain, 'zone' | 'trustAnchorFile' | 'rootHintsFile'>;
  readonly cache?: 'FullTTL' | 'None';
}): Promise<UnboundServer> {
  const { dir, address, port, chain } = options;
  mkdirSync(dir, { recursive: true });
  const configuration = join(dir, 'unbound.conf');
  const noCache = [
    'cache-max-ttl: 0',
    'cache-max-negative-ttl: 0',
    'val-bogus-ttl: 0',
    'rrset-cache-size: 0',
    'msg-cache-size: 0',
  ];
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
    'module-config: "validator iterator"',
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
    ...(options.cache === 'None' ? noCache : []),
  ];
  writeFileSync(
    configuration,
    `server:\n${settings.map((line) => `  ${line}\n`).join('')}remote-control:\n  control-enable: no\n`,
  );
  const program = startProgram({
    name: `unbound ${address}@${port}`,
    command: 'unbound',
    args: ['-d', '-p', '-c', configuration],
    logFile: join(dir, 'unbound.log'),
  });
  await eventually(`unbound on ${address}@${port} validates ${chain.zone}`, async () => {
    if (!program.running()) throw new Error(`unbound on ${address}@${port} ended:\n${program.log()}`);
    const { stdout } = await run('dig', [
      `@${address}`,
      '-p',
      String(port),
      '+dnssec',
      '+time=2',
      '+tries=1',
      chain.zone,
      'SOA',
    ]);
    return /;; flags:[^;]* ad[ ;]/.test(stdout);
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
