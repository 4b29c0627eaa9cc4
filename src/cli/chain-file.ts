/** The certificate chain that a command line names. */
import { readFile } from 'node:fs/promises';
import { parseChain, type Chain } from '../core/certificate.ts';
import { OperatorError, stalled, transient } from '../core/errors.ts';
import type { Io } from './command.ts';
import { usageError } from './options.ts';

/**
 * Reads the one argument `CHAIN.pem`, or standard input for `-`.
 * @throws OperatorError `InvalidUsage`, `FileNotFound`, `FileUnreadable`, and those of `parseChain`
 */
export async function readChain(positionals: readonly string[], io: Io): Promise<Chain> {
  const [path] = positionals;
  if (path === undefined) throw usageError('name the file with the certificate chain, or - for standard input');
  if (positionals.length > 1) throw usageError('name one file: leaf and CA certificates in one, the leaf first');
  const pem = path === '-' ? await io.stdin() : await readText(path);
  try {
    return parseChain(pem);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError('Stalled', error.code, `${path === '-' ? 'standard input' : path}: ${error.message}`, {
      cause: error,
    });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code)) throw stalled('FileNotFound', `there is no file ${path}`);
    throw transient('FileUnreadable', `cannot read ${path} (${code})`);
  }
}
