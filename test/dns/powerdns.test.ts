import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCA, makeLeaf } from '../support/pki.ts';
import { describeProvider } from './conformance/index.ts';
import { HOSTS, ZONE } from './conformance/harness.ts';
import { a, at, b, set } from './conformance/suite.ts';
import { startPowerDnsApi, type PowerDnsHarness } from './powerdns-harness.ts';

describeProvider('PowerDNS by its API', () => startPowerDnsApi('10.53.0.16'));

describe('PowerDNS and its API', () => {
  const zone = { name: ZONE, id: `${ZONE}.`, signing: 'Signing' } as const;
  const stalled = (code: string): object => ({ name: 'OperatorError', kind: 'Stalled', code });
  let powerDns: PowerDnsHarness;
  beforeAll(async () => {
    powerDns = await startPowerDnsApi('10.53.0.17');
  });
  afterAll(() => powerDns.stop());

  test('records that somebody switched off do not count', async () => {
    const { patch, provider, served } = powerDns;
    const owner = `_25._tcp.off.${HOSTS}`;
    const off = { content: `3 1 1 ${'cd'.repeat(32)}`, disabled: true };
    const on = { content: `3 1 1 ${'01'.repeat(32)}`, disabled: false };
    await patch({ name: `${owner}.`, type: 'TLSA', changetype: 'REPLACE', ttl: 60, records: [off, on] });
    expect(await provider.read(zone, owner)).toEqual(set(60, a));
    const change = at(owner, [b], { remove: [a], expected: set(60, a) });
    expect(await provider.change(zone, [change])).toEqual([{ outcome: 'Applied' }]);
    expect(await served(owner)).toEqual(set(60, b));
  });

  test('a key that is wrong, and a server that is not there, are said without their words', async () => {
    const wrong = { ...stalled('CredentialRefused'), message: expect.not.stringContaining('another') };
    await expect(powerDns.withWrongCredential.authenticate()).rejects.toMatchObject(wrong);
    const nobody = powerDns.providerWith({ serverID: 'elsewhere' });
    await expect(nobody.findZone(ZONE)).rejects.toMatchObject(stalled('ZoneNotAtProvider'));
  });

  test('nothing goes out while another leads', async () => {
    const owner = `_25._tcp.led.${HOSTS}`;
    const follower = powerDns.providerWith({ maySend: () => false });
    expect(await follower.change(zone, [at(owner, [a])])).toMatchObject([
      { outcome: 'Refused', error: { code: 'Aborted' } },
    ]);
    expect(await powerDns.served(owner)).toMatchObject({ records: [] });
  });

  test.each(['http://127.0.0.1:8081', 'http://[::1]:8081', 'http://localhost:8081', 'http://169.254.169.254'])(
    'a tenant is not led to %s',
    async (url) => {
      const provider = powerDns.providerWith({ url, refuseLocal: true });
      await expect(provider.authenticate()).rejects.toMatchObject(stalled('APIAddressRefused'));
    },
  );

  test('a redirect is not followed, and the key not handed on', async () => {
    const seen: unknown[] = [];
    const elsewhere = createHttpServer((request, response) => {
      seen.push(request.headers);
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const { port } = elsewhere.address() as AddressInfo;
    const redirecting = createHttpServer((_, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end();
    }).listen(0, '127.0.0.1');
    await once(redirecting, 'listening');
    const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
    await expect(powerDns.providerWith({ url }).authenticate()).rejects.toMatchObject({ code: 'APIAnswerMalformed' });
    expect(seen).toEqual([]);
    for (const server of [elsewhere, redirecting]) {
      server.closeAllConnections();
      server.close();
    }
  });

  test('TLS: by the CA that is named, and for that name only', async () => {
    const ca = await makeCA({ name: 'internal CA' });
    const leaf = await makeLeaf({ names: ['localhost'], issuer: ca });
    const inFront = createServer({ key: leaf.keyPem, cert: leaf.chainPem }, (_, response) => response.end('{}'));
    inFront.listen(0, 'localhost');
    await once(inFront, 'listening');
    const { port, address } = inFront.address() as AddressInfo;
    const url = `https://localhost:${port}`;
    const untrusted = stalled('APICertificateNotTrusted');
    await powerDns.providerWith({ url, caBundle: ca.pem }).authenticate();
    await expect(powerDns.providerWith({ url }).authenticate()).rejects.toMatchObject(untrusted);
    const byAddress = `https://${address.includes(':') ? `[${address}]` : address}:${port}`;
    const another = powerDns.providerWith({ url: byAddress, caBundle: ca.pem });
    await expect(another.authenticate()).rejects.toMatchObject(untrusted);
    inFront.closeAllConnections();
    inFront.close();
  });
});
