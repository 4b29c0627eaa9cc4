#!/usr/bin/env node
/** argv -> command; the only file that touches `process`. */
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { main } from './cli/index.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second signal ends the program at once, as by default.
  process.once(name, () => {
    stop.abort();
  });
}

// `tlsa-operator crd | head` closes the pipe early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await main({
  args: process.argv.slice(2),
  stdin: () => text(addAbortSignal(stop.signal, process.stdin)),
  stdout: (data) => process.stdout.write(data),
  stderr: (words) => process.stderr.write(words),
  env: process.env,
  isTTY: process.stdout.isTTY,
  signal: stop.signal,
});
