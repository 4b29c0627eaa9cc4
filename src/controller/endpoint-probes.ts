/** What each endpoint of a MailServer presented when it was last looked at; kept in memory, looked at again after a restart. */
import type { MailPort } from '../api/mail-server.ts';
import { chainFromDer } from '../core/certificate.ts';
import { summarize } from '../core/chain-summary.ts';
import { OperatorError } from '../core/errors.ts';
import type { Endpoint, EndpointAnswer } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import { withLook } from '../core/proof.ts';
import type { ObjectKey } from '../kube/resource.ts';

export interface EndpointTarget {
  readonly hostname: Name;
  /** The host's addresses are what senders connect to; those of its Service are what stands behind them. */
  readonly source: 'Host' | 'Service';
  readonly address: string;
  /** Of the TLSA record: the protocol follows it. */
  readonly port: MailPort;
  readonly listenPort: number;
  readonly keyAlgorithm: 'RSA' | 'ECDSA';
}

export type ProbedEndpoint = EndpointTarget & Endpoint;

export type ProbeAnswer =
  | { readonly kind: 'Presented'; readonly chain: readonly Uint8Array[] }
  | Exclude<EndpointAnswer, { kind: 'Presented' }>;

export type ProbeEndpoint = (target: EndpointTarget) => Promise<ProbeAnswer>;

export interface Look {
  readonly endpoints: readonly Endpoint[];
  /** When to look again, milliseconds since 1970. */
  readonly againAt: number;
}

export interface ProbedLook extends Look {
  readonly endpoints: readonly ProbedEndpoint[];
}

export interface LookOptions {
  /** How long a good look may be used. */
  readonly atRestMs: number;
  /** Is this what should be met? Another look is repeated soon, then less and less often. */
  readonly isGood: (endpoints: readonly ProbedEndpoint[]) => boolean;
}

interface Memory {
  readonly targets: string;
  readonly endpoints: readonly ProbedEndpoint[];
  readonly at: number;
  /** Spreads looks that were begun together: 0.9 to 1.1. */
  readonly jitter: number;
  /** Since when looks were not good. */
  readonly badSince: number | undefined;
}

const SOONEST_MS = 5_000;
const SELDOM_MS = 5 * 60_000;

export class EndpointProbes {
  readonly #probe: ProbeEndpoint;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #memory = new Map<ObjectKey, Memory>();

  constructor(probe: ProbeEndpoint, now: () => number, random: () => number) {
    this.#probe = probe;
    this.#now = now;
    this.#random = random;
  }

  /** The last look, if it was at the same targets and is still good enough; else a new one. */
  async look(key: ObjectKey, targets: readonly EndpointTarget[], options: LookOptions): Promise<ProbedLook> {
    const identity = JSON.stringify(targets);
    const last = this.#memory.get(key);
    if (last?.targets === identity && this.#now() < againAt(last, options))
      return { ...last, againAt: againAt(last, options) };
    const began = new Date(this.#now());
    const looksBefore = new Map(last?.endpoints.map((endpoint) => [nameOf(endpoint), endpoint.looks]));
    const endpoints = await Promise.all(
      targets.map(async (target) => ({
        ...target,
        presented: await this.#ask(target),
        looks: withLook(looksBefore.get(nameOf(target)) ?? [], began, options.atRestMs),
      })),
    );
    const at = this.#now();
    const badSince = options.isGood(endpoints) ? undefined : (last?.badSince ?? at);
    const memory = { targets: identity, endpoints, at, jitter: 0.9 + this.#random() * 0.2, badSince };
    this.#memory.set(key, memory);
    return { ...memory, againAt: againAt(memory, options) };
  }

  forget(key: ObjectKey): void {
    this.#memory.delete(key);
  }

  async #ask(target: EndpointTarget): Promise<EndpointAnswer> {
    const answer = await this.#probe(target);
    if (answer.kind !== 'Presented') return answer;
    try {
      const chain = chainFromDer(answer.chain);
      return { kind: 'Presented', chain, summary: summarize(chain) };
    } catch (error) {
      if (error instanceof OperatorError) return { kind: 'Failed', error: error.code, message: error.message };
      throw error;
    }
  }
}

/** An endpoint that is there still keeps its looks when another one comes or goes. */
function nameOf({ hostname, source, address, port, listenPort, keyAlgorithm }: EndpointTarget): string {
  return [hostname, source, address, port, listenPort, keyAlgorithm].join(' ');
}

function againAt({ endpoints, at, jitter, badSince }: Memory, { atRestMs, isGood }: LookOptions): number {
  if (isGood(endpoints)) return at + atRestMs * jitter;
  const badForMs = badSince === undefined ? 0 : at - badSince;
  return at + Math.min(Math.max(SOONEST_MS, badForMs / 4), SELDOM_MS, atRestMs) * jitter;
}
