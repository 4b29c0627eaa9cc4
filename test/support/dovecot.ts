/**
 * A real Dovecot for IMAP (143, 993) and POP3 (110, 995): an instance with its own configuration and folders; the system's own is not
 * touched. Nobody can log in. Needs root (ports below 1024). The configuration is in the language of Dovecot 2.3.
 */
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ServedCertificate } from './postfix.ts';
import { eventually, startProgram } from './process.ts';

export interface DovecotServer {
  readonly address: string;
  readonly log: () => string;
  readonly stop: () => Promise<unknown>;
}

/** It serves when this resolves. One certificate, or one RSA and one ECDSA. */
export async function startDovecot(options: {
  /** A folder of its own; made when it is not there. */
  readonly dir: string;
  /** An interface must have it (hack/in-netns.sh). */
  readonly address: string;
  readonly certificates: readonly [ServedCertificate, ServedCertificate?];
}): Promise<DovecotServer> {
  const { dir, address } = options;
  const [certificate, alternative] = options.certificates;
  mkdirSync(dir, { recursive: true });
  const config = join(dir, 'dovecot.conf');
  const logFile = join(dir, 'log');
  const files = (prefix: string, { chainFile, keyFile }: ServedCertificate): string =>
    `${prefix}_cert = <${chainFile}\n${prefix}_key = <${keyFile}\n`;
  writeFileSync(
    config,
    `base_dir = ${join(dir, 'run')}
state_dir = ${join(dir, 'state')}
log_path = ${logFile}
protocols = imap pop3
listen = ${address}
ssl = required
${files('ssl', certificate)}${alternative === undefined ? '' : files('ssl_alt', alternative)}
passdb {
  driver = static
  args = user=nobody-at-all
}
`,
  );
  const program = startProgram({ name: 'dovecot', command: 'dovecot', args: ['-F', '-c', config], logFile });
  await eventually(`Dovecot serves on ${address}`, async () => {
    if (!program.running()) throw new Error(`Dovecot ended:\n${program.log()}`);
    for (const port of [143, 993, 110, 995]) {
      const socket = connect(port, address);
      await once(socket, 'connect');
      socket.destroy();
    }
    return true;
  });
  return { address, log: () => readFileSync(logFile, 'utf8'), stop: () => program.stop() };
}
