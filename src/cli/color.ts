import { styleText } from 'node:util';
import type { Io } from './command.ts';

/** Colours words on a terminal, where nobody asked not to (https://no-color.org). */
export function painter({ isTTY, env }: Io): (color: 'green' | 'yellow' | 'red', text: string) => string {
  const plain = !isTTY || (env['NO_COLOR'] ?? '') !== '';
  return (color, text) => (plain ? text : styleText(color, text, { validateStream: false }));
}
