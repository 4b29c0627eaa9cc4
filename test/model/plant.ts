/** Loads one source file with a planted fault. To be called before anything of it is loaded. */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Mutant } from './mutant.ts';

const TOP = new URL('../../', pathToFileURL(import.meta.filename));

export function plant({ name, file, find, replace }: Mutant): void {
  const { href } = new URL(file, TOP);
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (url !== href) return loaded;
      const parts = textOf(loaded.source).split(find);
      if (parts.length !== 2) throw new Error(`"${name}": its text stands ${parts.length - 1} times in ${file}`);
      return { ...loaded, source: parts.join(replace) };
    },
  });
}

function textOf(source: unknown): string {
  if (typeof source === 'string') return source;
  if (source instanceof Uint8Array) return Buffer.from(source).toString();
  throw new Error('a module without a text');
}
