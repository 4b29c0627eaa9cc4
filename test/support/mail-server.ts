/** A mail server as it runs on a cluster: Postfix, serving the certificate from a Secret, loaded anew when the Secret changes. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kubectl } from './kubectl.ts';
import { writeSecretFiles } from './operator.ts';
import { startPostfix, type PostfixServer } from './postfix.ts';
import { eventually } from './process.ts';

export interface MailServerProgram {
  readonly postfix: PostfixServer;
  /** Resolves when what the Secret holds now is what is served. */
  readonly reloaded: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface SecretData {
  readonly 'tls.crt'?: string;
}

/** Waits for the Secret, then serves what it holds. */
export async function startMailServer(options: {
  readonly dir: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly secretName: string;
  readonly hostname: string;
  readonly address: string;
}): Promise<MailServerProgram> {
  const { dir, kubeconfig, namespace, secretName, hostname, address } = options;
  const read = async (): Promise<SecretData | undefined> => {
    const { code, stdout } = await kubectl(
      kubeconfig,
      'get',
      'secret',
      secretName,
      '-n',
      namespace,
      '-o',
      'jsonpath={.data}',
    );
    return code === 0 && stdout !== '' ? (JSON.parse(stdout) as SecretData) : undefined;
  };
  let served = await eventually(`Secret ${namespace}/${secretName} exists`, read);
  const files = (): ReturnType<typeof writeSecretFiles> =>
    writeSecretFiles(join(dir, 'secret'), served as Record<string, string>);
  const postfix = await startPostfix({ dir: join(dir, 'postfix'), address, hostname, certificates: [files()] });

  const stop = new AbortController();
  const follow = async (): Promise<void> => {
    for (;;) {
      await delay(500, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      const now = await read();
      if (now?.['tls.crt'] === undefined || now['tls.crt'] === served['tls.crt']) continue;
      served = now;
      await postfix.reload([files()]);
      loaded = served['tls.crt'];
    }
  };
  let loaded = served['tls.crt'];
  const following = follow();
  return {
    postfix,
    reloaded: async () => {
      await eventually('Postfix serves what the Secret holds', async () => (await read())?.['tls.crt'] === loaded);
    },
    stop: async () => {
      stop.abort();
      await following;
      await postfix.stop();
    },
  };
}
