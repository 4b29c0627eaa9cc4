/** Programs that a test starts: each with its own log file, waited for, and stopped by its pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface RunningProgram {
  readonly pid: number;
  readonly logFile: string;
  /** False once the program has ended. */
  readonly running: () => boolean;
  readonly log: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Signals the program and waits until it is gone; a second signal, SIGKILL, after `graceMs`. Returns the exit code. */
  readonly stop: (signal?: NodeJS.Signals, graceMs?: number) => Promise<number | undefined>;
  /** Resolves with the exit code (undefined when a signal ended it). */
  readonly ended: Promise<number | undefined>;
}

export function startProgram(program: Program): RunningProgram {
  const log = openSync(program.logFile, 'a');
  const child: ChildProcess = spawn(program.command, program.args, {
    stdio: ['ignore', log, log],
    cwd: program.cwd,
    env: program.env === undefined ? process.env : { ...process.env, ...program.env },
  });
  closeSync(log);
  let gone = false;
  const ended = new Promise<number | undefined>((resolve) => {
    child.once('error', () => {
      gone = true;
      resolve(undefined);
    });
    child.once('exit', (code) => {
      gone = true;
      resolve(code ?? undefined);
    });
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program.name}: cannot start ${program.command}`);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<number | undefined> => {
    if (!gone) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const code = await ended;
    clearTimeout(timer);
    return code;
  };
  return {
    pid,
    logFile: program.logFile,
    running: () => !gone,
    log: () => readFileSync(program.logFile, 'utf8'),
    signal: (signal) => child.kill(signal),
    stop,
    ended,
  };
}

export interface Output {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; the exit code is for the caller to judge. */
export async function run(
  command: string,
  args: readonly string[],
  options: {
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly timeoutMs?: number;
  } = {},
): Promise<Output> {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    timeout: options.timeoutMs ?? 300_000,
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined); // a program that does not read its input is fine
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? undefined, stdout, stderr };
}

/** `run`, where anything but exit code 0 is an error that shows what the program said. */
export async function mustRun(...parameters: Parameters<typeof run>): Promise<string> {
  const output = await run(...parameters);
  if (output.code !== 0) {
    const [command, args] = parameters;
    throw new Error(
      `${command} ${args.join(' ')} ended with ${String(output.code)}:\n${output.stderr}${output.stdout}`,
    );
  }
  return output.stdout;
}

/**
 * Asks again and again until `probe` gives something (not undefined, not false) and returns that.
 * The last error, if any, is the cause of the one that is thrown after `timeoutMs`.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 300_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > end) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`, { cause });
    await delay(100);
  }
}
