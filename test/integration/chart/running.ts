/** The operator as a process under the RBAC, the arguments, the environment and the resolver's configuration that the chart renders. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { certificate, untilIssued } from '../../controller/gate/gated.ts';
import { createTenant, recordsOf, rfc2136, tsigSecret, type Tenant } from '../../controller/tenant.ts';
import { commandsIn, shell } from '../../support/docs-commands.ts';
import { CHART, mustHelm, only, RELEASE, render, type Manifest, type Values } from '../../support/helm.ts';
import { createCertManagersIssuer } from '../../support/issuing-ca.ts';
import { apply, applyFile } from '../../support/kubectl.ts';
import { eventually, mustRun } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';
import { startUnbound, type UnboundServer } from '../../support/unbound.ts';
import { GATE_RIGHTS, OPERATOR_RIGHTS, type Right } from '../operator-rights.ts';
import { rightsOf, rulesOf } from '../rules-review.ts';
import { startPod, type Pod } from './pod.ts';

/** What the resolver in the pod asks; a name server on loopback it would not ask. */
const FORWARDER = '10.53.3.19';
const NAMESPACED: Values = {
  gate: { enabled: true },
  watchNamespaces: ['inside'],
  promote: { namespaces: [{ name: 'inside', secretNames: ['mx1-tls-live'] }] },
};
/** What the operator does without where it has Roles only. */
const OF_THE_CLUSTER = [
  'namespaces',
  'clusterdnsproviders',
  'clusterdnsproviders/status',
  'customresourcedefinitions',
  'clusterdaneissuers',
  'clusterdaneissuers/status',
];

export function running(site: () => Site): void {
  describe('running', () => {
    let forwarder: UnboundServer;
    let pod: Pod;
    beforeAll(async () => {
      const { chain, dir } = site();
      forwarder = await startUnbound({ dir: `${dir}/forwarder`, address: FORWARDER, port: 53, chain, cache: 'None' });
      await install({});
      pod = await startPod(site(), 'cluster-mode');
    });
    afterAll(async () => {
      await pod.stop();
      await forwarder.stop();
    });

    const install = async (values: Values): Promise<void> => {
      const { chain, kubeconfig } = site();
      const trustAnchors = [readFileSync(chain.trustAnchorFile, 'utf8').trim()];
      const resolver = { trustAnchors, forwardZones: [{ name: '.', addresses: [FORWARDER] }] };
      const args = ['upgrade', '--install', RELEASE, CHART, `--namespace=${RELEASE}`];
      await mustHelm('helm4', args, { kubeconfig, values: { ...values, resolver } });
    };
    const untilReady = (): Promise<unknown> =>
      eventually('it is ready', async () => (await pod.readyz()).status === 200);
    const refused = (): unknown[] =>
      site()
        .controlPlane.askedFor(RELEASE)
        .filter(({ responseStatus }) => responseStatus?.code === 403)
        .map(({ verb, objectRef }) => [verb, objectRef]);

    test('in all namespaces: it publishes by a ClusterDNSProvider, and is refused nothing that it asks for', async () => {
      await untilReady();
      const tenant = await createTenant(site(), 'by-cluster-provider');
      await apply(site().kubeconfig, JSON.stringify(tsigSecret(site())), `--namespace=${RELEASE}`);
      await apply(site().kubeconfig, JSON.stringify(clusterProvider(site())));
      expect(await publishes(tenant, { providerRef: { kind: 'ClusterDNSProvider', name: 'shared' } })).toBe(true);
      expect(refused()).toEqual([]);
    });

    test('`helm test` is content with it', async () => {
      const { spec } = only(await render(), 'Pod') as TestPod;
      const [command = '', ...args] = spec.containers[0].command;
      expect(command).toBe('node');
      const here = args.map((arg) => arg.replace(/^http:\/\/[^:]+:/, 'http://127.0.0.1:'));
      expect(await mustRun(process.execPath, here)).toMatch(/^200 /);
      await expect(
        mustRun(
          process.execPath,
          here.map((arg) => arg.replace('readyz', 'none')),
        ),
      ).rejects.toThrow('404');
    });

    test('Gate, switched on as the documentation has it: it serves a ClusterDaneIssuer, and is refused nothing', async () => {
      const [[command = ''] = []] = commandsIn('docs/daneissuer.md');
      expect(command).toContain('gate.enabled=true');
      await shell(site(), command);
      await pod.stop();
      pod = await startPod(site(), 'gate');
      await untilReady();
      const tenant = await createTenant(site(), 'gated');
      await createCertManagersIssuer(site().kubeconfig, 'behind');
      const [spec, metadata] = [{ issuerRef: { name: 'behind' } }, { name: 'dane' }];
      await apply(
        site().kubeconfig,
        JSON.stringify({ apiVersion: 'tlsa-operator.io/v1alpha1', kind: 'ClusterDaneIssuer', metadata, spec }),
      );
      await tenant.mailServer();
      await certificate(tenant, { issuerRef: { group: 'tlsa-operator.io', kind: 'ClusterDaneIssuer', name: 'dane' } });
      await untilIssued(tenant);
      await tenant.until('Ready=True');
      await tenant.until('Covered=True Gated');
      const operator = await site().controlPlane.kubeconfigForServiceAccount(RELEASE, 'tlsa-operator');
      expect(await rulesOf(site().controlPlane, operator, 'gated')).toEqual(
        rightsOf([...OPERATOR_RIGHTS, ...GATE_RIGHTS], 'gated'),
      );
      expect(refused()).toEqual([]);
    });

    test('in some namespaces: it waits for CRDs that have all its fields, which it may not read', async () => {
      await pod.stop();
      const tenant = await createTenant(site(), 'inside');
      const field = '/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/safeToStopAt';
      await install(NAMESPACED);
      await site().kubectl(
        'patch',
        'crd/mailservers.tlsa-operator.io',
        '--type=json',
        `--patch=[{"op":"remove","path":"${field}"}]`,
      );
      await eventually('the API server publishes it so', async () => {
        const published = await site().kubectl('get', '--raw', '/openapi/v3/apis/tlsa-operator.io/v1alpha1');
        return !published.includes('safeToStopAt');
      });
      pod = await startPod(site(), 'namespaced');
      await eventually('it says which', async () =>
        (await pod.readyz()).body.includes('crds: mailservers.tlsa-operator.io: not the version'),
      );
      await applyFile(site().kubeconfig, `${CHART}/../../crds/mailservers.yaml`);
      await untilReady();
      expect(await publishes(tenant, {})).toBe(true);
    });

    test('there it leaves others alone, knows no ClusterDNSProvider, and is refused nothing that it asks for', async () => {
      const outside = await createTenant(site(), 'outside');
      await outside.renew();
      await outside.mailServer();
      const inside = await createTenant(site(), 'inside');
      await inside.mailServer(
        { hostnames: ['other.example.nl'], providerRef: { kind: 'ClusterDNSProvider', name: 'shared' } },
        'wrong',
      );
      const { message } = await inside.until('ProviderReady=False ProviderNotFound', 'mailserver/wrong');
      expect(message).toContain('this operator works in some namespaces only');
      expect((await outside.get()).status).toEqual({ observedGeneration: -1 });
      expect(refused()).toEqual([]);
    });

    test('there it may do what it needs in these namespaces, hold its lease, and nothing else', async () => {
      const { controlPlane } = site();
      const operator = await controlPlane.kubeconfigForServiceAccount(RELEASE, 'tlsa-operator');
      const promote: Right[] = [
        { namespace: 'inside', group: '', resource: 'secrets', names: ['mx1-tls-live'], verbs: { update: 'promote' } },
        { namespace: 'inside', group: '', resource: 'secrets', verbs: { create: 'promote' } },
      ];
      const wanted = [...OPERATOR_RIGHTS, ...GATE_RIGHTS, ...promote]
        .filter(({ resource }) => !OF_THE_CLUSTER.includes(resource))
        .map((right): Right => ({ namespace: 'inside', ...right }));
      for (const namespace of ['inside', 'outside', RELEASE]) {
        expect([namespace, await rulesOf(controlPlane, operator, namespace)]).toEqual([
          namespace,
          rightsOf(wanted, namespace),
        ]);
      }
    });
  });
}

interface TestPod extends Manifest {
  readonly spec: { readonly containers: readonly [{ readonly command: readonly string[] }] };
}

function clusterProvider(site: Site): object {
  const allow = [{ namespaceSelector: {}, hostnames: [`*.${site.chain.zone}`] }];
  return {
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'ClusterDNSProvider',
    metadata: { name: 'shared' },
    spec: { rfc2136: rfc2136(site), allow },
  };
}

async function publishes(tenant: Tenant, spec: Values): Promise<true> {
  const certificate = await tenant.renew();
  await tenant.mailServer(spec);
  await tenant.until('Ready=True');
  await tenant.untilPublished(await recordsOf(certificate));
  return true;
}
