/** Who may do what: tenants towards each other, and the operator towards the cluster. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apply, applyFile, kubectl } from '../support/kubectl.ts';
import { OPERATOR_NAMESPACE } from '../support/operator.ts';
import { OPERATOR_RIGHTS } from '../integration/operator-rights.ts';
import { eventually } from '../support/process.ts';
import type { Route53Double } from '../support/route53.ts';
import { startSite, type Site } from '../support/site.ts';
import { certManagerManifests } from '../support/tools.ts';
import { startDnsGate, type DnsGate } from './dns-gate.ts';
import { describePowerDns } from './powerdns-tenants.ts';
import { describeRoute53, environmentFor, startRoute53At } from './route53-tenants.ts';
import { createTenant, issue, recordsOf, rfc2136, tsigSecret, type Tenant } from './tenant.ts';

let site: Site;
let operator: Awaited<ReturnType<Site['startOperator']>>;
/** What is sent to the shared provider goes through it. */
let gate: DnsGate;
/** An address that only this machine can reach. */
let local: DnsGate;
let route53: Route53Double;
beforeAll(async () => {
  site = await startSite();
  gate = await startDnsGate('10.53.0.13', site.chain.primary.address);
  local = await startDnsGate('127.0.0.3', site.chain.primary.address);
  route53 = await startRoute53At('10.53.0.13', site);
  operator = await site.startOperator({ env: environmentFor(route53) });
  await apply(site.kubeconfig, JSON.stringify(tsigSecret(site)), `--namespace=${OPERATOR_NAMESPACE}`);
  await clusterProvider('shared', gate.server, [
    { namespaceSelector: { matchLabels: { mail: 'yes' } }, hostnames: ['*.example.nl'] },
  ]);
});
afterAll(async () => {
  await Promise.all([gate.stop(), local.stop(), route53.stop()]);
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

describe('a zone at Route 53', () => {
  describeRoute53(
    () => site,
    () => route53,
    () => operator.program.log(),
  );
});

describe('a zone at PowerDNS, by its API', () => {
  describePowerDns(
    () => site,
    () => operator.program.log(),
  );
});

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

describe('who is not allowed any more', () => {
  /** Has published, and may no longer; somebody else's record stands beside his. */
  const revoked = async (name: string) => {
    const { tenant, certificate } = await tenantOf('shared', name, { mail: 'yes' });
    await tenant.until('Ready=True');
    const others = `3 1 1 ${'ab'.repeat(32)}`;
    await site.chain.nsupdate(`add _25._tcp.${tenant.hostname}. 60 TLSA ${others}`);
    await label(tenant, 'mail-');
    await tenant.until('Accepted=False HostnameNotAllowed');
    return { tenant, certificate, others };
  };

  test('takes back what he published, nothing else, and cannot put it there again', async () => {
    const { tenant, others } = await revoked('revoked');
    await tenant.patch({ publish: false, adoption: 'Adopt' });
    await tenant.untilPublished([others]);
    // What senders still have in their caches is remembered; it is nothing of his.
    await eventually('it is known', async () =>
      (await tenant.get()).status.recordSets?.every(
        ({ intent, records }) => intent === undefined && records.every(({ role }) => role === 'Foreign'),
      ),
    );
    const updates = gate.updates();
    await tenant.patch({ publish: true });
    await tenant.until('Accepted=False HostnameNotAllowed');
    await tenant.pass();
    expect(gate.updates()).toBe(updates);
  });

  test('by deletion too', async () => {
    const { tenant, others } = await revoked('deleted');
    await tenant.kubectl('delete', 'mailserver/mx', '--timeout=240s');
    expect(await tenant.published()).toEqual([others]);
  });

  test('touches nothing once the host is given to another, and does not keep him from it', async () => {
    const { tenant, others, certificate } = await revoked('former');
    const heir = await createTenant(site, 'heir', { labels: { mail: 'yes' } });
    // The same CA: one record that both want.
    const hers = await issue(tenant.hostname);
    await heir.store(hers);
    await heir.mailServer({
      providerRef: { kind: 'ClusterDNSProvider', name: 'shared' },
      hostnames: [tenant.hostname],
      rollover: { retireAfter: '1h' },
    });
    await heir.until('Ready=True');
    const records = [others, ...(await recordsOf(certificate, hers))].sort();
    expect(await tenant.published()).toEqual(records);
    // What was his is hers now.
    await tenant.patch({ publish: false, adoption: 'Adopt' });
    await tenant.until('Accepted=False HostnameNotAllowed');
    await tenant.pass();
    expect(await tenant.published()).toEqual(records);
    await heir.until('Ready=True');

    // Nor does he hang when he is deleted: what stands there is the heir's.
    await tenant.kubectl('delete', 'mailserver/mx', '--timeout=240s');
    expect(await tenant.published()).toEqual(records);
    await heir.pass();
    await heir.until('Ready=True');
    const told = ['get', 'events', '--field-selector=reason=OwnerHandover', '--output=jsonpath={.items[*].message}'];
    const message = await eventually('it is told', () => tenant.kubectl(...told));
    expect(message).toContain(tenant.hostname);
  });
});

describe('a DNSProvider', () => {
  test.each([
    ['an address', '127.0.0.3'],
    ['an IPv6 address that is one of IPv4', '[::ffff:127.0.0.3]:53'],
    ['a name', 'localhost:53'],
    ['the metadata address of clouds', '169.254.169.254'],
    ['an address by way of a translator', '[64:ff9b::127.0.0.3]:53'],
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
  test('and all of it is used (test/integration/rbac.test.ts: and that is all)', async () => {
    const [certManagerCRDs] = certManagerManifests();
    await applyFile(site.kubeconfig, certManagerCRDs);
    const tenant = await createTenant(site, 'behind-a-service');
    await tenant.renew();
    await tenant.mailServer({ verification: { probe: 'Enabled', serviceRef: { name: 'postfix' } } });
    // The count of an event that comes again a minute later.
    await eventually('each right but that one is used', () => unusedRights().join() === 'patch events');
  });

  function unusedRights(): string[] {
    const used = site.controlPlane
      .askedFor(OPERATOR_NAMESPACE)
      .filter(({ userAgent, responseStatus }) => userAgent === 'tlsa-operator' && isPermitted(responseStatus?.code))
      .map(({ verb, objectRef: { apiGroup = '', resource = '', subresource, name } = {} }) => ({
        what: [verb, apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`].join(' '),
        name,
      }));
    const isUsed = (what: string, name?: string): boolean =>
      used.some((use) => use.what === what && (name === undefined || use.name === name));
    return OPERATOR_RIGHTS.flatMap(({ group, resource, names = [undefined], verbs }) =>
      Object.keys(verbs).flatMap((verb) =>
        names.filter((name) => !isUsed(`${verb} ${group} ${resource}`, name)).map(() => `${verb} ${resource}`),
      ),
    );
  }
  const isPermitted = (code: number | undefined): boolean => code !== undefined && code !== 401 && code !== 403;
});
