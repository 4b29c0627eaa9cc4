/** A server whose copy of a zone was signed once, with times that the test chooses: as one has it whose signer, or whose transfers, stopped. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBind, type BindServer } from './bind.ts';
import type { DnssecChain } from './dnssec-chain.ts';
import { mustRun } from './process.ts';

/** Made by whoever signs. */
const OF_SIGNERS = /\sIN\s(RRSIG|NSEC|TYPE65534)\s/;

/** Takes the zone from the primary and signs it with its keys, on BIND at port 53 of `address`, which nobody else may have. */
export async function startSignedCopy(options: {
  readonly dir: string;
  readonly address: string;
  readonly chain: DnssecChain;
  /** Default: the chain's first. */
  readonly zone?: string;
  /** Of the chain: its keys are there. */
  readonly chainDir: string;
  /** Seconds, from now: before it, and after it. */
  readonly validSince: number;
  readonly validFor: number;
}): Promise<BindServer> {
  const { dir, address, chain, chainDir, validSince, validFor, zone = chain.zone } = options;
  mkdirSync(dir, { recursive: true });
  const lines = (await chain.dig('AXFR', '+onesoa', '+noall', '+answer', zone)).split('\n');
  const file = join(dir, `${zone}.zone`);
  writeFileSync(file, `${lines.filter((line) => !OF_SIGNERS.test(line)).join('\n')}\n`);
  const keys = readdirSync(join(chainDir, 'primary')).filter((name) => name.startsWith(`K${zone}.+`));
  const key = keys.find((name) => name.endsWith('.key')) ?? '';
  const times = ['-s', `now-${validSince}`, '-e', `now+${validFor}`, '-N', 'keep'];
  await mustRun('dnssec-signzone', ['-q', '-z', '-d', dir, '-o', zone, ...times, file, join(chainDir, 'primary', key)]);
  return startBind({
    dir,
    address,
    statements: [`zone "${zone}" { type primary; file "${file}.signed"; notify no; };`],
  });
}
