/** What a command is, and what it is given: nothing in src/cli touches `process`, so that tests run commands in their own process. */
import type { OptionTable } from './options.ts';

/** 0 yes or done; 1 no; 2 wrong usage or bad input; 3 could not be found out. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Io {
  /** What follows the name of the command. */
  readonly args: readonly string[];
  /** Reads standard input to its end. */
  readonly stdin: () => Promise<string>;
  /** For data. */
  readonly stdout: (text: string) => void;
  /** For words. */
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output is a terminal. */
  readonly isTTY: boolean;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

export interface Command {
  /** How it is called, after the name of the program. */
  readonly synopsis: string;
  readonly description: string;
  readonly options: OptionTable;
  readonly example: string;
  /** @throws OperatorError `Stalled`: exit code 2; `Transient`, and any other error: exit code 3 */
  readonly run: (io: Io) => Promise<ExitCode>;
}
