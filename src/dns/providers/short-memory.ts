/** What an API said is taken as true for a while; thousands who want to know at the same time ask once. A failure is not remembered. */
export class ShortMemory<T> {
  readonly #now: () => number;
  readonly #forMs: number;
  readonly #entries = new Map<string, { readonly at: number; readonly value: Promise<T> }>();

  /** @param now milliseconds */
  constructor(now: () => number, forMs: number) {
    this.#now = now;
    this.#forMs = forMs;
  }

  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const value = this.#fresh(key) ?? ask();
    if (this.#entries.get(key)?.value !== value) this.#entries.set(key, { at: this.#now(), value });
    try {
      return await value;
    } catch (error) {
      if (this.#entries.get(key)?.value === value) this.#entries.delete(key);
      throw error;
    }
  }

  /** All that are fresh, also those that are being asked for. */
  values(): Promise<T>[] {
    return [...this.#entries.keys()].flatMap((key) => this.#fresh(key) ?? []);
  }

  #fresh(key: string): Promise<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#now() - entry.at < this.#forMs) return entry?.value;
    this.#entries.delete(key);
    return undefined;
  }
}
