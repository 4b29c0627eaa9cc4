/** What the scenarios of Gate share: a namespace with an issuer of ours and a Certificate, and what there is to be seen of a renewal. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MailServer } from '../../../src/api/mail-server.ts';
import { renewCertificate } from '../../support/cert-manager.ts';
import { createIssuingCA } from '../../support/issuing-ca.ts';
import { mustKubectl } from '../../support/kubectl.ts';
import { opensslSPKI } from '../../support/openssl.ts';
import { eventually } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';
import { createTenant, type Tenant } from '../tenant.ts';

export type Scenarios = Readonly<Record<string, () => Promise<void>>>;

export const OURS = { group: 'tlsa-operator.io', kind: 'DaneIssuer', name: 'dane' };
/** Nobody approves what is for it, and nobody answers, but the test. */
export const SLOW = { group: 'issuers.example.com', kind: 'Slow', name: 'one' };
/** The shortest wait: a TTL of 60 s, a minute, and half a minute to ask the name servers. */
export const SHORT = { retireAfter: '1m', waitTTLs: 1 };

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface Request {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Record<string, string> };
  readonly spec: { readonly request: string; readonly issuerRef: { readonly group?: string; readonly name: string } };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly certificate?: string };
}

export type CertificateStatus = NonNullable<MailServer['status']['certificates']>[number];

/** A namespace with a certificate authority, and a DaneIssuer around it. */
export async function gated(site: Site, name: string, wrapped: object = { name: 'issuing-ca' }): Promise<Tenant> {
  const tenant = await createTenant(site, name);
  await createIssuingCA(site.kubeconfig, name);
  await daneIssuer(tenant, wrapped);
  return tenant;
}

/** There, the first certificate is served and its records are published. */
export async function protectedHost(
  site: Site,
  name: string,
  spec: object = {},
  ofCertificate: object = {},
): Promise<Tenant> {
  const tenant = await gated(site, name);
  await tenant.mailServer({ rollover: SHORT, ...spec });
  await certificate(tenant, ofCertificate);
  await untilIssued(tenant);
  await tenant.until('Ready=True');
  return tenant;
}

export async function daneIssuer(tenant: Tenant, issuerRef: object): Promise<void> {
  await tenant.apply({
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'DaneIssuer',
    metadata: { name: 'dane' },
    spec: { issuerRef },
  });
}

/** `more` replaces fields of its spec as a whole. */
export async function certificate(tenant: Tenant, more: object = {}, name = 'mx'): Promise<void> {
  await tenant.apply({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name },
    spec: {
      secretName: 'tls',
      dnsNames: [tenant.hostname],
      privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Always' },
      issuerRef: OURS,
      ...more,
    },
  });
}

export function renew({ site, namespace }: Tenant, name = 'mx'): Promise<void> {
  return renewCertificate(site.kubeconfig, namespace, name);
}

export async function untilIssued(tenant: Tenant, name = 'mx'): Promise<void> {
  await tenant.kubectl('wait', `certificate/${name}`, '--for=condition=Ready', '--timeout=240s');
}

export async function requests(tenant: Tenant): Promise<readonly Request[]> {
  const text = await tenant.kubectl('get', 'certificaterequests', '--output=json');
  return (JSON.parse(text) as { items: Request[] }).items;
}

export const isOurs = ({ spec }: Request): boolean => spec.issuerRef.group === OURS.group;
export const readyOf = ({ status }: Request): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready');

/** Looks so seldom that many scenarios can do so at a time; when it never comes, says what was seen last. */
export async function patiently<Seen, T>(
  what: string,
  look: () => Promise<Seen>,
  judge: (seen: Seen) => T | undefined | false,
): Promise<T> {
  let last: Seen | undefined;
  const probe = async (): Promise<T | undefined | false> => {
    await delay(400);
    last = await look();
    return judge(last);
  };
  try {
    return await eventually(what, probe);
  } catch (cause) {
    throw new Error(`${what}; last seen: ${JSON.stringify(last)}`, { cause });
  }
}

/** The request of cert-manager that waits, once its `Ready` says this. */
export function untilPending(tenant: Tenant, message: RegExp): Promise<Request> {
  return patiently(
    `${tenant.namespace}: a request is pending: ${String(message)}`,
    async () => (await requests(tenant)).filter(isOurs),
    (all) =>
      all.find((request) => readyOf(request)?.reason === 'Pending' && message.test(readyOf(request)?.message ?? '')),
  );
}

export async function childrenOf(tenant: Tenant, { metadata }: Request): Promise<readonly Request[]> {
  return (await requests(tenant)).filter(
    (one) => one.metadata.labels?.['tlsa-operator.io/request-uid'] === metadata.uid,
  );
}

/** Lower-case hexadecimal SHA-256 of the key of what the Secret holds. */
export async function servedKey(tenant: Tenant, secret = 'tls'): Promise<string> {
  const text = await tenant.kubectl('get', `secret/${secret}`, '--output=jsonpath={.data.tls\\.crt}');
  return opensslSPKI(Buffer.from(text, 'base64').toString());
}

export async function certificateStatus(
  tenant: Tenant,
  name = 'mx',
  secretName = 'tls',
): Promise<CertificateStatus | undefined> {
  const { status } = await tenant.get(`mailserver/${name}`);
  return status.certificates?.find((one) => one.secretName === secretName);
}

export function untilCandidate(
  tenant: Tenant,
  stage: string,
  reason: string,
  name?: string,
): Promise<CertificateStatus> {
  return patiently(
    `${tenant.namespace}: the candidate is ${stage} (${reason})`,
    () => certificateStatus(tenant, name),
    (status) => (status?.candidate?.stage === stage && status.candidate.reason === reason ? status : undefined),
  );
}

/** SHA-256 of the key of the chain in this state; that there is none yet is an error, after which who waits looks again. */
export function keyIn({ chains }: Pick<CertificateStatus, 'chains'>, state: string): string {
  const chain = chains.find((one) => one.state === state);
  if (chain === undefined) throw new Error(`no chain is ${state}`);
  return chain.spkiSHA256;
}

export const leavesIn = (records: readonly string[]): string[] =>
  records.filter((record) => record.startsWith('3 1 1 ')).map((record) => record.slice('3 1 1 '.length));

export async function untilServed(tenant: Tenant, key: string, secret?: string): Promise<void> {
  await patiently(
    `${tenant.namespace}: the Secret holds ${key}`,
    () => servedKey(tenant, secret),
    (served) => served === key,
  );
}

export async function releaseNow(tenant: Tenant, key: string, name = 'mx'): Promise<void> {
  await tenant.kubectl('annotate', `mailserver/${name}`, '--overwrite', `tlsa-operator.io/release-now=${key}`);
}

/** Waits until events on requests of this name have told this, in this order: one may be gone, and another one have its name. */
export async function untilTold(tenant: Tenant, request: string, story: RegExp): Promise<void> {
  const which = `involvedObject.kind=CertificateRequest,involvedObject.name=${request}`;
  const what = '{range .items[*]}{.type} {.reason}: {.message}{"\\n"}{end}';
  const told = ['get', 'events', `--field-selector=${which}`, '--sort-by=.metadata.creationTimestamp'];
  await patiently(
    `${tenant.namespace}: events on ${request} tell it: ${String(story)}`,
    () => tenant.kubectl(...told, `--output=jsonpath=${what}`),
    (text) => story.test(text),
  );
}

/** Adds conditions to a request, as an issuer or an approver does; by whom: the kubeconfig, or the admin's. */
export async function answer(
  { site, namespace }: Tenant,
  name: string,
  conditions: readonly Omit<Condition, 'status'>[],
  more: object = {},
  by = site.kubeconfig,
): Promise<void> {
  const target = [`--namespace=${namespace}`, `certificaterequest/${name}`];
  const before = JSON.parse(await site.kubectl('get', ...target, '--output=json')) as Request;
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
  const added = conditions.map((condition) => ({ status: 'True', lastTransitionTime, ...condition }));
  const status = { conditions: [...(before.status?.conditions ?? []), ...added], ...more };
  const patch = JSON.stringify({ status });
  await mustKubectl(by, 'patch', ...target, '--subresource=status', '--type=merge', `--patch=${patch}`);
}
