import { isDeepStrictEqual } from 'node:util';
import type { ConnectionOptions } from 'node:tls';
import { Agent } from 'undici';

/** Pools of connections for one set of TLS credentials. */
export interface Pools {
  readonly tls: ConnectionOptions;
  readonly calls: Agent;
  readonly ahead: Agent;
  /** Watches hold their connections for minutes: in one pool with the calls they would starve them. */
  readonly watches: Agent;
}

const CALL_CONNECTIONS = 16;
const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 90 s after which the API server closes an idle connection. */
const KEEP_ALIVE_MS = 30_000;

/** Pools for these credentials; `previous` when they are still the same: a rotated CA or client certificate gets new ones. */
export function poolsFor(tls: ConnectionOptions, previous: Pools | undefined): Pools {
  if (previous !== undefined && sameCredentials(previous.tls, tls)) return previous;
  const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS };
  const common = { connect, allowH2: false, keepAliveTimeout: KEEP_ALIVE_MS } as Agent.Options;
  void previous?.calls.close();
  void previous?.ahead.close();
  void previous?.watches.close();
  return {
    tls,
    calls: new Agent({ ...common, connections: CALL_CONNECTIONS }),
    ahead: new Agent({ ...common, connections: 1 }),
    watches: new Agent({ ...common, bodyTimeout: 0 }),
  };
}

function sameCredentials(a: ConnectionOptions, b: ConnectionOptions): boolean {
  return isDeepStrictEqual([a.ca, a.cert, a.key], [b.ca, b.cert, b.key]);
}
