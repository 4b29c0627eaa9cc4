import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { linesOf } from '../../src/kube/lines.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

test('lines come out whole however the stream is cut, even inside a character; a last one cut off is dropped', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), line, fc.integer({ min: 1, max: 9 }), async (lines, cutOff, size) => {
      const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join('') + cutOff);
      const found: string[] = [];
      for await (const text of linesOf(pieces(bytes, size))) found.push(text);
      expect(found).toEqual(lines);
    }),
  );
});
