/** What authoritative servers answered, for tests of the planner: times in seconds from a start. */
import type { NameServerFacts, ServerAnswer } from '../../src/core/facts.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';

export const START = Date.parse('2026-11-22T12:00:00Z');

/** A record by one letter: `a` is the `3 1 1` of a key whose digest is all `a`s; `A` the `2 1 1`. */
export function record(letter: string): string {
  const usage = letter === letter.toLowerCase() ? 3 : 2;
  return `${usage} 1 1 ${Buffer.from(letter.toLowerCase()).toString('hex').repeat(32)}`;
}

/** `ab`: an RRset of two records. */
export function rrset(letters: string): string[] {
  return letters.split('').map(record).sort();
}

export function answer(seconds: number, letters: string, more: Partial<ServerAnswer> = {}): ServerAnswer {
  return { at: new Date(START + 1000 * seconds), records: rrset(letters).map(parseTlsa), ...more };
}

/** A server that was seen to answer so, at these seconds. */
export function server(name: string, ...answers: readonly ServerAnswer[]): NameServerFacts {
  return { name, state: answers.length > 0 ? 'Answers' : 'Silent', answers };
}

/** Three times over half a minute. */
export function thrice(from: number, letters: string, more: Partial<ServerAnswer> = {}): ServerAnswer[] {
  return [0, 15, 30].map((seconds) => answer(from + seconds, letters, more));
}
