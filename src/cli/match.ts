import { judge, type Judgement, type RecordJudgement } from '../core/match.ts';
import { canonicalHostname } from '../core/name.ts';
import { formatTlsa, parseTlsa } from '../core/tlsa.ts';
import { readChain } from './chain-file.ts';
import { painter } from './color.ts';
import type { Command, ExitCode, Io } from './command.ts';
import { oneOf, parseOptions, required, usageError, type OptionTable } from './options.ts';

const FORMS = ['text', 'json'] as const;

const options = {
  hostname: { type: 'string', value: 'HOST', description: 'the host that the MX record names, not the mail domain' },
  record: {
    type: 'string',
    multiple: true,
    value: "'U S M HEX'",
    description: 'a record of the TLSA RRset; give them all',
  },
  at: { type: 'string', value: 'TIME', description: 'judge as of this time (RFC 3339) instead of now' },
  output: { type: 'string', short: 'o', default: 'text', value: FORMS.join('|'), description: 'form of the output' },
} satisfies OptionTable;

export const match: Command = {
  synopsis: "match --hostname HOST --record 'U S M HEX'... [OPTION]... CHAIN.pem|-",
  description: `Tells whether a mail server that validates DANE would deliver to a host that presents this chain (a PEM file, the leaf
first) while the TLSA RRset holds these records. Exit code 0: it would; 1: it would not.`,
  options,
  example: "tlsa-operator match --hostname mx1.example.nl --record '3 1 1 8bd1...' --record '2 1 1 e554...' tls.crt",
  run,
};

async function run(io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(options, io.args);
  const hostname = canonicalHostname(required(values.hostname, 'hostname'));
  const records = required(values.record, 'record').map(parseTlsa);
  const at = values.at === undefined ? new Date() : time(values.at);
  const form = oneOf(FORMS, values.output, 'output');
  const chain = await readChain(positionals, io);

  const judgement = judge(records, chain, hostname, at);
  io.stdout(form === 'json' ? json(judgement) : text(judgement, painter(io)));
  return judgement.accepts ? 0 : 1;
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function time(value: string): Date {
  const at = new Date(RFC_3339.test(value) ? value : NaN);
  if (Number.isNaN(at.getTime())) {
    throw usageError(`--at ${JSON.stringify(value)}: write a time as in 2026-11-22T14:00:00Z`);
  }
  return at;
}

function json({ accepts, strictlyAccepts, records }: Judgement): string {
  const told = records.map(({ record, ...judgement }) => ({ record: formatTlsa(record), ...judgement }));
  return `${JSON.stringify({ accepts, strictlyAccepts, records: told }, undefined, 2)}\n`;
}

function text({ accepts, strictlyAccepts, records }: Judgement, paint: ReturnType<typeof painter>): string {
  const verdict = !accepts
    ? `${paint('red', 'not accepted')}: a sender that validates DANE does not deliver`
    : strictlyAccepts
      ? `${paint('green', 'accepted')}: every sender that validates DANE delivers`
      : `${paint('yellow', 'accepted, but not strictly')}: one kind of record has no match, and a sender that knows only that kind does not deliver`;
  return [...records.map((judged) => `${formatTlsa(judged.record)}\n  ${told(judged)}`), verdict, ''].join('\n');
}

function told({ usable, matches, depth, reason }: RecordJudgement): string {
  if (!usable) return `cannot be used: ${reason}`;
  return matches ? `matches at depth ${depth ?? 0}: ${reason}` : `does not match: ${reason}`;
}
