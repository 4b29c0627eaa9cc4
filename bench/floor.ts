/**
 * What any controller must do between a changed Secret and its record, one after the other, with the same parts as the operator: watch
 * event, Secret GET, one status write, one UPDATE. Nothing is looked at, nothing is decided.
 */
import type { MailServer } from '../src/api/mail-server.ts';
import type { RecordSet } from '../src/core/record-set.ts';
import { daneEE, type TlsaRecord } from '../src/core/tlsa.ts';
import { systemClock } from '../src/kube/clock.ts';
import { getObject, getSecret, replaceStatus } from '../src/kube/objects.ts';
import { reflect } from '../src/kube/reflector.ts';
import { MAIL_SERVERS, SECRETS, type PartialObject } from '../src/kube/resource.ts';
import { Store } from '../src/kube/store.ts';
import { createLogger } from '../src/observe/log.ts';
import type { BenchSite } from './bench-site.ts';
import type { Member } from './crowd.ts';
import { providerFor } from './primary.ts';

const log = createLogger({ level: 'error', format: 'json' });
const PUBLISHED: readonly TlsaRecord[] = [daneEE('aa'.repeat(32)), daneEE('bb'.repeat(32))];
const TTL_SECONDS = 3600;

export interface Floor {
  /** Gives these records, and makes each follow its Secret from here on, once. */
  readonly follow: (crowd: readonly Member[], status: MailServer['status']) => Promise<void>;
  readonly stop: () => void;
}

/** For the Secrets and MailServers of one namespace. */
export async function startFloor({ cluster, chain }: BenchSite, namespace: string): Promise<Floor> {
  const provider = providerFor(chain);
  const zone = { name: chain.zone, signing: 'Unknown' as const };
  const write = async (owner: string, add: readonly TlsaRecord[], expected: RecordSet): Promise<void> => {
    const change = { owner, add, remove: [], ttlSeconds: TTL_SECONDS, expected };
    const [result] = await provider.change(zone, [change]);
    if (result?.outcome !== 'Applied') throw new Error(`the floor's UPDATE: ${String(result?.outcome)}`);
  };

  const secrets = new Store<PartialObject>(log);
  const stopping = new AbortController();
  void reflect(
    {
      cluster,
      resource: SECRETS,
      store: secrets,
      namespaces: [namespace],
      metadataOnly: true,
      fieldSelector: 'type=kubernetes.io/tls',
      clock: systemClock,
      random: Math.random,
      log,
    },
    stopping.signal,
  );
  await secrets.synced;

  return {
    follow: async (crowd, status) => {
      const following = new Map<string, { readonly owner: string; readonly mailServer: MailServer }>();
      for (const { name, owner } of crowd) {
        const mailServer = await getObject<MailServer>(cluster, MAIL_SERVERS, { namespace, name });
        if (mailServer === undefined) throw new Error(`there is no MailServer ${name}`);
        following.set(name, { owner, mailServer });
        await write(owner, PUBLISHED, { records: [], ttlSeconds: undefined });
      }
      secrets.subscribe(({ object }) => {
        const name = object?.metadata.name ?? '';
        const followed = following.get(name);
        if (followed === undefined) return;
        following.delete(name);
        void (async () => {
          await getSecret(cluster, namespace, name);
          await replaceStatus(cluster, MAIL_SERVERS, { ...followed.mailServer, status });
          const expected = { records: PUBLISHED, ttlSeconds: TTL_SECONDS };
          await write(followed.owner, [daneEE('cc'.repeat(32))], expected);
        })();
      });
    },
    stop: () => {
      stopping.abort();
    },
  };
}
