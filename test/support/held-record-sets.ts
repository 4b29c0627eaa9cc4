/**
 * Every RRset that a cache somewhere may hold: one that honours TTLs keeps an answer for TTL + 1 s (Unbound does), and may have asked at
 * the last moment at which any authoritative server gave it. One's own cache may be lucky; this is the unluckiest of all.
 */
import type { TlsaAnswer } from './tlsa-answers.ts';

export class HeldRecordSets {
  readonly #held = new Map<string, { readonly records: readonly string[]; readonly untilMs: number }>();

  /** An authoritative server gave this; it was asked at `atMs`. That there are no records is not kept: it demands nothing of a server. */
  published({ records, ttlSeconds }: TlsaAnswer, atMs: number): void {
    if (records.length === 0) return;
    const key = records.join(', ');
    const untilMs = Math.max(atMs + (ttlSeconds + 1) * 1000, this.#held.get(key)?.untilMs ?? 0);
    this.#held.set(key, { records, untilMs });
  }

  at(nowMs: number): readonly (readonly string[])[] {
    for (const [key, { untilMs }] of this.#held) if (untilMs <= nowMs) this.#held.delete(key);
    return [...this.#held.values()].map(({ records }) => records);
  }
}
