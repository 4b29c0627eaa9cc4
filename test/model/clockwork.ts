/** Virtual time, in whole seconds since the world began, and what is to happen when. */

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly happens: () => void;
}

export class Clockwork {
  now = 0;
  #order = 0;
  /** A heap: the next one first. */
  readonly #entries: Entry[] = [];

  /** What is due at one second happens in the order in which it was asked for. */
  at(time: number, happens: () => void): void {
    this.#entries.push({ at: Math.max(time, this.now), order: this.#order++, happens });
    this.#up(this.#entries.length - 1);
  }

  after(seconds: number, happens: () => void): void {
    this.at(this.now + seconds, happens);
  }

  runUntil(time: number): void {
    for (let [next] = this.#entries; next !== undefined && next.at <= time; [next] = this.#entries) {
      this.#removeFirst();
      this.now = next.at;
      next.happens();
    }
    this.now = time;
  }

  #removeFirst(): void {
    const last = this.#entries.pop();
    if (last === undefined || this.#entries.length === 0) return;
    this.#entries[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const smaller = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(smaller, index)) return;
      this.#swap(smaller, index);
      index = smaller;
    }
  }

  #up(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const [a, b] = [this.#entries[left], this.#entries[right]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(left: number, right: number): void {
    const [a, b] = [this.#entries[left], this.#entries[right]];
    if (a === undefined || b === undefined) return;
    this.#entries[left] = b;
    this.#entries[right] = a;
  }
}
