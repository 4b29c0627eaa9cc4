import type { Version } from './state.ts';

/** The newest version that the primary was seen to hold; as far as we know it stands there. */
export function lastWritten(versions: readonly Version[]): Version | undefined {
  return versions.findLast(({ kind }) => kind === 'Written');
}
