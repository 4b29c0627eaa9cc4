/** MailServers whose zone is at Route 53: the operator against the double, whose zones the site's BIND serves. */
import { expect, test } from '@jest/globals';
import { apply } from '../support/kubectl.ts';
import { OPERATOR_NAMESPACE } from '../support/operator.ts';
import { eventually } from '../support/process.ts';
import { publishTo } from '../support/route53-bind.ts';
import { startRoute53, type Route53Double } from '../support/route53.ts';
import type { Site } from '../support/site.ts';
import { createTenant, recordsOf, type Tenant } from './tenant.ts';

const [POD, OWN, NEXT] = ['AKIAPOD', 'AKIATENANT', 'AKIANEXT'].map((id) => ({ id, secret: `secret-of-${id}` })) as [
  Key,
  Key,
  Key,
];
interface Key {
  readonly id: string;
  readonly secret: string;
}

export async function startRoute53At(address: string, { chain }: Site): Promise<Route53Double> {
  const zones = [{ id: 'Z1', name: chain.zone }];
  return startRoute53({ address, keys: [POD, OWN, NEXT], zones, publish: publishTo(chain) });
}

/** The pod has an identity, for whoever may use it; and Route 53 is where the double is. */
export function environmentFor({ endpoint }: Route53Double): Readonly<Record<string, string>> {
  return { AWS_ACCESS_KEY_ID: POD.id, AWS_SECRET_ACCESS_KEY: POD.secret, AWS_ENDPOINT_URL_ROUTE_53: endpoint };
}

const provider = (kind: string, spec: object): object => ({
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind,
  metadata: { name: 'route53' },
  spec: { requestsPerSecond: 100, ...spec },
});

const keySecret = ({ id, secret }: Key): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'aws' },
  stringData: { 'access-key-id': id, 'secret-access-key': `${secret}\n` },
});

export function describeRoute53(site: () => Site, double: () => Route53Double, log: () => string): void {
  const requestsOf = (key: Key): string[] =>
    double()
      .requests.filter(({ accessKey }) => accessKey === key.id)
      .map(({ action }) => action);

  async function tenantOf(name: string): Promise<Tenant> {
    const tenant = await createTenant(site(), name);
    await tenant.apply(keySecret(OWN), provider('DNSProvider', { route53: { accessKeySecretRef: { name: 'aws' } } }));
    return tenant;
  }

  test('publishes, follows a renewal, repairs, withdraws; a tenant is asked for his key and never lent ours', async () => {
    const tenant = await tenantOf('route53');
    const first = await tenant.renew();
    await tenant.mailServer({ providerRef: { name: 'route53' } });
    await tenant.until('Ready=True');
    expect(await tenant.published()).toEqual(await recordsOf(first));
    const { versions = [] } = (await tenant.get()).status.recordSets?.[0] ?? {};
    expect(versions.at(-1)?.changeID).toMatch(/^C\d+$/);

    const second = await tenant.renew();
    await tenant.untilPublished(await recordsOf(first, second));
    await tenant.until('RecordsPublished=True');

    // At rest the name servers are asked, not the API; what they show is put right all the same.
    await tenant.pass();
    const before = requestsOf(OWN).filter((action) => action === 'ListResourceRecordSets').length;
    await tenant.pass();
    expect(requestsOf(OWN).filter((action) => action === 'ListResourceRecordSets')).toHaveLength(before);
    await double().edit(site().chain.zone, `_25._tcp.${tenant.hostname}`, 'TLSA', (set) => ({
      ...set,
      values: set.values.slice(1),
    }));
    await tenant.pass();
    await tenant.untilPublished(await recordsOf(first, second));

    // Another key in the same Secret, and nothing is restarted.
    await tenant.apply(keySecret(NEXT));
    await tenant.touch('dnsprovider/route53');
    await eventually('the next key is used', () => requestsOf(NEXT).length > 0);

    await tenant.kubectl('delete', 'mailserver/mx', '--timeout=240s');
    expect(await tenant.published()).toEqual([]);
    expect(requestsOf(POD)).toEqual([]);
    expect(log()).not.toContain('secret-of-');
    expect(log()).not.toContain('said by the double');
  });

  test('a key that is not known, and one that is missing', async () => {
    const tenant = await tenantOf('route53-keys');
    await tenant.apply(keySecret({ id: 'AKIANOBODY', secret: 'x' }));
    await tenant.touch('dnsprovider/route53');
    await tenant.until('Authenticated=False CredentialRefused', 'dnsprovider/route53');
    await tenant.kubectl('delete', 'secret/aws');
    await tenant.touch('dnsprovider/route53');
    await tenant.until('Ready=False CredentialNotFound', 'dnsprovider/route53');
    expect(requestsOf(POD)).toEqual([]);
  });

  test('a ClusterDNSProvider without a key is asked as the pod', async () => {
    const allow = [{ namespaceSelector: {}, hostnames: ['*.example.nl'] }];
    const object = provider('ClusterDNSProvider', { route53: {}, allow });
    await apply(site().kubeconfig, JSON.stringify(object), `--namespace=${OPERATOR_NAMESPACE}`);
    const tenant = await createTenant(site(), 'route53-cluster');
    const certificate = await tenant.renew();
    await tenant.mailServer({ providerRef: { kind: 'ClusterDNSProvider', name: 'route53' } });
    await tenant.until('Ready=True');
    expect(await tenant.published()).toEqual(await recordsOf(certificate));
    expect(requestsOf(POD)).toContain('ChangeResourceRecordSets');
  });
}
