import type { Name } from '../core/name.ts';
import type { Lookup, Resolver } from './resolver.ts';

/** Passes over one MailServer follow each other closely. */
const MEMORY_MS = 5_000;

export interface RememberedLookups extends Resolver {
  /** The next look-up asks anew. */
  readonly forget: (name: Name) => void;
}

/** The same answers, each for a few seconds, and never longer than its TTL; what could not be found out is not kept. */
export function rememberedLookups(resolver: Resolver, monotonic: () => number): RememberedLookups {
  /** Oldest first. */
  const memory = new Map<string, { until: number; readonly answer: Promise<Lookup> }>();
  const sweep = (now: number): void => {
    for (const [key, { until }] of memory) {
      if (now < until) return;
      memory.delete(key);
    }
  };
  return {
    lookup: (name, type, signal) => {
      if (signal !== undefined) return resolver.lookup(name, type, signal);
      const now = monotonic();
      const key = `${name} ${type}`;
      const known = memory.get(key);
      if (known !== undefined && now < known.until) return known.answer;
      memory.delete(key);
      sweep(now);
      const answer = resolver.lookup(name, type);
      const entry = { until: now + MEMORY_MS, answer };
      memory.set(key, entry);
      answer.then(
        ({ ttlSeconds }) => {
          entry.until = now + Math.min(MEMORY_MS, 1000 * (ttlSeconds ?? Infinity));
        },
        () => {
          if (memory.get(key) === entry) memory.delete(key);
        },
      );
      return answer;
    },
    forget: (name) => {
      for (const key of memory.keys()) if (key.startsWith(`${name} `)) memory.delete(key);
    },
  };
}
