/** So many different parts are known for sure; twice as many at the most. */
const KNOWN = 2048;

/**
 * Keeps once what is the same in thousands of objects: words, and objects and lists that hold nothing but plain values (most conditions).
 * What was not met for a long time is forgotten, and kept once more when it is met again.
 */
export class Shared {
  readonly #texts = new Known<string>();
  readonly #parts = new Known<object>();

  /** An equal value, in which what others have too is theirs. */
  of<T>(value: T): T {
    if (typeof value === 'string') return this.#texts.of(value, value) as T & string;
    if (!isJson(value)) return value;
    const copy = (Array.isArray(value) ? [...(value as readonly unknown[])] : { ...value }) as Record<string, unknown>;
    let isPlain = true;
    for (const [key, part] of Object.entries(copy)) {
      copy[key] = this.of(part);
      isPlain &&= typeof part !== 'object';
    }
    return (isPlain ? this.#parts.of(JSON.stringify(copy), copy) : copy) as T;
  }
}

class Known<T> {
  #met = new Map<string, T>();
  #metBefore = new Map<string, T>();

  of(key: string, value: T): T {
    const known = this.#met.get(key) ?? this.#metBefore.get(key) ?? value;
    if (this.#met.size >= KNOWN) {
      this.#metBefore = this.#met;
      this.#met = new Map();
    }
    this.#met.set(key, known);
    return known;
  }
}

/** An object or a list; not what was made of one, as a Date. */
function isJson(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
