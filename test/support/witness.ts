/**
 * Stands beside rollovers as all senders at once: every 200 ms it takes the chain that each host presents, asks every authoritative
 * server and resolvers whose caches differ in age, and has OpenSSL judge each chain by each RRset that a sender may have at that moment.
 * What it takes and asks it does with the operator's handshake and DNS messages, which other tests hold against strangers; it judges by
 * none of our code. Blind to records and chains that come and go between two polls. One poll that fails is a failure.
 */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { probe } from '../../src/smtp/probe.ts';
import { DaneVerdicts, idOf, type Chain } from './dane-verdicts.ts';
import type { DnssecChain } from './dnssec-chain.ts';
import { HeldRecordSets } from './held-record-sets.ts';
import { askTlsa, type Role, type TlsaAnswer } from './tlsa-answers.ts';
import { startUnbound, type UnboundServer } from './unbound.ts';

/**
 * `Strict`: each usage among the records must verify on its own (S). `Lenient`: the records together must (W). `Excused`: refusals are
 * told apart from failures.
 */
export type Rule = 'Strict' | 'Lenient' | 'Excused';

export interface WatchedHost {
  readonly hostname: string;
  /** Where it answers on port 25, with an ECDSA certificate. */
  readonly address: string;
  /** Over which the first questions of the resolvers are spread, so that their caches end at different moments. */
  readonly ttlSeconds: number;
}

export interface Refusal {
  readonly at: Date;
  readonly hostname: string;
  readonly rule: Rule;
  readonly chain: Chain;
  /** All that the sender had, and those of them by which OpenSSL refused. */
  readonly held: readonly string[];
  readonly by: readonly string[];
  readonly objection: string;
}

export interface Witness {
  /** A private key (PEM) that is about to be used by a server. */
  readonly knows: (keyPem: string) => void;
  /** From now on: it serves already. */
  readonly watch: (host: WatchedHost, rule: Rule) => void;
  /** From the next poll on. */
  readonly judgeBy: (hostname: string, rule: Rule) => void;
  /** What caches may hold for this host, as far as was seen. */
  readonly held: (hostname: string) => readonly (readonly string[])[];
  /** The server at this address is taken away meanwhile: that it does not answer is no failure. */
  readonly without: <T>(address: string, work: () => Promise<T>) => Promise<T>;
  /** Each pair once, and where it was refused first. */
  readonly refusals: () => readonly Refusal[];
  readonly failedPolls: () => readonly string[];
  /** Ends the polls and waits for the verdicts under way. Returns what there was to see. */
  readonly stop: () => Promise<string>;
}

const POLL_MS = 200;
const HANDSHAKE_MS = 20_000;
/** Apart from those of the site. */
const RESOLVERS = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4'];

interface Watched extends WatchedHost {
  readonly held: HeldRecordSets;
  readonly sinceMs: number;
  readonly chains: Set<string>;
  readonly recordSets: Set<string>;
  rule: Rule;
  polls: number;
}

export async function startWitness(options: { readonly dir: string; readonly chain: DnssecChain }): Promise<Witness> {
  const verdicts = new DaneVerdicts(join(options.dir, 'verdicts'));
  const unbounds = await Promise.all(
    RESOLVERS.map((address) =>
      startUnbound({ dir: join(options.dir, address), address, port: 53, chain: options.chain }),
    ),
  );
  return new RunningWitness(options.chain, verdicts, unbounds);
}

class RunningWitness implements Witness {
  readonly #authorities: readonly string[];
  readonly #verdicts: DaneVerdicts;
  readonly #unbounds: readonly UnboundServer[];
  readonly #hosts = new Map<string, Watched>();
  readonly #away = new Map<string, number>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #failedPolls: string[] = [];
  readonly #polling: Promise<void>[] = [];
  readonly #judging = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #longestMs = 0;

  constructor({ primary, secondary }: DnssecChain, verdicts: DaneVerdicts, unbounds: readonly UnboundServer[]) {
    this.#authorities = [primary, ...(secondary === undefined ? [] : [secondary])].map(({ address }) => address);
    this.#verdicts = verdicts;
    this.#unbounds = unbounds;
  }

  knows = (keyPem: string): void => {
    this.#verdicts.knows(keyPem);
  };

  watch = (host: WatchedHost, rule: Rule): void => {
    const seen = { chains: new Set<string>(), recordSets: new Set<string>(), polls: 0 };
    const watched = { ...host, ...seen, rule, held: new HeldRecordSets(), sinceMs: Date.now() };
    this.#hosts.set(host.hostname, watched);
    this.#polling.push(this.#pollOn(watched));
  };

  judgeBy = (hostname: string, rule: Rule): void => {
    this.#host(hostname).rule = rule;
  };

  held = (hostname: string): readonly (readonly string[])[] => this.#host(hostname).held.at(Date.now());

  without = async <T>(address: string, work: () => Promise<T>): Promise<T> => {
    const change = (by: number): void => void this.#away.set(address, (this.#away.get(address) ?? 0) + by);
    change(1);
    try {
      return await work();
    } finally {
      change(-1);
    }
  };

  refusals = (): readonly Refusal[] => [...this.#refusals.values()];

  failedPolls = (): readonly string[] => this.#failedPolls;

  stop = async (): Promise<string> => {
    this.#stopped.abort();
    try {
      await Promise.all(this.#polling);
      while (this.#judging.size > 0) await Promise.all(this.#judging);
    } finally {
      await Promise.all(this.#unbounds.map((unbound) => unbound.stop()));
      await this.#verdicts.stop();
    }
    const hosts = [...this.#hosts.values()].map(
      ({ hostname, polls, chains, recordSets }) =>
        `${hostname}: ${polls} polls, ${chains.size} chains, ${recordSets.size} RRsets`,
    );
    return [...hosts, `longest poll: ${this.#longestMs} ms; verdicts of OpenSSL: ${this.#verdicts.given}`].join('\n');
  };

  #host(hostname: string): Watched {
    const host = this.#hosts.get(hostname);
    if (host === undefined) throw new Error(`${hostname} is not watched`);
    return host;
  }

  async #pollOn(host: Watched): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const beganMs = Date.now();
      await this.#poll(host);
      const tookMs = Date.now() - beganMs;
      this.#longestMs = Math.max(this.#longestMs, tookMs);
      await delay(Math.max(0, POLL_MS - tookMs));
    }
  }

  /** A sender looks up first and connects then: what it may have is settled before the handshake begins. */
  async #poll(host: Watched): Promise<void> {
    const askedMs = Date.now();
    const answersOf = async (role: Role, addresses: readonly string[]): Promise<readonly TlsaAnswer[]> => {
      const answers = addresses.map((address) =>
        this.#unlessAway(address, host, askTlsa(role, address, host.hostname)),
      );
      return (await Promise.all(answers)).filter((answer) => answer !== undefined);
    };
    const [published, cached] = await Promise.all([
      answersOf('Authority', this.#authorities),
      answersOf('Resolver', this.#resolversFor(host, askedMs)),
    ]);
    for (const answer of published) host.held.published(answer, askedMs);

    const rule = host.rule;
    const recordSets = new Map(host.held.at(Date.now()).map((records) => [records.join(', '), records]));
    for (const { records } of cached) if (records.length > 0) recordSets.set(records.join(', '), records);
    const chain = await this.#unlessAway(host.address, host, presented(host));
    host.polls += 1;
    if (chain === undefined) return;
    host.chains.add(idOf(chain));
    for (const [key, records] of recordSets) {
      host.recordSets.add(key);
      const judging = this.#judge(host, rule, chain, records).finally(() => this.#judging.delete(judging));
      this.#judging.add(judging);
    }
  }

  async #judge({ hostname }: Watched, rule: Rule, chain: Chain, held: readonly string[]): Promise<void> {
    const at = new Date();
    const usages = [...new Set(held.map(([usage]) => usage))];
    const alone = usages.map((usage) => held.filter((record) => record.startsWith(`${String(usage)} `)));
    for (const by of rule === 'Strict' ? alone : [held]) {
      const key = [hostname, rule, idOf(chain), held, by].join(' ');
      if (this.#refusals.has(key)) continue;
      try {
        const objection = await this.#verdicts.objection(chain, hostname, by);
        if (objection === undefined) continue;
        this.#refusals.set(key, { at, hostname, rule, chain, held, by, objection });
      } catch (error) {
        this.#fails(hostname, `no verdict: ${String(error)}`);
      }
    }
  }

  async #unlessAway<T>(address: string, { hostname }: Watched, asked: Promise<T>): Promise<T | undefined> {
    const isAway = (): boolean => (this.#away.get(address) ?? 0) > 0;
    const wasAway = isAway();
    try {
      return await asked;
    } catch (error) {
      if (!wasAway && !isAway()) this.#fails(hostname, String(error));
      return undefined;
    }
  }

  #fails(hostname: string, what: string): void {
    this.#failedPolls.push(`${new Date().toISOString()} ${hostname}: ${what}`);
  }

  #resolversFor({ sinceMs, ttlSeconds }: Watched, nowMs: number): readonly string[] {
    const share = (1000 * ttlSeconds) / this.#unbounds.length;
    return this.#unbounds.filter((_, index) => nowMs >= sinceMs + index * share).map(({ address }) => address);
  }
}

async function presented({ hostname, address }: WatchedHost): Promise<Chain> {
  const result = await probe({ hostname, address, port: 25, keyAlgorithm: 'ECDSA' }, { timeoutMs: HANDSHAKE_MS });
  if (result.kind === 'Failed') throw new Error(`${address} presents nothing: ${result.error}`);
  return result.chain;
}

/** For a failing test to show. */
export function inWords({ at, hostname, rule, chain: [leaf], held, by, objection }: Refusal): string {
  const subject = leaf === undefined ? 'nothing' : new X509Certificate(leaf).fingerprint256;
  const found = held.map((record) => `  ${by.includes(record) ? 'judged by' : 'has also '} ${record}`);
  return [`${at.toISOString()} ${hostname} (${rule}) presents ${subject}; a sender`, ...found, objection].join('\n');
}
