/** ExternalDNS 0.22 (the binary that EXTERNAL_DNS names) publishing as many TXT records on the same BIND. */
import { join } from 'node:path';
import { createObject } from '../src/kube/objects.ts';
import type { Resource } from '../src/kube/resource.ts';
import { since, writes } from './api-writes.ts';
import { apply } from '../test/support/kubectl.ts';
import { startProgram } from '../test/support/process.ts';
import type { BenchSite } from './bench-site.ts';
import { inParallel, type Member } from './crowd.ts';
import { allPublished, between, messages, TXT } from './primary.ts';
import { ageSeconds, cpuSeconds, memory } from './process-usage.ts';
import { note, ratio, row } from './report.ts';

const ENDPOINTS: Resource = {
  group: 'externaldns.k8s.io',
  version: 'v1alpha1',
  kind: 'DNSEndpoint',
  plural: 'dnsendpoints',
};
const NAMESPACE = 'peers';

/** A cold start, ours or theirs. */
export interface Run {
  readonly publishedSeconds: number;
  /** Of the API server, until then. */
  readonly publishedApiSeconds: number;
  readonly memory: { readonly now: number; readonly peak: number };
}

export interface Besides {
  readonly binary: string;
  readonly zone: string;
  readonly peers: readonly Member[];
  readonly ours: Run;
}

/** One DNSEndpoint with one TXT record for each MailServer; no registry, which would double the records; no limit on API calls. */
export async function besides(site: BenchSite, { binary, zone, peers, ours }: Besides): Promise<void> {
  await apply(site.kubeconfig, CRD);
  await site.kubectl(
    'wait',
    '--for=condition=Established',
    '--timeout=60s',
    `crd/${ENDPOINTS.plural}.${ENDPOINTS.group}`,
  );
  await inParallel(peers, async (member) => {
    await createObject(site.cluster, ENDPOINTS, endpoint(member));
  });
  const kubeconfig = await site.kubeconfigForServiceAccount(NAMESPACE, 'external-dns');
  const before = { messages: await messages(), writes: await writes(site) };
  const program = startProgram({
    name: 'external-dns',
    command: binary,
    args: args(site, kubeconfig, zone),
    logFile: join(site.dir, 'external-dns.log'),
  });
  try {
    const owners = peers.map(({ owner }) => owner);
    await Promise.race([
      allPublished(site.chain, owners, TXT),
      program.ended.then(() => Promise.reject(new Error(`external-dns ended:\n${program.log().slice(-2000)}`))),
    ]);
    const seconds = ageSeconds(program.pid);
    const { updates } = between(before.messages, await messages());
    const api = since(before.writes, await writes(site)).cpuSeconds;
    const { peak } = memory(program.pid);
    row('ExternalDNS: all published', `${seconds.toFixed(1)} s; ours ${ratio(ours.publishedSeconds, seconds)}`);
    row('  processor time of ExternalDNS', `${cpuSeconds(program.pid).toFixed(1)} s`);
    row('  processor time of the API server', `${api.toFixed(1)} s; ours ${ratio(ours.publishedApiSeconds, api)}`);
    row('  memory, peak', `${peak.toFixed(0)} MiB; ours ${ratio(ours.memory.peak, peak)}`);
    row('  writes', `${updates} UPDATE messages`);
    note('source crd, one DNSEndpoint with one TXT record each; registry noop; the same BIND, a zone of the same size');
  } finally {
    await program.stop('SIGKILL');
  }
}

function args({ chain: { primary, tsigKey } }: BenchSite, kubeconfig: string, zone: string): string[] {
  return [
    '--source=crd',
    `--kubeconfig=${kubeconfig}`,
    '--managed-record-types=TXT',
    '--registry=noop',
    '--policy=sync',
    '--provider=rfc2136',
    `--rfc2136-host=${primary.address}`,
    `--rfc2136-port=${primary.port}`,
    `--rfc2136-zone=${zone}`,
    `--rfc2136-tsig-keyname=${tsigKey.name}`,
    `--rfc2136-tsig-secret=${tsigKey.secret}`,
    `--rfc2136-tsig-secret-alg=${tsigKey.algorithm}`,
    '--rfc2136-axfr',
    `--domain-filter=${zone}`,
    '--kube-api-qps=10000',
    '--kube-api-burst=10000',
    '--metrics-address=127.0.0.1:7979',
  ];
}

function endpoint({ name, owner }: Member) {
  const record = { dnsName: owner, recordType: 'TXT', recordTTL: 3600, targets: [`3 1 1 ${'ab'.repeat(32)}`] };
  return {
    apiVersion: `${ENDPOINTS.group}/${ENDPOINTS.version}`,
    kind: ENDPOINTS.kind,
    metadata: { namespace: NAMESPACE, name },
    spec: { endpoints: [record] },
  };
}

/** It is asked who it is and what it may, as the operator is; as much of its CRD as it needs. */
const CRD = `
apiVersion: v1
kind: Namespace
metadata: {name: ${NAMESPACE}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: external-dns, namespace: ${NAMESPACE}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: external-dns}
rules:
  - apiGroups: [${ENDPOINTS.group}]
    resources: [${ENDPOINTS.plural}, ${ENDPOINTS.plural}/status]
    verbs: ['*']
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: external-dns}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: external-dns}
subjects: [{kind: ServiceAccount, name: external-dns, namespace: ${NAMESPACE}}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ${ENDPOINTS.plural}.${ENDPOINTS.group}
  annotations: {api-approved.kubernetes.io: unapproved}
spec:
  group: ${ENDPOINTS.group}
  scope: Namespaced
  names: {kind: ${ENDPOINTS.kind}, listKind: ${ENDPOINTS.kind}List, plural: ${ENDPOINTS.plural}, singular: dnsendpoint}
  versions:
    - name: ${ENDPOINTS.version}
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;
