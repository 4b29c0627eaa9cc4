/** Runs a command line in this process. */
import type { ExitCode, Io } from '../../src/cli/command.ts';
import { main } from '../../src/cli/index.ts';

export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export async function cli(
  args: readonly string[],
  given: Partial<Io> & { readonly input?: string } = {},
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const code = await main({
    args,
    stdin: () => Promise.resolve(given.input ?? ''),
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    env: {},
    isTTY: false,
    signal: new AbortController().signal,
    ...given,
  });
  return { code, stdout, stderr };
}
