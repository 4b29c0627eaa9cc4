/** Who may do what: tenants towards each other, and the operator towards the cluster. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apply, kubectl } from '../support/kubectl.ts';
import { OPERATOR_NAMESPACE } from '../support/operator.ts';
import { eventually } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import { startDnsGate, type DnsGate } from './dns-gate.ts';
import { createTenant, recordsOf, rfc2136, tsigSecret, type Tenant } from './tenant.ts';

let site: Site;
let operator: Awaited<ReturnType<Site['startOperator']>>;
/** What is sent to the shared provider goes through it. */
let gate: DnsGate;
/** An address that only this machine can reach. */
let local: DnsGate;
beforeAll(async () => {
  site = await startSite();
  gate = await startDnsGate('10.53.0.13', site.chain.primary.address);
  local = await startDnsGate('127.0.0.3', site.chain.primary.address);
  operator = await site.startOperator();
  await apply(site.kubeconfig, JSON.stringify(tsigSecret(site)), `--namespace=${OPERATOR_NAMESPACE}`);
  await clusterProvider('shared', gate.server, [
    { namespaceSelector: { matchLabels: { mail: 'yes' } }, hostnames: ['*.example.nl'] },
  ]);
});
afterAll(async () => {
  await Promise.all([gate.stop(), local.stop()]);
  await site.stop();
});

async function clusterProvider(name: string, server: string, allow: readonly object[]): Promise<void> {
  const object = {
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'ClusterDNSProvider',
    metadata: { name },
    spec: { rfc2136: rfc2136(site, server), allow },
  };
  await apply(site.kubeconfig, JSON.stringify(object));
}

/** With a certificate, and a MailServer that uses a ClusterDNSProvider. */
async function tenantOf(provider: string, name: string, labels: Readonly<Record<string, string>>, spec: object = {}) {
  const tenant = await createTenant(site, name, { labels });
  const certificate = await tenant.renew();
  await tenant.mailServer({ providerRef: { kind: 'ClusterDNSProvider', name: provider }, ...spec });
  return { tenant, certificate };
}

const label = (tenant: Tenant, value: string): Promise<string> =>
  site.kubectl('label', 'namespace', tenant.namespace, '--overwrite', value);

describe('ClusterDNSProvider.allow', () => {
  test('a namespace without the label: nothing is even asked; with the label it works; without it again, all stays', async () => {
    const { tenant, certificate } = await tenantOf('shared', 'unlabelled', { mail: 'no' });
    const { message } = await tenant.until('Accepted=False HostnameNotAllowed');
    expect(message).toContain('namespace unlabelled');
    await tenant.until('Ready=False HostnameNotAllowed');
    await tenant.pass();
    expect(gate.saw('unlabelled')).toBe(false);

    await label(tenant, 'mail=yes');
    await tenant.until('Ready=True');
    expect(gate.saw('unlabelled')).toBe(true);
    const records = await recordsOf(certificate);
    expect(await tenant.published()).toEqual(records);

    await label(tenant, 'mail-');
    await tenant.until('Accepted=False HostnameNotAllowed');
    const updates = gate.updates();
    await tenant.renew();
    await tenant.pass();
    expect(gate.updates()).toBe(updates);
    expect(await tenant.published()).toEqual(records);
  });

  test('a hostname that no entry names', async () => {
    await clusterProvider('narrow', gate.server, [
      { namespaceSelector: {}, hostnames: ['*.somebody.example.nl', 'mx.example.nl'] },
    ]);
    const { tenant } = await tenantOf('narrow', 'nobody', { mail: 'yes' });
    await tenant.until('Accepted=False HostnameNotAllowed');
    await tenant.pass();
    expect(gate.saw('nobody')).toBe(false);
    await clusterProvider('narrow', gate.server, [{ namespaceSelector: {}, hostnames: [tenant.hostname] }]);
    await tenant.until('Ready=True');
    await clusterProvider('narrow', gate.server, []);
    await tenant.until('Accepted=False HostnameNotAllowed');
  });

  test('a host that a tenant has cannot be taken over by another one', async () => {
    const { tenant, certificate } = await tenantOf('shared', 'victim', { mail: 'yes' });
    await tenant.until('Ready=True');
    const { tenant: thief } = await tenantOf('shared', 'a-thief', { mail: 'yes' }, { hostnames: [tenant.hostname] });
    await thief.until('Ready=False OwnerConflict');
    await thief.pass();
    await tenant.pass();
    await tenant.until('Ready=True');
    expect(await tenant.published()).toEqual(await recordsOf(certificate));
  });
});

describe('a DNSProvider', () => {
  test.each([
    ['an address', '127.0.0.3'],
    ['an IPv6 address that is one of IPv4', '[::ffff:127.0.0.3]:53'],
    ['a name', 'localhost:53'],
    ['the metadata address of clouds', '169.254.169.254'],
  ])('cannot lead the operator to what only it can reach: %s', async (what, server) => {
    const tenant = await createTenant(site, what.toLowerCase().replaceAll(' ', '-'), { server });
    const { message } = await tenant.until('Ready=False PrimaryAddressRefused', 'dnsprovider/bind');
    expect(message).toContain('only a ClusterDNSProvider may name');
    expect(local.saw('')).toBe(false);
  });

  test('cannot use a credential of another namespace', async () => {
    const tenant = await createTenant(site, 'borrower');
    await tenant.kubectl('delete', 'secret/tsig');
    await tenant.touch('dnsprovider/bind');
    await tenant.until('Ready=False CredentialNotFound', 'dnsprovider/bind');
  });
});

test('an admin may have the operator use a name server on its own machine', async () => {
  await clusterProvider('local', local.server, [{ namespaceSelector: {}, hostnames: ['*.example.nl'] }]);
  const { tenant } = await tenantOf('local', 'at-home', {});
  await tenant.until('Ready=True');
  expect(local.saw('at-home')).toBe(true);
});

describe('RBAC of deploy/', () => {
  const can = async (kubeconfig: string, question: string): Promise<boolean> => {
    const { code, stdout, stderr } = await kubectl(kubeconfig, 'auth', 'can-i', ...question.split(' '));
    if (!/^(yes|no)/.test(stdout)) throw new Error(`${question}: ${stdout}${stderr}`);
    return code === 0;
  };
  const operatorKubeconfig = () => site.controlPlane.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, 'tlsa-operator');

  test('the operator may not do what it need not do', async () => {
    const kubeconfig = await operatorKubeconfig();
    const refused = [
      'create secrets',
      'update secrets',
      'patch secrets',
      'delete secrets',
      'get configmaps',
      'list pods',
      'create pods',
      'get namespaces',
      'update namespaces',
      'create mailservers',
      'update mailservers',
      'delete mailservers',
      'patch mailservers --subresource=status',
      'patch dnsproviders',
      'update clusterdnsproviders',
      'list events',
      'create leases --namespace=default',
      'list leases --namespace=tlsa-operator',
      'update lease/another --namespace=tlsa-operator',
      'get customresourcedefinition/certificates.cert-manager.io',
      'update customresourcedefinition/mailservers.tlsa-operator.io',
      'create rolebindings',
      'create serviceaccounts --subresource=token',
      'impersonate users',
    ];
    const answers = await Promise.all(refused.map((question) => can(kubeconfig, question)));
    expect(refused.filter((_, index) => answers[index])).toEqual([]);
    // So that the questions are good ones.
    expect(await can(kubeconfig, 'update mailservers --subresource=status')).toBe(true);
    expect(await can(kubeconfig, 'update lease/tlsa-operator --namespace=tlsa-operator')).toBe(true);
  });

  test('its token does not open more than that', async () => {
    const kubeconfig = await operatorKubeconfig();
    const tenant = await createTenant(site, 'untouchable');
    await tenant.renew();
    await tenant.mailServer();
    await tenant.until('Ready=True');
    for (const attempt of [
      ['delete', 'mailserver/mx'],
      ['delete', 'secret/tls'],
      ['annotate', 'secret/tls', 'mine=true'],
      ['create', 'secret', 'generic', 'more', '--from-literal=a=b'],
      ['create', 'configmap', 'more'],
    ]) {
      const { code, stderr } = await kubectl(kubeconfig, '--namespace=untouchable', ...attempt);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/forbidden/i)]);
    }
    await tenant.until('Ready=True');
  });

  test.each([
    ['view', ['get mailservers', 'get dnsproviders']],
    ['edit', ['get mailservers', 'get dnsproviders', 'create mailservers', 'delete mailservers']],
    [
      'admin',
      ['get mailservers', 'get dnsproviders', 'create mailservers', 'delete mailservers', 'create dnsproviders'],
    ],
  ])('the role %s', async (role, granted) => {
    const user = `${role}er`;
    await site.kubectl('create', 'rolebinding', user, `--clusterrole=${role}`, `--user=${user}`, '--namespace=default');
    const questions = [
      'get mailservers',
      'get dnsproviders',
      'create mailservers',
      'delete mailservers',
      'create dnsproviders',
      'update mailservers --subresource=status',
      'patch mailservers --subresource=status',
      'update dnsproviders --subresource=status',
      'get clusterdnsproviders',
      'create clusterdnsproviders',
    ];
    const asked = (question: string) => can(site.kubeconfig, `${question} --as=${user} --namespace=default`);
    await eventually('the role is aggregated', () => asked(granted.at(-1) ?? ''));
    const answers = await Promise.all(questions.map(asked));
    expect(questions.filter((_, index) => answers[index])).toEqual(granted);
  });

  test('and it is enough: nothing that the operator asked for was refused', async () => {
    const { body } = await operator.get('/metrics');
    expect(body).toMatch(/rest_client_requests_total\{code="200",method="PUT"/);
    expect(body).not.toMatch(/rest_client_requests_total\{code="40[13]"/);
    expect(operator.program.log()).not.toMatch(/forbidden|unauthorized|"status":40[13]/i);
  });
});
