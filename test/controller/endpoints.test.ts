/**
 * Which endpoints are probed: every port, and with `spec.verification.serviceRef` the ready endpoints of a Service, which count for
 * the host where its own addresses cannot be reached from inside. A real API server, BIND, Unbound, Postfix and Dovecot. The
 * EndpointSlices are made by hand: a double of the controller that makes them from pods, which there are none of.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PORTS } from '../../src/api/mail-server.ts';
import { startDovecot } from '../support/dovecot.ts';
import type { Issued } from '../support/pki.ts';
import { startPostfix, type ServedCertificate } from '../support/postfix.ts';
import { startSite, type Site } from '../support/site.ts';
import { createTenant, issue, recordsOf, type Tenant } from './tenant.ts';

/** Where Postfix is, standing for a pod or for what the Internet sees. */
const [first, second] = ['10.53.1.17', '10.53.1.18'];
/** Refuses connections, as the public address does where the network does not lead back to it. */
const NOBODY = '10.53.1.19';

let site: Site;
interface Server {
  readonly stop: () => Promise<unknown>;
}
const running: Server[] = [];
beforeAll(async () => {
  site = await startSite();
  await site.startOperator();
});
afterAll(async () => {
  for (const server of running) await server.stop();
  await site.stop();
});

/** A host with this address in the DNS, a certificate in its Secret, and a MailServer that is probed. */
async function tenantAt(name: string, address: string): Promise<{ tenant: Tenant; certificate: Issued }> {
  const tenant = await createTenant(site, name);
  await site.chain.nsupdate(`add ${tenant.hostname} 60 A ${address}`);
  const certificate = await tenant.renew();
  return { tenant, certificate };
}

function filesOf(tenant: Tenant, address: string, certificate: Issued): ServedCertificate {
  const file = (ending: string, text: string): string => {
    const path = join(site.dir, `${tenant.namespace}-${address}.${ending}`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return { chainFile: file('crt', certificate.chainPem), keyFile: file('key', certificate.keyPem) };
}

async function postfix(tenant: Tenant, address: string, certificate: Issued): Promise<Server> {
  const server = await startPostfix({
    dir: join(site.dir, `postfix-${tenant.namespace}-${address}`),
    address,
    hostname: tenant.hostname,
    certificates: [filesOf(tenant, address, certificate)],
  });
  running.push(server);
  return server;
}

/** A Service with port 25, which leads to port 587 of its pods. */
const service = (port = 25): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'postfix' },
  spec: { ports: [{ name: 'smtp', port, targetPort: 587 }] },
});

const slice = (...endpoints: readonly (readonly [address: string, ready: boolean])[]): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'postfix-1', labels: { 'kubernetes.io/service-name': 'postfix' } },
  addressType: 'IPv4',
  ports: [{ name: 'smtp', port: 587, protocol: 'TCP' }],
  endpoints: endpoints.map(([address, ready]) => ({ addresses: [address], conditions: { ready } })),
});

const verification = { serviceRef: { name: 'postfix' } };

async function stopAll(): Promise<void> {
  for (const server of running.splice(0)) await server.stop();
}

test('records are published at every port once what it presents is seen', async () => {
  const { tenant, certificate } = await tenantAt('ports', first);
  await postfix(tenant, first, certificate);
  await tenant.mailServer({ ports: PORTS, verification: {} });
  const { message } = await tenant.until('RecordsPublished=False ConnectionRefused');
  for (const port of [993, 995, 143, 110]) expect(message).toContain(`port ${port}`);
  const dir = join(site.dir, 'dovecot');
  running.push(await startDovecot({ dir, address: first, certificates: [filesOf(tenant, first, certificate)] }));
  await tenant.pass();
  await tenant.until('Ready=True Published');
  const spki = (await recordsOf(certificate)).join(' ').toUpperCase();
  for (const port of PORTS) {
    const answer = await site.chain.dig('+short', '+norec', '+nosplit', `_${port}._tcp.${tenant.hostname}`, 'TLSA');
    expect(answer.trim().split('\n').sort().join(' ')).toBe(spki);
  }
  expect((await tenant.get()).status.endpoints).toEqual({ total: 7, matching: 7, failing: [] });
  await stopAll();
});

test('an address that cannot be reached from inside: the Service proves what is served, and only ready endpoints count', async () => {
  const { tenant, certificate } = await tenantAt('hairpin', NOBODY);
  await postfix(tenant, first, certificate);
  await tenant.mailServer({ verification: {} });
  expect((await tenant.until('Ready=False ProbeUnavailable')).message).toContain(`${NOBODY}: ConnectionRefused`);
  expect(await tenant.published()).toEqual([]);

  await tenant.apply(service(), slice([first, true], [second, false]));
  await tenant.patch({ verification });
  await tenant.until('Ready=True Published');
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  await tenant.until('ServingMatches=True AllMatch');
  expect((await tenant.get()).status.endpoints).toEqual({ total: 1, matching: 1, failing: [] });
  await stopAll();
});

test('each ready endpoint is looked at, beside the addresses of the host', async () => {
  const { tenant, certificate } = await tenantAt('behind', first);
  await postfix(tenant, first, certificate);
  await tenant.apply(service(), slice([second, true]));
  await tenant.mailServer({ verification });
  const { message } = await tenant.until('Ready=False ConnectionRefused');
  expect(message).toContain(second);

  const wrong = await postfix(tenant, second, await issue(tenant.hostname));
  await tenant.pass();
  expect((await tenant.until('Ready=False UnknownChainServed')).message).toContain(second);
  expect(await tenant.published()).toEqual([]);
  await wrong.stop();
  running.splice(running.indexOf(wrong), 1);
  await tenant.apply(slice([second, false]));
  await tenant.pass();
  await tenant.until('Ready=True Published');
  await stopAll();
});

test('no such Service, no such port, and what to do', async () => {
  const { tenant, certificate } = await tenantAt('no-service', NOBODY);
  await postfix(tenant, first, certificate);
  await tenant.mailServer({ verification });
  expect((await tenant.until('Ready=False ServiceNotFound')).message).toContain('serviceRef');
  await tenant.apply(service(2525), slice([first, true]));
  await tenant.pass();
  expect((await tenant.until('Ready=False ServiceHasNoPort')).message).toContain('no TCP port 25; add it');
  await tenant.kubectl('delete', 'service/postfix');
  await tenant.apply(service());
  await tenant.pass();
  await tenant.until('Ready=True Published');
  // Once published, a Service that goes is told, and takes nothing away.
  await tenant.kubectl('delete', 'service/postfix');
  await tenant.pass();
  await tenant.until('ServingMatches=Unknown ServiceNotFound');
  await tenant.until('Ready=True Published');
  await stopAll();
});
