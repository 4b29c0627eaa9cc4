import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { stalled } from '../core/errors.ts';

/** undefined: ready; else a sentence: what is missing, and what to do. */
export type ReadyCheck = () => string | undefined;

export interface HealthOptions {
  /** `host:port`, `[address]:port` or `:port` (all addresses); port 0 lets the system choose. */
  readonly healthAddress: string;
  /** The same; may be equal to healthAddress. */
  readonly metricsAddress: string;
  readonly registry: Registry;
}

export interface HealthServer {
  /** `host:port` as bound. */
  readonly healthAddress: string;
  readonly metricsAddress: string;
  /** Replaces a check of the same name. */
  readonly addReadyCheck: (name: string, check: ReadyCheck) => void;
  readonly close: () => Promise<void>;
}

type Page = () => Promise<{ readonly status: number; readonly contentType: string; readonly body: string }>;

/**
 * Serves /healthz (the process answers), /readyz (every check passes; otherwise 503 and which do not) and /metrics.
 * @throws OperatorError `InvalidAddress`, `AddressUnavailable`
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const checks = new Map<string, ReadyCheck>();
  const health: Record<string, Page> = {
    '/healthz': () => Promise.resolve(text(200, 'ok\n')),
    '/readyz': () => Promise.resolve(readiness(checks)),
  };
  const metrics: Record<string, Page> = {
    '/metrics': async () => ({
      status: 200,
      contentType: options.registry.contentType,
      body: await options.registry.metrics(),
    }),
  };
  const isShared = options.healthAddress === options.metricsAddress;
  const healthServer = await listen(options.healthAddress, isShared ? { ...health, ...metrics } : health);
  const servers = [healthServer];
  try {
    if (!isShared) servers.push(await listen(options.metricsAddress, metrics));
  } catch (error) {
    await close(servers);
    throw error;
  }
  return {
    healthAddress: boundTo(healthServer),
    metricsAddress: boundTo(servers.at(-1) ?? healthServer),
    addReadyCheck: (name, check) => checks.set(name, check),
    close: () => close(servers),
  };
}

function readiness(checks: ReadonlyMap<string, ReadyCheck>): Awaited<ReturnType<Page>> {
  const results = [...checks].map(([name, check]) => ({ name, missing: check() }));
  const lines = results.map(({ name, missing }) =>
    missing === undefined ? `[+] ${name}: ok` : `[-] ${name}: ${missing}`,
  );
  const isReady = results.every(({ missing }) => missing === undefined);
  return text(isReady ? 200 : 503, [...lines, isReady ? 'ready' : 'not ready', ''].join('\n'));
}

function text(status: number, body: string): Awaited<ReturnType<Page>> {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

async function listen(address: string, pages: Readonly<Record<string, Page>>): Promise<Server> {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:]*)):(?<port>\d{1,5})$/.exec(address)?.groups;
  const port = Number(match?.['port']);
  if (match === undefined || port > 65535) {
    throw stalled('InvalidAddress', `${JSON.stringify(address)}: write host:port, [IPv6 address]:port or :port`);
  }
  const server = createServer((request, response) => {
    const page = pages[request.url?.split('?')[0] ?? ''] ?? (() => Promise.resolve(text(404, 'not found\n')));
    page().then(
      ({ status, contentType, body }) => {
        response.writeHead(status, { 'content-type': contentType }).end(body);
      },
      () => {
        response.writeHead(500).end();
      },
    );
  });
  const host = match['v6'] ?? match['host'];
  try {
    server.listen({ port, ...(host === '' || host === undefined ? {} : { host }) });
    await once(server, 'listening');
  } catch (cause) {
    throw stalled('AddressUnavailable', `cannot listen at ${address}: it is in use or not an address of this host`, {
      cause,
    });
  }
  return server;
}

function boundTo(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

async function close(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }),
  );
}
