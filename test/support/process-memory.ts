/** What stands in the memory of a running process (Linux, as root). */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const CHUNK = 16 * 1024 * 1024;

/** Which of these byte strings, each shorter than 64 KiB, stand somewhere in writable memory, and in which mappings. */
export function findInMemory(pid: number, needles: ReadonlyMap<string, Buffer>): string[] {
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const buffer = Buffer.alloc(CHUNK);
  const overlap = Math.max(...[...needles.values()].map(({ length }) => length)) - 1;
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').trim().split('\n')) {
      const [, from = '', to = '', mapping = ''] = /^(\w+)-(\w+) .w.. \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
      const end = parseInt(to, 16);
      for (let at = parseInt(from, 16); at < end; at += CHUNK - overlap) {
        const octets = buffer.subarray(0, readAt(memory, buffer.subarray(0, Math.min(CHUNK, end - at)), at));
        for (const [name, needle] of needles)
          if (octets.includes(needle)) found.add(`${name} in ${mapping || 'anonymous memory'}`);
      }
    }
  } finally {
    closeSync(memory);
  }
  return [...found].sort();
}

/** 0 where a mapping went meanwhile, or cannot be read. */
function readAt(memory: number, buffer: Buffer, at: number): number {
  try {
    return readSync(memory, buffer, 0, buffer.length, at);
  } catch {
    return 0;
  }
}
