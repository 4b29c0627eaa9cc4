/** Gate: who may approve, and who denies. */
import { expect } from '@jest/globals';
import { apply } from '../../support/kubectl.ts';
import { OPERATOR_NAMESPACE } from '../../support/operator.ts';
import type { Site } from '../../support/site.ts';
import type { Tenant } from '../tenant.ts';
import {
  answer,
  certificate,
  childrenOf,
  gated,
  isOurs,
  patiently,
  requests,
  SLOW,
  untilTold,
  type Condition,
  type Request,
} from './gated.ts';

const APPROVER = { namespace: 'cert-manager', name: 'policy' };

/** A ServiceAccount that approves or denies what is for a DaneIssuer, and for `Slow`: no more than approver-policy has. */
async function approver(site: Site): Promise<string> {
  const { namespace, name } = APPROVER;
  const rules = [
    {
      apiGroups: ['cert-manager.io'],
      resources: ['signers'],
      resourceNames: ['daneissuers.tlsa-operator.io/*', 'slows.issuers.example.com/*'],
      verbs: ['approve'],
    },
    { apiGroups: ['cert-manager.io'], resources: ['certificaterequests'], verbs: ['get'] },
    { apiGroups: ['cert-manager.io'], resources: ['certificaterequests/status'], verbs: ['get', 'patch'] },
  ];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  const rbac = 'rbac.authorization.k8s.io/v1';
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: APPROVER },
    { apiVersion: rbac, kind: 'ClusterRole', metadata: { name }, rules },
    {
      apiVersion: rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef,
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
  await apply(site.kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  return site.controlPlane.kubeconfigForServiceAccount(namespace, name);
}

const said = (type: 'Approved' | 'Denied'): Omit<Condition, 'status'> => ({
  type,
  reason: 'policy.example.com',
  message: `${type} by policy`,
});

/** While nobody but this approver may approve: the Certificate is left waiting for the request that follows. */
export async function deniedTwice(site: Site): Promise<Tenant> {
  const by = await approver(site);
  const tenant = await gated(site, 'denied', SLOW);
  await tenant.mailServer();
  await certificate(tenant);
  const keys: string[] = [];
  /** Of a key that was not asked for before. */
  const another = (): Promise<Request> =>
    patiently(
      'cert-manager asks for another key',
      async () => (await requests(tenant)).filter(isOurs),
      (all) => all.find(({ spec }) => !keys.includes(spec.request)),
    );
  const asked = (): number =>
    site.controlPlane
      .askedFor(OPERATOR_NAMESPACE)
      .filter(({ verb, objectRef }) => verb === 'create' && objectRef?.namespace === tenant.namespace)
      .filter(({ objectRef }) => objectRef?.resource === 'certificaterequests').length;

  const first = await another();
  keys.push(first.spec.request);
  await answer(tenant, first.metadata.name, [said('Denied')], {}, by);
  const second = await another();
  keys.push(second.spec.request);
  expect(asked()).toBe(0);
  await answer(tenant, second.metadata.name, [said('Approved')], {}, by);
  const child = await patiently(
    'the issuer is asked',
    () => childrenOf(tenant, second),
    ([one]) => one,
  );
  await answer(tenant, child.metadata.name, [said('Denied')], {}, by);
  await another();
  expect(asked()).toBe(1);
  const denied = `Warning Failed: CertificateRequest ${child.metadata.name} was denied by an approval controller`;
  await untilTold(tenant, second.metadata.name, new RegExp(denied));
  expect(await tenant.published()).toEqual([]);
  return tenant;
}
