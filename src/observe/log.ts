import { createRequire } from 'node:module';
import type { prettyFactory } from 'pino-pretty';
import pino, { type DestinationStream, type Logger } from 'pino';
import { serializeError } from './error.ts';

export type { Logger };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
  /** Default: standard error. */
  readonly destination?: DestinationStream;
}

/** What holds secrets by its name, wherever it stands in the first four levels of a line: a second fence, for we log none. */
const SECRET_NAMES = [
  'data',
  'stringData',
  'tls.key',
  'tlsKey',
  'privateKey',
  'secret',
  'tsigSecret',
  'token',
  'password',
  'authorization',
  'Authorization',
];

const REDACTED_PATHS = ['', '*', '*.*', '*.*.*'].flatMap((parents) =>
  SECRET_NAMES.map((name) => `${parents}["${name}"]`),
);

/** One line for each message: time, level, msg, and what it is about. An error goes under `err`. */
export function createLogger({
  level,
  format,
  destination = pino.destination({ dest: 2, sync: true }),
}: LogOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    serializers: { err: serializeError },
  };
  if (format === 'json') {
    return pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, destination);
  }
  // Loaded only when used: it costs 11 MiB.
  const pretty = createRequire(import.meta.url)('pino-pretty') as { readonly prettyFactory: typeof prettyFactory };
  const prettify = pretty.prettyFactory({ translateTime: 'SYS:HH:MM:ss.l' });
  return pino(options, {
    write: (line) => {
      destination.write(prettify(line));
    },
  });
}
