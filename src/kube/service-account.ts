/** Who we are in a pod. Two files and two variables: no library is loaded for them, which would take half as much memory as all the rest. */
import { accessSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { Access, Credentials } from './access.ts';

const DIR = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN = `${DIR}/token`;
/** The kubelet brings a new token many minutes before the old one ends. */
const MEMORY_MS = 60_000;

export type Environment = Readonly<Record<string, string | undefined>>;

export function isInPod(env: Environment): boolean {
  if (env['KUBERNETES_SERVICE_HOST'] === undefined) return false;
  try {
    accessSync(TOKEN);
    return true;
  } catch {
    return false;
  }
}

/** @param monotonic milliseconds since some moment; never set */
export function serviceAccount(env: Environment, monotonic: () => number): Access {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  let last: { readonly at: number; readonly credentials: Credentials } | undefined;
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    credentials: async () => {
      if (last === undefined || monotonic() - last.at >= MEMORY_MS) {
        last = { at: monotonic(), credentials: await readCredentials() };
      }
      return last.credentials;
    },
  };
}

async function readCredentials(): Promise<Credentials> {
  const [token, ca] = await Promise.all([readFile(TOKEN, 'utf8'), readFile(`${DIR}/ca.crt`)]);
  return { headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } };
}
