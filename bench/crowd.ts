/** Thousands of MailServers, each with a Secret and a certificate of its own; few keys, because making keys is slow. */
import pLimit from 'p-limit';
import type { Cluster } from '../src/kube/cluster.ts';
import { createObject, type NewObject } from '../src/kube/objects.ts';
import { MAIL_SERVERS, pathOf, SECRETS, type KubeObject, type Secret } from '../src/kube/resource.ts';
import type { ZoneRecord } from '../test/support/dnssec-chain.ts';
import { makeCA, makeLeaf, type Issued } from '../test/support/pki.ts';

const KEYS = 16;
/** A key that nobody begins with. */
export const RENEWED = KEYS;
const CALLS_AT_ONCE = 16;
const TTL_SECONDS = 3600;

export interface Member {
  readonly name: string;
  readonly hostname: string;
  readonly owner: string;
}

export function members(prefix: string, count: number, zone: string): readonly Member[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${prefix}${index}`;
    return { name, hostname: `${name}.${zone}`, owner: `_25._tcp.${name}.${zone}` };
  });
}

/** Their addresses. Nothing listens there. */
export function addressRecords(crowd: readonly Member[]): readonly ZoneRecord[] {
  return crowd.map(({ hostname }) => ({ name: hostname, type: 'A', data: '10.53.2.10', ttl: TTL_SECONDS }));
}

/** Issues for any host; what it issues has an intermediate beside the leaf, as from a public CA. */
export interface Issuer {
  /** `generation` 1 has another key than 0. */
  readonly secret: (member: Member, namespace: string, generation?: number) => Promise<NewObject<Secret>>;
}

export async function makeIssuer(): Promise<Issuer> {
  const issuer = await makeCA({ name: 'Bench CA', issuer: await makeCA({ name: 'Bench Root' }) });
  const keys: Issued[] = [];
  for (let key = 0; key <= RENEWED; key++) keys.push(await makeLeaf({ names: ['key.invalid'], issuer }));
  let issued = 0;
  return {
    secret: async ({ name, hostname }, namespace, generation) => {
      const sameKeyAs = keys[generation ?? issued++ % KEYS];
      const leaf = await makeLeaf({ names: [hostname], issuer, ...(sameKeyAs && { sameKeyAs }) });
      const data = { 'tls.crt': base64(leaf.chainPem), 'tls.key': base64(leaf.keyPem) };
      return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, type: 'kubernetes.io/tls', data };
    },
  };
}

/** The mail servers cannot exist so often: nothing is probed. */
export function mailServer({ name, hostname }: Member, namespace: string): NewObject<KubeObject> {
  const spec = {
    hostnames: [hostname],
    certificates: [{ secretName: name }],
    providerRef: { name: 'bind' },
    ttlSeconds: TTL_SECONDS,
    verification: { probe: 'Disabled', dnssec: 'Ignore' },
  };
  return {
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'MailServer',
    metadata: { namespace, name },
    spec,
  } as NewObject<KubeObject>;
}

export async function createCrowd(
  cluster: Cluster,
  crowd: readonly Member[],
  namespace: string,
  issuer: Issuer,
  generation?: number,
): Promise<void> {
  await inParallel(crowd, async (member) => {
    await createObject(cluster, SECRETS, await issuer.secret(member, namespace, generation));
    await createObject(cluster, MAIL_SERVERS, mailServer(member, namespace));
  });
}

/** What cert-manager does. */
export async function replaceData(cluster: Cluster, { metadata, data }: NewObject<Secret>): Promise<void> {
  const contentType = 'application/merge-patch+json';
  await cluster.call({ method: 'PATCH', path: pathOf(SECRETS, metadata), contentType, body: { data } });
}

/** As many at once as the API server takes without queueing them. */
export async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const limit = pLimit(CALLS_AT_ONCE);
  await Promise.all(items.map((item) => limit(() => act(item))));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
