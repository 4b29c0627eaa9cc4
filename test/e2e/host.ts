/** One mail server whose certificates change: its namespace, its pod, and what the operator says and publishes. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MailServer } from '../../src/api/mail-server.ts';
import type { Caller } from '../../src/kube/cluster.ts';
import { MAIL_SERVERS, pathOf } from '../../src/kube/resource.ts';
import { createTenant, type Tenant } from '../controller/tenant.ts';
import { opensslSPKI } from '../support/openssl.ts';
import type { Issued } from '../support/pki.ts';
import { eventually } from '../support/process.ts';
import type { Site } from '../support/site.ts';
import type { Rule, Witness } from '../support/witness.ts';
import { startPod, type Pod } from './pod.ts';
import { random } from './random.ts';

/** As the Role of deploy/promote has it. */
export const LIVE = 'mx1-tls-live';
export const PERMITTED = { 'tlsa-operator.io/promote-to': LIVE };
const ROLE = join(import.meta.dirname, '../../deploy/promote/role.yaml');

export type Mode = 'Observe' | 'Promote' | 'Gate';

export interface Place {
  readonly address: string;
  readonly ttlSeconds: number;
}

export class Host {
  readonly tenant: Tenant;
  readonly #mode: Mode;
  readonly #cluster: Caller;
  readonly #witness: Witness;
  #pod: Pod | undefined;

  private constructor(tenant: Tenant, mode: Mode, cluster: Caller, witness: Witness) {
    this.tenant = tenant;
    this.#mode = mode;
    this.#cluster = cluster;
    this.#witness = witness;
  }

  /** The API server may be restarting: what is asked of it here is asked again. */
  static async create(site: Site, cluster: Caller, witness: Witness, mode: Mode, name: string): Promise<Host> {
    const tenant = await again(() => createTenant(site, name));
    if (mode === 'Promote') await again(() => tenant.kubectl('apply', `--filename=${ROLE}`));
    return new Host(tenant, mode, cluster, witness);
  }

  get hostname(): string {
    return this.tenant.hostname;
  }

  /** As cert-manager would. */
  async store({ chainPem, keyPem }: Issued): Promise<void> {
    const metadata = { name: 'tls', ...(this.#mode === 'Promote' ? { annotations: PERMITTED } : {}) };
    const stringData = { 'tls.crt': chainPem, 'tls.key': keyPem };
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, stringData };
    await again(() => this.tenant.apply(secret));
  }

  /** The certificate is stored: starts the pod, under the witness's eyes, and waits until its records are published. */
  async publish({ address, ttlSeconds }: Place, rule: Rule): Promise<void> {
    const { namespace, site } = this.tenant;
    const secretName = this.#mode === 'Promote' ? LIVE : 'tls';
    const create = (): Promise<void> =>
      again(() =>
        this.tenant.mailServer({
          certificates: [{ secretName: 'tls', ...(this.#mode === 'Promote' ? { servingSecretName: LIVE } : {}) }],
          ttlSeconds,
          rollover: { retireAfter: '1m', waitTTLs: 1 },
          verification: { interval: '1m' },
        }),
      );
    // In Promote there is no Secret for the pod without a MailServer.
    if (this.#mode === 'Promote') await create();
    this.#pod = await startPod({
      ...{ dir: join(site.dir, namespace), cluster: this.#cluster, namespace, secretName, address },
      ...{ hostname: this.hostname, random: random(namespace), onKey: this.#witness.knows },
    });
    this.#witness.watch({ hostname: this.hostname, address, ttlSeconds }, rule);
    if (this.#mode !== 'Promote') await create();
    await this.until('Ready=True');
  }

  /** Waits for a condition: `Ready=True`, `Covered=False NoTrustAnchor`. */
  async until(wanted: string): Promise<void> {
    await this.untilStatus(wanted, ({ metadata, status }) =>
      (status.conditions ?? []).some(
        ({ type, status: value, reason, observedGeneration }) =>
          [`${type}=${value}`, `${type}=${value} ${reason}`].includes(wanted) &&
          observedGeneration === metadata.generation,
      ),
    );
  }

  /** Waits until the pod presents this chain, all that belongs to others is gone, and no cache may have anything else (`announced` apart). */
  async untilSettled(chainPem: string, announced: readonly Issued[] = []): Promise<void> {
    const records = await recordsOf(chainPem, announced);
    await this.untilStatus('settled', ({ status }) => {
      const chains = (status.certificates ?? []).flatMap((certificate) => certificate.chains);
      const published = (status.recordSets ?? []).flatMap((set) => set.records.map(({ data }) => data));
      return (
        chains.every(({ state }) => state === 'Serving') &&
        status.rollover?.step === 'Idle' &&
        published.toSorted().join() === records.join() &&
        this.#pod?.serves() === chainPem
      );
    });
    await eventually(`${this.hostname}: no cache has anything else`, () =>
      this.held().every((held) => held.join() === records.join()),
    );
  }

  async untilServed(chainPem: string): Promise<void> {
    await this.untilStatus('served', () => this.#pod?.serves() === chainPem);
  }

  held(): readonly (readonly string[])[] {
    return this.#witness.held(this.hostname);
  }

  async stop(): Promise<void> {
    await this.#pod?.stop();
  }

  private async untilStatus(what: string, isSo: (mailServer: MailServer) => boolean): Promise<void> {
    const path = pathOf(MAIL_SERVERS, { namespace: this.tenant.namespace, name: 'mx' });
    let last: MailServer | undefined;
    const look = async (): Promise<boolean> => {
      await delay(900);
      last = await this.#cluster.call<MailServer>({ method: 'GET', path });
      return isSo(last);
    };
    try {
      await eventually(`${this.hostname}: ${what}`, look, 500_000);
    } catch (cause) {
      throw new Error(`${this.hostname}: never ${what}: ${JSON.stringify(last?.status, undefined, 2)}`, { cause });
    }
  }
}

export function again<T>(attempt: () => Promise<T>): Promise<T> {
  return eventually('the API server does it', async () => ({ value: await attempt() })).then(({ value }) => value);
}

/** Of a chain, each certificate in its place, and of CAs that are announced: what is published in the end. Sorted. */
async function recordsOf(chainPem: string, announced: readonly Issued[]): Promise<string[]> {
  const [leaf = '', ...above] = chainPem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const cas = [...above, ...announced.map(({ pem }) => pem)].map(async (pem) => `2 1 1 ${await opensslSPKI(pem)}`);
  return [...new Set([`3 1 1 ${await opensslSPKI(leaf)}`, ...(await Promise.all(cas))])].sort();
}
