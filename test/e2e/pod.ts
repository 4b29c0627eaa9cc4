/** A pod with Postfix that mounts a Secret. A double of kubelet: there are no nodes. Its files change when the Secret does, some seconds late. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Caller } from '../../src/kube/cluster.ts';
import { pathOf, SECRETS, type Secret } from '../../src/kube/resource.ts';
import { writeSecretFiles } from '../support/operator.ts';
import { startPostfix } from '../support/postfix.ts';
import { eventually } from '../support/process.ts';
import type { Random } from './random.ts';

export interface Pod {
  /** PEM: what Postfix has loaded. */
  readonly serves: () => string;
  readonly stop: () => Promise<void>;
}

export interface PodOptions {
  readonly dir: string;
  readonly cluster: Caller;
  readonly namespace: string;
  readonly secretName: string;
  readonly hostname: string;
  readonly address: string;
  readonly random: Random;
  /** A private key that is about to be used. */
  readonly onKey: (keyPem: string) => void;
}

/** Waits for the Secret, as a pod does; Postfix answers when this resolves. */
export async function startPod(options: PodOptions): Promise<Pod> {
  const { dir, cluster, namespace, secretName, hostname, address, random } = options;
  /** Nothing while there is no such Secret, or no API server. */
  const read = async (): Promise<Readonly<Record<string, string>> | undefined> => {
    await delay(900);
    const path = pathOf(SECRETS, { namespace, name: secretName });
    return (await cluster.call<Secret>({ method: 'GET', path }).catch(() => undefined))?.data;
  };
  const mount = (data: Readonly<Record<string, string>>): ReturnType<typeof writeSecretFiles> => {
    options.onKey(Buffer.from(data['tls.key'] ?? '', 'base64').toString());
    return writeSecretFiles(join(dir, 'mounted'), data);
  };
  let mounted = await eventually(`Secret ${namespace}/${secretName} exists`, read);
  const certificates = [mount(mounted)];
  const postfix = await startPostfix({ dir: join(dir, 'postfix'), address, hostname, certificates });

  const stopped = new AbortController();
  const follow = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const data = await read();
      if (data === undefined || data['tls.crt'] === mounted['tls.crt']) continue;
      await delay(random.between(1_000, 6_000));
      await postfix.reload([mount(data)]);
      mounted = data;
    }
  };
  const following = follow();
  return {
    serves: () => Buffer.from(mounted['tls.crt'] ?? '', 'base64').toString(),
    stop: async () => {
      stopped.abort();
      await following;
      await postfix.stop();
    },
  };
}
