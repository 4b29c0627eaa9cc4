/** The commands there are. Each is loaded when it is called: `generate` needs no Kubernetes client. */
import { OperatorError } from '../core/errors.ts';
import type { Command, ExitCode, Io } from './command.ts';
import { columns, commandHelp, PROGRAM } from './help.ts';

interface Row {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Row>> = {
  run: {
    summary: 'run the operator',
    load: async () => (await import('./run.ts')).run,
  },
  plan: {
    summary: 'tell what the operator would do now, and when next',
    load: async () => (await import('./plan.ts')).plan,
  },
  generate: {
    summary: 'print the TLSA records for a certificate chain',
    load: async () => (await import('./generate.ts')).generate,
  },
  match: {
    summary: 'tell whether senders would accept a chain with these records',
    load: async () => (await import('./match.ts')).match,
  },
  crd: {
    summary: 'print the CustomResourceDefinitions',
    load: async () => (await import('./crd.ts')).crd,
  },
};

const HELP = `Usage: ${PROGRAM} COMMAND [OPTION]...

Keeps the DANE TLSA records of mail servers on Kubernetes right.

Commands:
${columns(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]))}

Exit codes: 0 yes or done; 1 no; 2 wrong usage or bad input; 3 could not be found out.

Example:
  ${PROGRAM} generate --hostname mx1.example.nl tls.crt

Help on a command: ${PROGRAM} COMMAND --help
`;

/** Runs a command line; `io.args` begins with the name of the command. */
export async function main(io: Io): Promise<ExitCode> {
  const [name, ...args] = io.args;
  if (name === '--help' || name === '-h') {
    io.stdout(HELP);
    return 0;
  }
  if (name === undefined) {
    io.stderr(HELP);
    return 2;
  }
  const row = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (row === undefined) {
    io.stderr(`${PROGRAM}: there is no command ${JSON.stringify(name)}; see ${PROGRAM} --help\n`);
    return 2;
  }
  const command = await row.load();
  if (asksForHelp(args)) {
    io.stdout(commandHelp(command));
    return 0;
  }
  try {
    return await command.run({ ...io, args });
  } catch (error) {
    return failed(io, name, error);
  }
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

function failed(io: Io, name: string, error: unknown): ExitCode {
  const told = error instanceof Error ? error.message : String(error);
  io.stderr(`${PROGRAM} ${name}: ${told}\n`);
  if (!(error instanceof OperatorError)) return 3;
  if (error.code === 'InvalidUsage') io.stderr(`See ${PROGRAM} ${name} --help\n`);
  return error.kind === 'Stalled' ? 2 : 3;
}
