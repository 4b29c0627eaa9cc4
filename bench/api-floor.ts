/**
 * What the API server and etcd take for themselves: as many calls as a first publication cannot do without, for objects of the same size,
 * with as many at once. Nothing is decided, no DNS is asked.
 */
import pLimit from 'p-limit';
import type { MailServer } from '../src/api/mail-server.ts';
import { getObject, getSecret, patchMetadata, replaceStatus, type WriteResult } from '../src/kube/objects.ts';
import { MAIL_SERVERS } from '../src/kube/resource.ts';
import type { BenchSite } from './bench-site.ts';
import type { Member } from './crowd.ts';

const AT_ONCE = 64;
/** The intent; that it is done and everywhere; that no server shows anything older. */
const STATUS_WRITES = 3;

/** Seconds. The objects have the status of MailServers that are published; no operator may run. */
export async function apiFloor({ cluster }: BenchSite, crowd: readonly Member[], namespace: string): Promise<number> {
  const limit = pLimit(AT_ONCE);
  const mailServers = await Promise.all(
    crowd.map(({ name }) =>
      limit(async () => mustBe(await getObject<MailServer>(cluster, MAIL_SERVERS, { namespace, name }))),
    ),
  );
  const begun = performance.now();
  await Promise.all(mailServers.map((mailServer) => limit(() => publish(mailServer))));
  return (performance.now() - begun) / 1000;

  async function publish(mailServer: MailServer): Promise<void> {
    await getSecret(cluster, namespace, mailServer.metadata.name);
    const annotations = { 'bench.tlsa-operator.io/floor': 'true' };
    let object = written(await patchMetadata(cluster, MAIL_SERVERS, mailServer, { annotations }));
    for (let write = 0; write < STATUS_WRITES; write++) {
      const status = { ...object.status, lastHandledReconcileAt: `floor-${write}` };
      object = written(await replaceStatus(cluster, MAIL_SERVERS, { ...object, status }));
    }
  }
}

function mustBe<T>(object: T | undefined): T {
  if (object === undefined) throw new Error('a MailServer is gone');
  return object;
}

function written<T>(result: WriteResult<T>): T {
  if (result.outcome !== 'Written') throw new Error('somebody else writes MailServers');
  return result.object;
}
