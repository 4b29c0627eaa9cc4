/** Who a kubeconfig says that we are, plugins and all. Loaded only where there is one: the library takes more memory than the operator. */
import type { AgentOptions, RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { stalled } from '../core/errors.ts';
import type { Access } from './access.ts';
import { codeOf } from './api-error.ts';

/**
 * @param paths as in $KUBECONFIG, the first one goes before the others
 * @throws OperatorError `KubeconfigInvalid`
 */
export function kubeconfigAccess(paths: readonly string[]): Access {
  const config = read(paths);
  const cluster = config.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server)) throw invalid('no current context that names a cluster');
  if (cluster.proxyUrl !== undefined) throw invalid('proxy-url is not supported');
  return {
    server: cluster.server.replace(/\/+$/, ''),
    credentials: async () => {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const dispatcher = config.createDispatcherOptions(config.getCurrentCluster(), options as AgentOptions);
      const tls = ('connect' in dispatcher ? dispatcher.connect : {}) as ConnectionOptions;
      return { headers: (options.headers ?? {}) as Record<string, string>, tls };
    },
  };
}

function read(paths: readonly string[]): KubeConfig {
  const config = new KubeConfig();
  try {
    for (const [index, path] of paths.entries()) {
      const one = index === 0 ? config : new KubeConfig();
      one.loadFromFile(path);
      if (one !== config) config.mergeConfig(one, true);
    }
  } catch (cause) {
    // A parser's message may quote the file, which holds credentials: neither in the message nor as the cause.
    throw invalid(`${paths.join()}: cannot be read${codeOf(cause)}`);
  }
  return config;
}

function invalid(what: string): Error {
  return stalled('KubeconfigInvalid', `kubeconfig: ${what}; give a valid one with --kubeconfig or $KUBECONFIG`);
}
