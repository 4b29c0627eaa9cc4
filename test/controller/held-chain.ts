/** A primary, a secondary whose transfers are held back, their parent, and a resolver that keeps nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import { startDnssecChain, type ChainOptions, type DnssecChain } from '../support/dnssec-chain.ts';
import { startUnbound } from '../support/unbound.ts';

export const PRIMARY = '10.53.2.10';
export const SECONDARY = '10.53.2.11';

export interface HeldChain {
  readonly chain: DnssecChain;
  readonly resolver: Resolver;
  /** On both servers. */
  readonly change: (...lines: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startHeldChain(options: Pick<ChainOptions, 'records' | 'moreZones'>): Promise<HeldChain> {
  const dir = mkdtempSync(join(tmpdir(), 'held-chain-'));
  const chain = await startDnssecChain({
    dir,
    addresses: { primary: PRIMARY, secondary: SECONDARY, parent: '10.53.2.12' },
    secondary: 'Held',
    ...options,
  });
  const unbound = await startUnbound({
    dir: join(dir, 'unbound'),
    address: '10.53.2.13',
    port: 53,
    chain,
    cache: 'None',
  });
  const servers = [{ host: unbound.address, port: unbound.port }];
  return {
    chain,
    resolver: createResolver({ servers, monotonic: () => performance.now() }),
    change: async (...lines) => {
      await chain.nsupdate(...lines);
      await chain.transfer();
    },
    stop: async () => {
      await unbound.stop();
      await chain.stop();
      rmSync(dir, { recursive: true });
    },
  };
}
