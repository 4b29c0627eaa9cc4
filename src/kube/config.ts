import { accessSync } from 'node:fs';
import type { AgentOptions, RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent } from 'undici';
import { stalled } from '../core/errors.ts';
import { codeOf } from './api-error.ts';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Where the API server is and who we are there: the given kubeconfig (a path, or several as in $KUBECONFIG; empty counts as none), else the
 * ServiceAccount of the pod we run in, else ~/.kube/config.
 * @throws OperatorError `KubeconfigInvalid`
 */
export function loadKubeConfig(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  const given = (kubeconfig ?? '').split(delimiter).filter((path) => path !== '');
  try {
    if (given.length === 0 && isReadable(SERVICE_ACCOUNT_TOKEN)) config.loadFromCluster();
    else {
      const [first = join(homedir(), '.kube', 'config'), ...others] = given;
      config.loadFromFile(first);
      for (const path of others) {
        const other = new KubeConfig();
        other.loadFromFile(path);
        config.mergeConfig(other, true);
      }
    }
  } catch (cause) {
    // A parser's message may quote the file, which holds credentials: neither in the message nor as the cause.
    throw invalid(
      `${given.length === 0 ? 'neither a ServiceAccount nor ~/.kube/config' : given.join()}: cannot be read${codeOf(cause)}`,
    );
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server)) throw invalid('no current context that names a cluster');
  if (cluster.proxyUrl !== undefined) throw invalid('proxy-url is not supported');
  return config;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

function invalid(what: string): Error {
  return stalled('KubeconfigInvalid', `kubeconfig: ${what}; give a valid one with --kubeconfig or $KUBECONFIG`);
}

/** Pools of connections for one set of TLS credentials. */
export interface Pools {
  readonly tls: RequestOptions;
  readonly calls: Agent;
  readonly ahead: Agent;
  /** Watches hold their connections for minutes: in one pool with the calls they would starve them. */
  readonly watches: Agent;
}

const CALL_CONNECTIONS = 16;
const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 90 s after which the API server closes an idle connection. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Pools for these credentials; `previous` when they are still the same. client-node itself opens a new connection for every request
 * and reads the credentials again each time; so do we, and a rotated CA or client certificate gets new pools.
 */
export function poolsFor(config: KubeConfig, tls: RequestOptions, previous: Pools | undefined): Pools {
  if (previous !== undefined && sameCredentials(previous.tls, tls)) return previous;
  const options = config.createDispatcherOptions(config.getCurrentCluster(), tls as AgentOptions);
  const connect = { ...('connect' in options ? options.connect : {}), timeout: CONNECT_TIMEOUT_MS };
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

function sameCredentials(a: RequestOptions, b: RequestOptions): boolean {
  return isDeepStrictEqual([a.ca, a.cert, a.key], [b.ca, b.cert, b.key]);
}
