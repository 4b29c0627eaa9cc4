/** The operator from start to stop: watches, leadership, controllers. */
import { runLeaderElection } from '../kube/lease.ts';
import type { HealthServer } from '../observe/health.ts';
import { createControllers, type Controllers, type ControllerOptions } from './controllers.ts';
import { crdsMatch } from './crds-match.ts';
import { synced, watchAll } from './watches.ts';
import { createStores, type Stores } from './stores.ts';

export interface OperatorOptions extends Omit<ControllerOptions, 'leads'> {
  readonly health: Pick<HealthServer, 'addReadyCheck'>;
  /** Differs between all replicas and lives. Undefined: no election, this process leads. */
  readonly identity: string | undefined;
}

const LEASE_NAME = 'tlsa-operator';

/** Runs until the signal; then takes no more work, finishes what is under way, gives the lease up. `Lost`: another took the lease. */
export async function runOperator(options: OperatorOptions, signal: AbortSignal): Promise<'Stopped' | 'Lost'> {
  const { cluster, clock, random, log, health } = options;
  const stores = createStores(log);
  health.addReadyCheck('watches', () => notListed(stores));
  let holdsLease = (): boolean => options.identity === undefined;
  const controllers = createControllers({ ...options, leads: () => holdsLease() }, stores);
  const watching = new AbortController();
  const { watchNamespaces } = options;
  const watches = watchAll(stores, options, { cluster, clock, random, log }, watching.signal);
  try {
    await Promise.race([
      Promise.all([crdsMatch(cluster, health, { clock, log, watchNamespaces }, signal), synced(stores)]),
      aborted(signal),
    ]);
    if (signal.aborted) return 'Stopped';
    return await lead(options, controllers, signal, (holds) => {
      holdsLease = holds;
    });
  } finally {
    watching.abort();
    await Promise.all([watches, controllers.drain()]);
  }
}

/** The lease is kept until the work under way is done; only then may another take it. */
async function lead(
  options: OperatorOptions,
  controllers: Controllers,
  signal: AbortSignal,
  onLease: (holds: () => boolean) => void,
): Promise<'Stopped' | 'Lost'> {
  const { metrics, identity, operatorNamespace } = options;
  const drained = new AbortController();
  signal.addEventListener(
    'abort',
    () =>
      void controllers.drain().then(() => {
        drained.abort();
      }),
    { once: true },
  );
  if (identity === undefined) {
    controllers.start();
    await aborted(drained.signal);
    return 'Stopped';
  }
  const onStartedLeading = (holds: () => boolean): void => {
    onLease(holds);
    metrics.leading(LEASE_NAME, true);
    controllers.start();
  };
  metrics.leading(LEASE_NAME, false);
  const end = await runLeaderElection(
    {
      ...options,
      cluster: options.cluster.ahead,
      namespace: operatorNamespace,
      name: LEASE_NAME,
      identity,
      onStartedLeading,
    },
    drained.signal,
  );
  metrics.leading(LEASE_NAME, false);
  return end === 'Released' ? 'Stopped' : 'Lost';
}

function notListed(stores: Stores): string | undefined {
  const names = Object.entries(stores).flatMap(([name, store]: [string, { readonly isSynced: boolean }]) =>
    store.isSynced ? [] : name,
  );
  return names.length === 0 ? undefined : `not listed yet: ${names.join(', ')}; the log says why if this lasts`;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener(
    'abort',
    () => {
      resolve(undefined);
    },
    { once: true },
  );
  await promise;
}
