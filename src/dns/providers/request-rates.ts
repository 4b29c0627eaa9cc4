/**
 * How many requests go to an API: each account has one allowance, whatever uses it. A token bucket as one number: the moment up to
 * which the allowance is used up (the "generic cell rate algorithm"). A second's worth may go at once.
 */
export interface RequestRate {
  /** Resolves when one more request may go; in turn. */
  readonly take: () => Promise<void>;
  /** The API says that it is too much: nobody who shares it goes on for so long. */
  readonly pause: (ms: number) => void;
}

export const DEFAULT_REQUESTS_PER_SECOND = 5;

const BURST_MS = 1_000;

interface Account {
  /** Milliseconds, by `now`. */
  usedUpTo: number;
  /** Requests per second, of each who shares it. */
  readonly rates: Map<string, number>;
}

export class RequestRates {
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<unknown>;
  readonly #accounts = new Map<string, Account>();

  /** @param now milliseconds that never go back */
  constructor(now: () => number, sleep: (ms: number) => Promise<unknown>) {
    this.#now = now;
    this.#sleep = sleep;
  }

  leave(user: string): void {
    for (const [name, { rates }] of this.#accounts) {
      if (rates.delete(user) && rates.size === 0) this.#accounts.delete(name);
    }
  }

  /** Where several share an account, the smallest rate counts. Who joined another account before leaves that. */
  join(account: string, user: string, perSecond: number): RequestRate {
    this.leave(user);
    const shared = this.#accounts.get(account) ?? { usedUpTo: 0, rates: new Map<string, number>() };
    this.#accounts.set(account, shared);
    shared.rates.set(user, perSecond);
    const use = (ms: number): number => (shared.usedUpTo = Math.max(shared.usedUpTo, this.#now()) + ms);
    return {
      take: async () => {
        const waitMs = use(1000 / Math.min(perSecond, ...shared.rates.values())) - this.#now() - BURST_MS;
        if (waitMs > 0) await this.#sleep(waitMs);
      },
      pause: (ms) => {
        shared.usedUpTo = Math.max(shared.usedUpTo, this.#now() + BURST_MS + ms);
      },
    };
  }
}
