/** What goes wrong meanwhile: the operator is killed, servers restart, a secondary is always late. Moments by the seed. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runBind } from '../support/bind.ts';
import type { DnssecChain } from '../support/dnssec-chain.ts';
import type { RunningOperator } from '../support/operator.ts';
import { run } from '../support/process.ts';
import type { Site } from '../support/site.ts';
import type { Witness } from '../support/witness.ts';
import { random } from './random.ts';

const LAG_MS = 20_000;

/** Lets a held secondary have a change `LAG_MS` after the primary had it; ends with the signal. */
export async function lagBehind(chain: DnssecChain, signal: AbortSignal): Promise<void> {
  const serialOf = async (address = ''): Promise<string> =>
    (await run('dig', [`@${address}`, '+short', '+norec', '+time=1', '+tries=1', chain.zone, 'SOA'])).stdout;
  let behindSince: number | undefined;
  while (!signal.aborted) {
    await delay(1_000);
    const [ahead, behind] = await Promise.all([serialOf(chain.primary.address), serialOf(chain.secondary?.address)]);
    if (ahead === behind || !ahead.includes(' ')) {
      behindSince = undefined;
      continue;
    }
    behindSince ??= Date.now();
    if (Date.now() - behindSince < LAG_MS) continue;
    // The primary may be restarting: then later.
    await chain.transfer().catch(() => undefined);
    behindSince = undefined;
  }
}

export interface Disturbances {
  /** Resolves with what was done, and when, once all is done. */
  readonly over: Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

/** Starts the operator, and again whenever it ends: as kubelet does, at once. */
class Restarted {
  readonly #site: Site;
  #current: Promise<RunningOperator>;
  #isOver = false;

  constructor(site: Site) {
    this.#site = site;
    this.#current = this.#live(1);
  }

  async kill(): Promise<void> {
    const killed = await this.#current;
    await killed.program.stop('SIGKILL');
    await this.#current;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await (await this.#current).program.stop();
  }

  async #live(life: number, kubeconfig?: string): Promise<RunningOperator> {
    const name = `operator-${life}`;
    const operator = await this.#site.startOperator({
      name,
      args: ['--gate=true'],
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    });
    void operator.program.ended.then(() => {
      if (!this.#isOver) this.#current = this.#live(life + 1, operator.kubeconfig);
    });
    return operator;
  }
}

/** Starts the operator, and then what is to go wrong. */
export function disturb(site: Site, witness: Witness): Disturbances {
  const { between, shuffled } = random('disturbances');
  const { primary } = site.chain;
  const operator = new Restarted(site);
  let bind = primary;
  const restartBind = (): Promise<void> =>
    witness.without(primary.address, async () => {
      await bind.program.stop();
      bind = await runBind({ dir: join(site.dir, 'dns/primary'), address: primary.address });
    });
  const stopped = new AbortController();
  const done: string[] = [];
  const after = async (
    leastMs: number,
    mostMs: number,
    name: string,
    disturbance: () => Promise<void>,
  ): Promise<void> => {
    await delay(between(leastMs, mostMs), undefined, { signal: stopped.signal });
    done.push(`${new Date().toISOString()} ${name}`);
    await disturbance();
  };
  const kill = (): Promise<void> => operator.kill();
  // Close to each other while records are on their way; then so that gates open, releases are made and records retire in between.
  const early = shuffled([
    ...[1, 2, 3].map((number) => ({ name: `kill -9, number ${number}`, disturbance: kill })),
    { name: 'BIND restarts', disturbance: restartBind },
    { name: 'the API server restarts', disturbance: () => site.controlPlane.restartApiServer() },
  ]);
  const all = async (): Promise<readonly string[]> => {
    for (const { name, disturbance } of early) await after(2_000, 25_000, name, disturbance);
    await after(80_000, 140_000, 'kill -9, while gates open', kill);
    await after(20_000, 60_000, 'kill -9, once more', kill);
    return done;
  };
  const over = all();
  over.catch(() => undefined);
  return {
    over,
    stop: async () => {
      stopped.abort();
      await over.catch(() => undefined);
      await operator.stop();
      await bind.program.stop();
    },
  };
}
