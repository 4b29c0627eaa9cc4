/** Another time of day for one program, by libfaketime; its monotonic clock stays as it is. */
import { globSync } from 'node:fs';

/** The environment in which a program's clock is ahead by so many seconds. */
export function clockAhead(seconds: number): Readonly<Record<string, string>> {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  if (library === undefined) throw new Error('libfaketime is missing: run make setup');
  return { LD_PRELOAD: library, FAKETIME: `+${seconds}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
