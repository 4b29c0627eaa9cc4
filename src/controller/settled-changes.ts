/** Which of our changes are everywhere, by what the provider says. */
import { changeToAskAbout } from '../core/history.ts';
import type { SettledChange } from '../core/facts.ts';
import type { Name } from '../core/name.ts';
import type { StoredRecordSet } from '../core/state.ts';
import { attempt } from './attempt.ts';
import type { Claim } from './claims.ts';

const MAX_REMEMBERED = 10_000;

export class SettledChanges {
  readonly #now: () => number;
  /** By owner and change: owners of one batch each have a moment of their own, from which on what they are answered is newer. */
  readonly #settled = new Map<string, SettledChange>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Asked only where something depends on it; who cannot be asked has not said it. */
  async of(
    { provider, zone }: Claim,
    owner: Name,
    stored: StoredRecordSet | undefined,
  ): Promise<SettledChange | undefined> {
    const changeID = changeToAskAbout(stored);
    const { dns } = provider;
    if (changeID === undefined || dns.settled === undefined) return undefined;
    const key = `${owner} ${changeID}`;
    const before = this.#settled.get(key);
    if (before !== undefined) return before;
    const isSettled = await attempt(() => dns.settled?.(zone, changeID) ?? Promise.resolve(false));
    if (!isSettled.known || !isSettled.value) return undefined;
    const settled = { changeID, at: new Date(this.#now()) };
    for (const oldest of this.#settled.keys()) {
      if (this.#settled.size < MAX_REMEMBERED) break;
      this.#settled.delete(oldest);
    }
    this.#settled.set(key, settled);
    return settled;
  }
}
