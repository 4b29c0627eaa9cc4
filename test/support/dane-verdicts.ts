/**
 * OpenSSL's verdicts on chains that were seen, some time ago: `s_client` with DANE against an `s_server` that presents the same once more,
 * certificate by certificate. Nothing of ours compares anything.
 */
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { opensslDane } from './dane-judges.ts';
import { eventually, startProgram, type RunningProgram } from './process.ts';

/** DER, as sent: leaf first. */
export type Chain = readonly Uint8Array[];

const PATIENCE_MS = 60_000;

interface Verdict {
  readonly atMs: number;
  readonly objection: Promise<string | undefined>;
}

export class DaneVerdicts {
  readonly #dir: string;
  readonly #keys = new Map<string, string>();
  readonly #servers = new Map<string, Promise<{ readonly port: number; readonly program: RunningProgram }>>();
  readonly #verdicts = new Map<string, Verdict>();
  /** Two cores, shared with all that is watched. */
  readonly #limit = pLimit(2);
  #given = 0;

  /** `dir`: a folder of its own; made when it is not there. It will hold private keys of the test. */
  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  get given(): number {
    return this.#given;
  }

  /** A private key (PEM) that a server is about to use: a chain can be presented again only with its key. */
  knows(keyPem: string): void {
    this.#keys.set(spki(createPublicKey(createPrivateKey(keyPem))), keyPem);
  }

  /** What OpenSSL says against this chain of this host, by these records; nothing if it verifies. Asked anew after a minute. */
  objection(chain: Chain, hostname: string, records: readonly string[]): Promise<string | undefined> {
    const key = [hostname, idOf(chain), ...records].join(' ');
    const known = this.#verdicts.get(key);
    if (known !== undefined && Date.now() - known.atMs < PATIENCE_MS) return known.objection;
    const objection = this.#limit(() => this.#judge(chain, hostname, records));
    this.#verdicts.set(key, { atMs: Date.now(), objection });
    return objection;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers.values()) await (await server).program.stop();
  }

  async #judge(chain: Chain, hostname: string, records: readonly string[]): Promise<string | undefined> {
    const id = idOf(chain);
    const server = this.#servers.get(id) ?? this.#present(chain, id);
    this.#servers.set(id, server);
    const { port } = await server;
    const { verified, output } = await opensslDane({ address: '127.0.0.1', port, hostname, records });
    this.#given += 1;
    return verified ? undefined : output;
  }

  async #present(chain: Chain, id: string): Promise<{ port: number; program: RunningProgram }> {
    const [leaf, ...above] = chain.map((der) => new X509Certificate(der));
    const key = leaf === undefined ? undefined : this.#keys.get(spki(leaf.publicKey));
    if (leaf === undefined || key === undefined) throw new Error('a chain whose private key the test does not have');
    const file = (name: string, text: string): string => {
      const path = join(this.#dir, `${id.slice(0, 16)}.${name}`);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const sent = above.length === 0 ? [] : ['-cert_chain', file('cas', above.map(String).join(''))];
    const logFile = file('log', '');
    const program = startProgram({
      name: 's_server',
      command: 'openssl',
      args: [
        ...['s_server', '-accept', '127.0.0.1:0', '-cert', file('crt', leaf.toString()), '-key', file('key', key)],
        ...[...sent, '-no-CAfile', '-no-CApath', '-no-CAstore', '-no_ticket', '-www'],
      ],
      logFile,
    });
    const port = await eventually('openssl s_server says where it listens', () => {
      if (!program.running()) throw new Error(`openssl s_server ended:\n${program.log()}`);
      return /^ACCEPT .*:(\d+)$/m.exec(readFileSync(logFile, 'utf8'))?.[1];
    });
    return { port: Number(port), program };
  }
}

export function idOf(chain: Chain): string {
  return createHash('sha256').update(Buffer.concat(chain)).digest('hex');
}

function spki(key: { export: (options: { type: 'spki'; format: 'der' }) => Buffer }): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}
