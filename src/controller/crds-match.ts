import { SCHEMA_HASH_ANNOTATION, schemaHashes } from '../api/crd.ts';
import { sleep, type Clock } from '../kube/clock.ts';
import type { Caller, Cluster } from '../kube/cluster.ts';
import { getObject } from '../kube/objects.ts';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../kube/resource.ts';
import type { HealthServer } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import { lackingFields } from './lacking-fields.ts';
import type { WatchNamespaces } from './watches.ts';

const LOOK_AGAIN_MS = 5_000;

/**
 * Resolves when the CRDs in the cluster are those that this program was built with. Until then it writes nothing: a field of status that
 * an older CRD does not know would be dropped silently, and with it what must not be forgotten.
 */
export async function crdsMatch(
  cluster: Cluster,
  health: Pick<HealthServer, 'addReadyCheck'>,
  {
    clock,
    log,
    watchNamespaces,
  }: { readonly clock: Clock; readonly log: Logger; readonly watchNamespaces: WatchNamespaces },
  signal: AbortSignal,
): Promise<void> {
  let missing: string | undefined = 'not compared yet';
  health.addReadyCheck('crds', () => missing);
  while (!signal.aborted) {
    const differ = await differing(cluster, watchNamespaces, signal).catch((err: unknown) => {
      if (!signal.aborted) log.warn({ err }, 'the CRDs could not be read; tried again');
      return undefined;
    });
    if (differ?.length === 0) {
      missing = undefined;
      return;
    }
    const sentence =
      differ === undefined
        ? 'could not be read'
        : `${differ.join(', ')}: not the version that this program needs; run: tlsa-operator crd | kubectl apply --server-side -f -`;
    if (sentence !== missing) log.warn(`CRDs: ${sentence}`);
    missing = sentence;
    await sleep(clock, LOOK_AGAIN_MS, signal);
  }
}

/** The CRDs in the cluster that are not those of this program. Who works in some namespaces only may not read them. */
export async function differing(
  cluster: Caller,
  watchNamespaces: WatchNamespaces,
  signal: AbortSignal,
): Promise<string[]> {
  if (watchNamespaces !== undefined) return lackingFields(cluster, signal);
  const names = await Promise.all(
    [...schemaHashes()].map(async ([name, hash]) => {
      const installed = await getObject(cluster, CUSTOM_RESOURCE_DEFINITIONS, { name }, signal);
      return installed?.metadata.annotations?.[SCHEMA_HASH_ANNOTATION] === hash ? [] : name;
    }),
  );
  return names.flat();
}
