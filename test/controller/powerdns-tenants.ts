/** A MailServer whose zone is on a PowerDNS that is changed by its HTTP API. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { startPowerDns } from '../support/powerdns.ts';
import { mustRun, type RunningProgram } from '../support/process.ts';
import type { Site } from '../support/site.ts';
import { createTenant, recordsOf, type Tenant } from './tenant.ts';

const ADDRESS = '10.53.0.14';
const API_KEY = 'api-key-of-a-tenant';

/** In the zone of the site, without DS: nothing is asked of DNSSEC here. */
export function describePowerDns(site: () => Site, log: () => string): void {
  const zone = (): string => `pdns.${site().chain.zone}`;
  let server: RunningProgram;
  beforeAll(async () => {
    const { chain, dir } = site();
    const name = zone();
    const nameServer = `ns1.${name}`;
    const records = [
      { name, type: 'NS', data: nameServer },
      { name: nameServer, type: 'A', data: ADDRESS },
    ];
    server = await startPowerDns({
      dir: join(dir, 'powerdns'),
      address: ADDRESS,
      key: chain.tsigKey,
      zones: [{ name, signed: false, records }],
      allowedBelow: 'nothing',
      apiKey: API_KEY,
    });
    await chain.nsupdate(`add ${name}. 60 NS ${nameServer}.`, `add ${nameServer}. 60 A ${ADDRESS}`);
  });
  afterAll(() => server.stop());

  const published = async ({ hostname }: Tenant): Promise<string[]> => {
    const answer = await mustRun('dig', [
      `@${ADDRESS}`,
      '+short',
      '+norec',
      '+nosplit',
      `_25._tcp.${hostname}`,
      'TLSA',
    ]);
    return answer
      .toLowerCase()
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  };

  test('publishes, follows a renewal, withdraws; the key stays where it is', async () => {
    const tenant = await createTenant(site(), 'powerdns', { zone: zone() });
    const provider = (key: string): object => ({
      apiVersion: 'tlsa-operator.io/v1alpha1',
      kind: 'DNSProvider',
      metadata: { name: 'powerdns' },
      spec: {
        powerdns: { url: `http://${ADDRESS}:8081`, apiKeySecretRef: { name: 'powerdns', key } },
        requestsPerSecond: 100,
      },
    });
    const stringData = { right: `${API_KEY}\n`, wrong: 'not-the-api-key' };
    await tenant.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'powerdns' }, stringData },
      provider('wrong'),
    );
    await tenant.until('Authenticated=False CredentialRefused', 'dnsprovider/powerdns');
    await tenant.apply(provider('right'));
    const first = await tenant.renew();
    await tenant.mailServer({
      providerRef: { name: 'powerdns' },
      verification: { probe: 'Disabled', dnssec: 'Ignore' },
    });
    await tenant.until('Ready=True');
    expect(await published(tenant)).toEqual(await recordsOf(first));
    const second = await tenant.renew();
    await tenant.until('RecordsPublished=True');
    await tenant.pass();
    expect(await published(tenant)).toEqual(await recordsOf(first, second));
    await tenant.kubectl('delete', 'mailserver/mx', '--timeout=240s');
    expect(await published(tenant)).toEqual([]);
    expect(log()).not.toContain('api-key');
    expect(await tenant.kubectl('get', 'events,dnsproviders,mailservers', '--output=yaml')).not.toContain('api-key-of');
  });
}
