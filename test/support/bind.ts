/** BIND's named as a test runs it: its own folder and configuration, no rndc, in the foreground, stopped by its pid. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, run, startProgram, type RunningProgram } from './process.ts';

export interface BindServer {
  readonly address: string;
  readonly port: number;
  readonly program: RunningProgram;
}

export interface TsigKey {
  readonly name: string;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
  /** Base64. */
  readonly secret: string;
}

/** The `key` statement of named.conf. */
export function keyStatement({ name, algorithm, secret }: TsigKey): string {
  return `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`;
}

/**
 * Starts an authoritative server on port 53 of `address`, which an interface must have (hack/in-netns.sh), and waits until it answers.
 * `statements` are named.conf's, with file names relative to `dir`.
 */
export async function startBind(options: {
  readonly dir: string;
  readonly address: string;
  readonly statements: readonly string[];
  /** To be written into `dir`, by their names. */
  readonly files?: Readonly<Record<string, string>>;
}): Promise<BindServer> {
  const { dir, address } = options;
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(dir, name), text);
  writeFileSync(
    join(dir, 'named.conf'),
    `options {
  directory "${dir}";
  pid-file none;
  session-keyfile none;
  listen-on port 53 { ${address}; };
  listen-on-v6 { none; };
  query-source address ${address};
  notify-source ${address};
  transfer-source ${address};
  recursion no;
  dnssec-validation no;
  empty-zones-enable no;
  notify-delay 0;
  serial-query-rate 100;
};
controls { };
${options.statements.join('\n')}
`,
  );
  return runBind(options);
}

/** Runs the server with the configuration and the zones that it has in `dir`: also once more, after it was stopped. */
export async function runBind({
  dir,
  address,
}: {
  readonly dir: string;
  readonly address: string;
}): Promise<BindServer> {
  const program = startProgram({
    name: `named ${address}`,
    command: 'named',
    args: ['-g', '-n', '1', '-c', join(dir, 'named.conf')],
    logFile: join(dir, 'named.log'),
  });
  await started(program, `named on ${address} answers`, async () => {
    return (await run('dig', [`@${address}`, '+time=1', '+tries=1', '.', 'SOA'])).code === 0;
  });
  return { address, port: 53, program };
}

/** Waits until a server does what it should; where it does not, or ends, it is stopped and the error shows its log. */
export async function started(program: RunningProgram, what: string, probe: () => Promise<boolean>): Promise<void> {
  try {
    await eventually(what, () => !program.running() || probe());
    if (program.running()) return;
  } catch (error) {
    await program.stop();
    throw new Error(`${what}: no\n${program.log()}`, { cause: error });
  }
  throw new Error(`${what}: no, it ended\n${program.log()}`);
}
