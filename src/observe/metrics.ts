import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a work queue tells, under controller-runtime's names. */
export interface QueueMetrics {
  readonly added: () => void;
  readonly retried: () => void;
  /** Work on a key begins; it waited that long. */
  readonly started: (waitedSeconds: number) => void;
  readonly finished: (workedSeconds: number) => void;
}

/** What a work queue is asked at each scrape. */
export interface QueueState {
  /** Keys that are ready and wait for a worker. */
  readonly depth: () => number;
  /** How long each key under work has been so far. */
  readonly runningSeconds: () => readonly number[];
}

export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

/**
 * All metrics of the process, in a registry of their own. Labels come from closed sets or from names in the configuration: never from
 * what the network says.
 */
export interface Metrics {
  readonly registry: Registry;
  /** One pass of a controller. */
  readonly reconciled: (controller: string, result: ReconcileResult, seconds: number) => void;
  readonly queue: (name: string, state: QueueState) => QueueMetrics;
  /** One request to the API server; `code` is the status, or `<error>`. */
  readonly apiRequest: (method: string, code: string, host: string) => void;
  readonly leading: (lease: string, isLeader: boolean) => void;
  /** Asked at each scrape: our clock minus the API server's, milliseconds; undefined while not known. */
  readonly clockSkew: (skewMs: () => number | undefined) => void;
  /** Asked at each scrape: the conditions of all MailServers; undefined while another process tells them. */
  readonly conditions: (list: () => Iterable<ConditionSeen> | undefined) => void;
  /** One request to a DNS provider; `code` is `ok` or an error's code. */
  readonly dnsRequest: (provider: string, operation: string, code: string) => void;
  /** One SMTP probe; `result` is `ok` or an error's code. */
  readonly probed: (result: string) => void;
}

export interface ConditionSeen {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

const PASS_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
const QUEUE_SECONDS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const reconciles = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Passes of a controller, by result',
    labelNames: ['controller', 'result'],
    registers,
  });
  const reconcileErrors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Passes of a controller that failed',
    labelNames: ['controller'],
    registers,
  });
  const reconcileTime = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'How long a pass of a controller takes',
    labelNames: ['controller'],
    buckets: PASS_SECONDS,
    registers,
  });
  const apiRequests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server, by status, method and host',
    labelNames: ['code', 'method', 'host'],
    registers,
  });
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process holds the lease',
    labelNames: ['name'],
    registers,
  });
  let skewMs: () => number | undefined = () => undefined;
  new Gauge({
    name: 'tlsa_operator_clock_skew_seconds',
    help: "Our clock minus the API server's; NaN while not known",
    registers,
    collect() {
      this.set((skewMs() ?? NaN) / 1000);
    },
  });
  let listConditions: () => Iterable<ConditionSeen> | undefined = () => undefined;
  new Gauge({
    name: 'tlsa_operator_mailserver_conditions',
    help: 'MailServers by condition, status and reason; only where this process leads',
    labelNames: ['condition', 'status', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { type, status, reason } of listConditions() ?? []) this.inc({ condition: type, status, reason });
    },
  });
  const dnsRequests = new Counter({
    name: 'tlsa_operator_dns_requests_total',
    help: 'Requests to DNS providers, by provider, operation and result',
    labelNames: ['provider', 'operation', 'code'],
    registers,
  });
  const probes = new Counter({
    name: 'tlsa_operator_probe_total',
    help: 'SMTP probes, by result',
    labelNames: ['result'],
    registers,
  });

  return {
    registry,
    queue: queueMetrics(registers),
    reconciled: (controller, result, seconds) => {
      reconciles.inc({ controller, result });
      reconcileErrors.inc({ controller }, result === 'error' ? 1 : 0);
      reconcileTime.observe({ controller }, seconds);
    },
    apiRequest: (method, code, host) => {
      apiRequests.inc({ code, method, host });
    },
    leading: (name, isLeader) => {
      leader.set({ name }, isLeader ? 1 : 0);
    },
    clockSkew: (ask) => {
      skewMs = ask;
    },
    conditions: (list) => {
      listConditions = list;
    },
    dnsRequest: (provider, operation, code) => {
      dnsRequests.inc({ provider, operation, code });
    },
    probed: (result) => {
      probes.inc({ result });
    },
  };
}

function queueMetrics(registers: Registry[]): Metrics['queue'] {
  const labelNames = ['name', 'controller'];
  const states = new Map<string, QueueState>();
  /** A gauge whose value is asked for at each scrape. */
  const asked = (name: string, help: string, valueOf: (state: QueueState) => number): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const [queue, state] of states) this.set({ name: queue, controller: queue }, valueOf(state));
      },
    });
  };
  asked('workqueue_depth', 'Keys that wait for a worker', ({ depth }) => depth());
  asked('workqueue_unfinished_work_seconds', 'Time spent so far on keys under work, in all', ({ runningSeconds }) =>
    runningSeconds().reduce((sum, seconds) => sum + seconds, 0),
  );
  asked('workqueue_longest_running_processor_seconds', 'Time spent so far on the key longest under work', (state) =>
    Math.max(0, ...state.runningSeconds()),
  );
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys added', labelNames, registers });
  const retries = new Counter({ name: 'workqueue_retries_total', help: 'Keys tried again', labelNames, registers });
  const histogram = { labelNames, buckets: QUEUE_SECONDS, registers };
  const waited = new Histogram({
    ...histogram,
    name: 'workqueue_queue_duration_seconds',
    help: 'How long a key waits for a worker',
  });
  const worked = new Histogram({
    ...histogram,
    name: 'workqueue_work_duration_seconds',
    help: 'How long work on a key takes',
  });

  return (queue, state) => {
    const labels = { name: queue, controller: queue };
    states.set(queue, state);
    return {
      added: () => {
        adds.inc(labels);
      },
      retried: () => {
        retries.inc(labels);
      },
      started: (seconds) => {
        waited.observe(labels, seconds);
      },
      finished: (seconds) => {
        worked.observe(labels, seconds);
      },
    };
  };
}
