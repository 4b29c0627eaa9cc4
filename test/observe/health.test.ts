import { afterEach, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { startHealthServer, type HealthServer } from '../../src/observe/health.ts';
import { createMetrics } from '../../src/observe/metrics.ts';

const { registry } = createMetrics();
const started: HealthServer[] = [];

async function start(healthAddress = '127.0.0.1:0', metricsAddress = '127.0.0.1:0'): Promise<HealthServer> {
  const server = await startHealthServer({ healthAddress, metricsAddress, registry });
  started.push(server);
  return server;
}

afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
});

async function get(address: string, path: string): Promise<string> {
  const response = await fetch(`http://${address}${path}`);
  return `${response.status} ${await response.text()}`;
}

test('it is ready when every check passes, and says which do not', async () => {
  const { healthAddress, addReadyCheck } = await start();
  expect(await get(healthAddress, '/healthz')).toBe('200 ok\n');
  expect(await get(healthAddress, '/readyz')).toBe('200 ready\n');
  let missing: string | undefined = 'MailServers are not listed yet';
  addReadyCheck('caches', () => missing);
  addReadyCheck('schema', () => undefined);
  expect(await get(healthAddress, '/readyz?verbose')).toBe(
    '503 [-] caches: MailServers are not listed yet\n[+] schema: ok\nnot ready\n',
  );
  missing = undefined;
  expect(await get(healthAddress, '/readyz')).toBe('200 [+] caches: ok\n[+] schema: ok\nready\n');
});

test('metrics have an address of their own, or the same', async () => {
  const apart = await start('127.0.0.1:0', '[::1]:0');
  expect(await get(apart.metricsAddress, '/metrics')).toContain('process_resident_memory_bytes');
  expect(await get(apart.metricsAddress, '/readyz')).toBe('404 not found\n');
  expect(await get(apart.healthAddress, '/metrics')).toBe('404 not found\n');
  const shared = await start('127.0.0.1:0', '127.0.0.1:0');
  expect(await get(shared.healthAddress, '/metrics')).toContain('process_resident_memory_bytes');
  expect(shared.metricsAddress).toBe(shared.healthAddress);
});

test('a request that is no path at all harms nobody', async () => {
  const { healthAddress } = await start();
  expect(await get(healthAddress, '//')).toBe('404 not found\n');
  expect(await get(healthAddress, '/healthz')).toBe('200 ok\n');
});

test.each(['', '8080', 'localhost', '127.0.0.1:99999', '::1:80', 'a:b'])('%j is no address', async (address) => {
  await expect(start(address)).rejects.toMatchObject({ code: 'InvalidAddress', kind: 'Stalled' });
});

test('an address in use is said so, and nothing is left listening', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const taken = other.address() as { port: number };
  const address = `127.0.0.1:${taken.port}`;
  await expect(start('127.0.0.1:0', address)).rejects.toMatchObject({ code: 'AddressUnavailable' });
  await new Promise((resolve) => other.close(resolve));
});
