/**
 * A real Postfix that receives with TLS: an instance with its own configuration, queue and data folders; the system's own is
 * not touched. It relays and delivers nothing. Needs root (ports below 1024).
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { eventually, mustRun, run } from './process.ts';

export interface ServedCertificate {
  /** PEM: the leaf, then what is sent with it. */
  readonly chainFile: string;
  readonly keyFile: string;
}

export interface PostfixServer {
  readonly address: string;
  readonly log: () => string;
  /**
   * Reads the certificate files again, these or the same ones. A running smtpd serves what it loaded when it started (it lives for
   * up to 100 connections, or 100 idle seconds), so this waits until those of before are gone.
   */
  readonly reload: (certificates?: readonly ServedCertificate[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const SERVICES = `
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
postlog unix-dgram n - n - 1 postlogd
`;

/**
 * Starts Postfix on ports 25, 587 (both STARTTLS) and 465 (TLS at once) of `address`, which an interface must have
 * (hack/in-netns.sh); it serves when this resolves. One RSA certificate, one ECDSA certificate, or both; none at all: no STARTTLS.
 */
export async function startPostfix(options: {
  /** A folder of its own; made when it is not there. */
  readonly dir: string;
  readonly address: string;
  readonly hostname: string;
  readonly certificates: readonly ServedCertificate[];
}): Promise<PostfixServer> {
  const { dir, address, hostname } = options;
  const folder = (name: string): string => join(dir, name);
  for (const name of ['config', 'queue', 'data', 'tls']) mkdirSync(folder(name), { recursive: true });
  const [uid, gid] = (await mustRun('getent', ['passwd', 'postfix'])).split(':').slice(2, 4).map(Number);
  if (uid === undefined || gid === undefined) throw new Error('there is no user postfix');
  chownSync(folder('data'), uid, gid);
  letOthersPass(dir);

  let served = options.certificates;
  const configure = (): void => {
    writePostfixFile(
      folder('config/main.cf'),
      `compatibility_level = 3.6
queue_directory = ${folder('queue')}
data_directory = ${folder('data')}
maillog_file = ${folder('log')}
maillog_file_prefixes = ${dir}
inet_interfaces = ${address}
inet_protocols = ${address.includes(':') ? 'ipv6' : 'ipv4'}
myhostname = ${hostname}
mydestination =
local_recipient_maps =
alias_maps =
smtpd_peername_lookup = no
smtpd_tls_security_level = ${served.length > 0 ? 'may' : 'none'}
smtpd_tls_loglevel = 1
smtpd_tls_chain_files = ${served.map((certificate, index) => chainFile(folder('tls'), certificate, index)).join(', ')}
`,
    );
  };
  configure();
  const listener = address.includes(':') ? `[${address}]` : address;
  writePostfixFile(
    folder('config/master.cf'),
    `${listener}:25 inet n - n - - smtpd
${listener}:587 inet n - n - - smtpd
${listener}:465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes${SERVICES}`,
  );

  const log = (): string => readFileSync(folder('log'), 'utf8');
  const postfix = async (command: string): Promise<void> => {
    const { code } = await run('postfix', ['-c', folder('config'), command]);
    if (code !== 0) throw new Error(`postfix ${command} on ${address} ended with ${String(code)}:\n${log()}`);
  };
  await postfix('start');
  const master = readFileSync(folder('queue/pid/master.pid'), 'utf8').trim();
  return {
    address,
    log,
    reload: async (certificates = served) => {
      served = certificates;
      configure();
      const before = await smtpdProcesses(master);
      await postfix('reload');
      await eventually(`Postfix on ${address} has reloaded`, () => !before.some((pid) => existsSync(`/proc/${pid}`)));
    },
    stop: () => postfix('stop'),
  };
}

/** Dated back: Postfix waits up to two seconds for a new file to come to rest before it believes it. */
export function writePostfixFile(file: string, text: string): void {
  writeFileSync(file, text);
  const anHourAgo = Date.now() / 1000 - 3_600;
  utimesSync(file, anHourAgo, anHourAgo);
}

/** mkdtemp's folders can be entered by their owner only; Postfix's own user must get to its data. */
function letOthersPass(dir: string): void {
  for (let path = dir; path.startsWith(`${tmpdir()}/`); path = dirname(path)) {
    chmodSync(path, statSync(path).mode | 0o011);
  }
}

/** Postfix wants the key before its chain; in one file, put in place at once, the two always fit. */
function chainFile(dir: string, { chainFile, keyFile }: ServedCertificate, index: number): string {
  const file = join(dir, `${index}.pem`);
  writeFileSync(`${file}.new`, [keyFile, chainFile].map((one) => readFileSync(one, 'utf8')).join('\n'), {
    mode: 0o600,
  });
  renameSync(`${file}.new`, file);
  return file;
}

async function smtpdProcesses(master: string): Promise<string[]> {
  const { stdout } = await run('ps', ['--ppid', master, '-o', 'pid=,comm=']); // it ends with 1 when there are none
  return stdout.split('\n').flatMap((line) => {
    const [pid = '', name] = line.trim().split(/\s+/);
    return name === 'smtpd' ? [pid] : [];
  });
}
