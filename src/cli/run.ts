/** `run`: the operator. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { parseDuration } from '../api/duration.ts';
import { mailProbe } from '../controller/mail-probe.ts';
import { runOperator } from '../controller/operator.ts';
import { createResolver } from '../dns/resolver.ts';
import { parseServer } from '../dns/server.ts';
import { systemClock } from '../kube/clock.ts';
import { loadCluster } from '../kube/cluster.ts';
import { startHealthServer } from '../observe/health.ts';
import { createLogger } from '../observe/log.ts';
import { createMetrics } from '../observe/metrics.ts';
import { parseDenyCidrs } from '../smtp/deny-cidrs.ts';
import type { Command } from './command.ts';
import { oneOf, parseOptions, usageError } from './options.ts';
import { namespacesOf, WORLD_OPTIONS } from './world-options.ts';

const options = {
  ...WORLD_OPTIONS,
  'certificate-request-minimum-backoff-duration': {
    type: 'string',
    value: 'DURATION',
    default: '5m',
    description:
      'Gate: how soon an issuer is asked again after the first failure; twice as long after each further one',
  },
  'certificate-request-maximum-backoff-duration': {
    type: 'string',
    value: 'DURATION',
    default: '6h',
    description: 'Gate: and at the latest',
  },
  'leader-elect': {
    type: 'string',
    value: 'true|false',
    default: 'true',
    description: 'Work only while holding the lease',
  },
  'metrics-address': { type: 'string', value: 'HOST:PORT', default: ':8080', description: 'Where /metrics is served' },
  'health-address': {
    type: 'string',
    value: 'HOST:PORT',
    default: ':8081',
    description: 'Where /healthz and /readyz are served',
  },
  'log-level': { type: 'string', value: 'LEVEL', default: 'info', description: 'debug, info, warn, error or silent' },
  'log-format': {
    type: 'string',
    value: 'json|pretty',
    default: 'json',
    description: 'One JSON object a line, or for people',
  },
} as const;

const VALIDATION_WARNINGS = {
  NotProven: 'the resolver says that it validates; that cannot be proven, for it does not do RFC 8509',
  No: 'the resolver does not validate DNSSEC',
};

export const run: Command = {
  synopsis: 'run [OPTION]...',
  description:
    'Runs the operator until SIGTERM: it then finishes the write under way, gives the lease up, and ends with 0.',
  options,
  example: 'run --kubeconfig ~/.kube/config --resolver 127.0.0.1:5353 --log-format pretty',
  run: async ({ args, env, signal }) => {
    const { values, positionals } = parseOptions(options, args);
    const [stray] = positionals;
    if (stray !== undefined) throw usageError(`what is ${JSON.stringify(stray)}?`);
    const log = createLogger({
      level: oneOf(['debug', 'info', 'warn', 'error', 'silent'] as const, values['log-level'], 'log-level'),
      format: oneOf(['json', 'pretty'] as const, values['log-format'], 'log-format'),
    });
    const denied = parseDenyCidrs(values['probe-deny-cidr']);
    const resolver = createResolver({
      servers: (values.resolver ?? ['127.0.0.1']).map(parseServer),
      monotonic: systemClock.monotonic,
      onValidation: (server, validation) => {
        if (validation === 'Proven') log.info({ resolver: server }, 'the resolver validates');
        else log.warn({ resolver: server, validation }, VALIDATION_WARNINGS[validation]);
      },
    });
    const elects = oneOf(['true', 'false'] as const, values['leader-elect'], 'leader-elect') === 'true';
    const metrics = createMetrics();
    const gate =
      oneOf(['true', 'false'] as const, values.gate, 'gate') === 'true'
        ? {
            backOff: {
              firstMs: parseDuration(values['certificate-request-minimum-backoff-duration']),
              maxMs: parseDuration(values['certificate-request-maximum-backoff-duration']),
            },
          }
        : undefined;
    const kubeconfig = values.kubeconfig ?? env['KUBECONFIG'];
    const cluster = await loadCluster({ kubeconfig, env, observe: metrics.apiRequest });
    metrics.clockSkew(() => cluster.serverClock.skewMs());
    const health = await startHealthServer({
      healthAddress: values['health-address'],
      metricsAddress: values['metrics-address'],
      registry: metrics.registry,
    });
    log.info({ server: cluster.server, health: health.healthAddress, metrics: health.metricsAddress }, 'starting');
    try {
      const end = await runOperator(
        {
          cluster,
          resolver,
          probe: mailProbe(denied, metrics),
          gate,
          health,
          metrics,
          log,
          clock: systemClock,
          random: Math.random,
          watchNamespaces: namespacesOf(values['watch-namespaces']),
          operatorNamespace: values['operator-namespace'],
          identity: elects ? `${hostname()}_${randomUUID()}` : undefined,
        },
        signal,
      );
      log.info(
        end === 'Stopped'
          ? 'stopped'
          : 'ending: the lease is lost, to another replica or because it could not be renewed',
      );
      return end === 'Stopped' ? 0 : 3;
    } finally {
      await health.close();
      await cluster.close();
    }
  },
};
