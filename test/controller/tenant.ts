/** One scenario: a namespace with a certificate, a DNSProvider and MailServers, as a person would make and watch them. */
import type { MailServer } from '../../src/api/mail-server.ts';
import { apply, kubectl, mustKubectl } from '../support/kubectl.ts';
import { opensslSPKI } from '../support/openssl.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { eventually } from '../support/process.ts';
import type { Site } from '../support/site.ts';

const API_VERSION = 'tlsa-operator.io/v1alpha1';

export interface ConditionSeen {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface TenantOptions {
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The primary; default: the chain's. */
  readonly server?: string;
}

type Spec = Readonly<Record<string, unknown>>;

let issuingCA: Promise<Issued> | undefined;
/** Every certificate of this test file, with its private key. */
export const everIssued: Issued[] = [];

/** A certificate from the CA that all share, below a root that nobody sends. */
export async function issue(...names: readonly string[]): Promise<Issued> {
  issuingCA ??= makeCA({ name: 'root' }).then((issuer) => makeCA({ name: 'issuing CA', issuer }));
  const issued = await makeLeaf({ names, issuer: await issuingCA });
  everIssued.push(issued);
  return issued;
}

/** The records that belong to these certificates, sorted. */
export async function recordsOf(...certificates: readonly Issued[]): Promise<string[]> {
  const ca = await issuingCA;
  if (ca === undefined) throw new Error('nothing was issued yet');
  const ours = certificates.map(async ({ pem }) => `3 1 1 ${await opensslSPKI(pem)}`);
  return [`2 1 1 ${await opensslSPKI(ca.pem)}`, ...(await Promise.all(ours))].sort();
}

export class Tenant {
  readonly site: Site;
  readonly namespace: string;
  readonly hostname: string;

  constructor(site: Site, name: string, zone: string) {
    this.site = site;
    this.namespace = name;
    this.hostname = `${name}.${zone}`;
  }

  /** As admin, in this namespace. */
  kubectl(...args: readonly string[]): Promise<string> {
    return mustKubectl(this.site.kubeconfig, `--namespace=${this.namespace}`, ...args);
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await apply(this.site.kubeconfig, JSON.stringify(list), `--namespace=${this.namespace}`);
  }

  /** Puts a certificate into the Secret, as cert-manager does. */
  async store(
    { chainPem, keyPem }: Pick<Issued, 'chainPem' | 'keyPem'>,
    name = 'tls',
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const stringData = { 'tls.crt': chainPem, 'tls.key': keyPem };
    const metadata = { name, annotations };
    await this.apply({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, stringData });
  }

  /** A new certificate for the hostname, in the Secret; a renewal when there was one. */
  async renew(): Promise<Issued> {
    const certificate = await issue(this.hostname);
    await this.store(certificate);
    return certificate;
  }

  /** A short TTL and retirement; the Secret is believed. `spec` replaces fields as a whole. */
  async mailServer(spec: Spec = {}, name = 'mx'): Promise<void> {
    await this.apply({
      apiVersion: API_VERSION,
      kind: 'MailServer',
      metadata: { name },
      spec: {
        hostnames: [this.hostname],
        certificates: [{ secretName: 'tls' }],
        providerRef: { name: 'bind' },
        ttlSeconds: 60,
        rollover: { retireAfter: '1m' },
        verification: { probe: 'Disabled' },
        ...spec,
      },
    });
  }

  async patch(spec: Spec, object = 'mailserver/mx'): Promise<void> {
    await this.kubectl('patch', object, '--type=merge', `--patch=${JSON.stringify({ spec })}`);
  }

  async get(object = 'mailserver/mx'): Promise<MailServer> {
    return JSON.parse(await this.kubectl('get', object, '--output=json')) as MailServer;
  }

  /** The condition, once it is about the spec as it is now. */
  async condition(type: string, object = 'mailserver/mx'): Promise<ConditionSeen | undefined> {
    const { metadata, status } = await this.get(object);
    const condition = status.conditions?.find((one) => one.type === type);
    return condition?.observedGeneration === metadata.generation ? condition : undefined;
  }

  /** Waits for `Ready=True`, or for `type` with this status and reason. */
  async until(wanted: string, object = 'mailserver/mx'): Promise<ConditionSeen> {
    const [, type = '', status, reason] = /^(\w+)=(\w+)(?: (\w+))?$/.exec(wanted) ?? [];
    let last: unknown;
    const isMet = async (): Promise<ConditionSeen | undefined> => {
      const condition = await this.condition(type, object);
      last = condition;
      return condition?.status === status && (reason ?? condition?.reason) === condition?.reason
        ? condition
        : undefined;
    };
    try {
      return await eventually(`${this.namespace}: ${object} is ${wanted}`, isMet);
    } catch (error) {
      throw new Error(`last seen: ${JSON.stringify(last)}\n${await this.describe()}`, { cause: error });
    }
  }

  async published(hostname = this.hostname): Promise<string[]> {
    const answer = await this.site.chain.dig('+short', '+norec', `_25._tcp.${hostname}`, 'TLSA');
    return answer
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) =>
        line.toLowerCase().replace(/^(\d \d \d) (.*)$/, (_, p: string, d: string) => `${p} ${d.replaceAll(' ', '')}`),
      )
      .sort();
  }

  async untilPublished(records: readonly string[], hostname = this.hostname): Promise<void> {
    const wanted = JSON.stringify(records);
    let last: unknown;
    try {
      await eventually(
        `${wanted} is published at ${hostname}`,
        async () => JSON.stringify((last = await this.published(hostname))) === wanted,
      );
    } catch (error) {
      throw new Error(`published: ${JSON.stringify(last)}\n${await this.describe()}`, { cause: error });
    }
  }

  /** Asks for a pass and waits until one that began afterwards has been told in status. */
  async pass(name = 'mx'): Promise<void> {
    const requested = `${Date.now()}`;
    await this.kubectl('annotate', `mailserver/${name}`, '--overwrite', `reconcile.fluxcd.io/requestedAt=${requested}`);
    await eventually(
      `${this.namespace}: a pass over ${name}`,
      async () => (await this.get(`mailserver/${name}`)).status.lastHandledReconcileAt === requested,
    );
  }

  /** The operator does not watch credentials: whoever corrects one touches the provider. */
  async touch(object: string): Promise<void> {
    await this.kubectl('annotate', object, '--overwrite', `touched=${Date.now()}`);
  }

  private async describe(): Promise<string> {
    const { stdout } = await kubectl(
      this.site.kubeconfig,
      'describe',
      'mailservers,dnsproviders',
      `--namespace=${this.namespace}`,
    );
    return stdout;
  }
}

/** A namespace with the TSIG key and a DNSProvider `bind` that uses it. */
export async function createTenant(site: Site, name: string, options: TenantOptions = {}): Promise<Tenant> {
  const { zone = site.chain.zone, labels = {} } = options;
  const tenant = new Tenant(site, name, zone);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  await apply(site.kubeconfig, JSON.stringify(namespace));
  await tenant.apply(tsigSecret(site), dnsProvider(site, options.server));
  return tenant;
}

export function tsigSecret({ chain }: Site, secret: string = chain.tsigKey.secret): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tsig' }, stringData: { key: secret } };
}

export function rfc2136({ chain }: Site, server = chain.primary.address, tsigKeyName = chain.tsigKey.name): object {
  return { server, tsigKeyName, tsigSecretRef: { name: 'tsig', key: 'key' } };
}

export function dnsProvider(site: Site, server?: string, tsigKeyName?: string): object {
  const spec = { rfc2136: rfc2136(site, server, tsigKeyName) };
  return { apiVersion: API_VERSION, kind: 'DNSProvider', metadata: { name: 'bind' }, spec };
}
