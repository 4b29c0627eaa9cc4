/** One pass over a DNSProvider or ClusterDNSProvider: credential -> provider -> does the server accept it -> the zones in use. */
import pLimit from 'p-limit';
import type { DnsProviderStatus } from '../api/dns-provider.ts';
import { OperatorError } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import type { Resolver } from '../dns/resolver.ts';
import type { WriteResult } from '../kube/objects.ts';
import { attempt } from './attempt.ts';
import type { ActiveProvider, ActiveProviders } from './active-providers.ts';
import { makeProvider, readCredential, type ProviderMaker } from './make-provider.ts';
import type { ProviderObject, ProviderKey } from './objects.ts';
import { mergeConditions, type ConditionStatement } from './merge-conditions.ts';
import type { ObjectEvent } from './object-event.ts';
import type { Outcome } from './outcome.ts';
import { isSameStatus } from './same-status.ts';

/** Who makes providers usable. */
export interface ProviderUser extends ProviderMaker {
  readonly providers: ActiveProviders;
}

export interface ProviderReconciler extends ProviderUser {
  readonly resolver: Resolver;
  /** Where MailServers have records through this provider. */
  readonly zonesInUse: (key: ProviderKey) => readonly Name[];
  readonly writer: {
    readonly replaceStatus: (object: ProviderObject) => Promise<WriteResult<ProviderObject>>;
    readonly event: (object: ProviderObject, event: ObjectEvent) => void;
  };
}

/** Credentials are not watched; a rotated one is noticed within this time, or when the provider object is touched. */
const LOOK_AGAIN_MS = 5 * 60_000;

/** What an instance was made from: it lives until that changes. */
interface Instance {
  readonly madeFrom: string;
  readonly active: ActiveProvider;
}
export type Instances = Map<ProviderKey, Instance>;

export async function reconcileProvider(
  key: ProviderKey,
  object: ProviderObject,
  instances: Instances,
  reconciler: ProviderReconciler,
): Promise<Outcome> {
  const problem = await bringUp(key, object, instances, reconciler);
  const active = instances.get(key)?.active;
  const zones =
    active === undefined || problem !== undefined
      ? (object.status.zones ?? [])
      : await lookAtZones(key, active, reconciler);
  const status: DnsProviderStatus = {
    observedGeneration: object.metadata.generation,
    conditions: mergeConditions(
      object.status.conditions ?? [],
      conditionsOf(problem),
      object.metadata.generation,
      new Date(reconciler.now()),
    ),
    zones,
  };
  if (!isSameStatus(object.status, status)) {
    const result = await reconciler.writer.replaceStatus({ ...object, status });
    if (result.outcome === 'Conflict') return { kind: 'Retry' };
    tell(object, problem, reconciler);
    return { kind: isSameStatus(result.object.status, status) ? 'Again' : 'Retry' };
  }
  if (problem?.kind === 'Transient') return { kind: 'Retry' };
  return { kind: 'Done', wakeAt: reconciler.now() + LOOK_AGAIN_MS * (0.9 + reconciler.random() * 0.2) };
}

/** Makes the provider usable; returns why it is not. A server that does not answer for a while takes nothing away; a credential that is gone does. */
export async function bringUp(
  key: ProviderKey,
  object: ProviderObject,
  instances: Instances,
  reconciler: ProviderUser,
): Promise<OperatorError | undefined> {
  try {
    const credential = await readCredential(object, reconciler);
    const madeFrom = `${specOf(object)} ${credential.version}`;
    const instance = instances.get(key);
    const active =
      instance?.madeFrom === madeFrom ? instance.active : makeProvider(key, object, credential, reconciler);
    await active.dns.authenticate();
    if (active !== instance?.active || !reconciler.providers.get(key).known) {
      instances.set(key, { madeFrom, active });
      reconciler.providers.ready(key, active);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    // An older spec may allow what this one forbids.
    const isOld = instances.get(key)?.madeFrom.startsWith(`${specOf(object)} `) !== true;
    const isRevoked = isOld || error.kind === 'Stalled' || error.code === 'CredentialNotFound';
    if (isRevoked || !reconciler.providers.get(key).known) reconciler.providers.notReady(key, error);
    return error;
  }
}

function specOf({ metadata }: ProviderObject): string {
  return `${metadata.uid} ${metadata.generation}`;
}

async function lookAtZones(
  key: ProviderKey,
  active: ActiveProvider,
  { zonesInUse, providers, resolver }: ProviderReconciler,
): Promise<NonNullable<DnsProviderStatus['zones']>> {
  const names = zonesInUse(key).toSorted().slice(0, MAX_ZONES);
  const limit = pLimit(LOOK_UPS_AT_ONCE);
  const zones = await Promise.all(names.map((name) => limit(() => lookAtZone(name, active, providers, resolver))));
  return zones.flat();
}

async function lookAtZone(
  name: Name,
  active: ActiveProvider,
  providers: ActiveProviders,
  resolver: Resolver,
): Promise<NonNullable<DnsProviderStatus['zones']>> {
  const looked = await attempt(() => Promise.all([providers.findZone(active, name), resolver.lookup(name, 'DS')]));
  if (!looked.known) return [{ name, signing: 'Unknown' }];
  const [zone, ds] = looked.value;
  const dsAtParent = ds.notValidated === undefined ? { dsAtParent: ds.status === 'Found' && ds.secure } : {};
  return zone === undefined ? [] : [{ ...zone, ...dsAtParent }];
}

/** What status can hold. */
const MAX_ZONES = 1024;
const LOOK_UPS_AT_ONCE = 16;

const NOT_AUTHENTICATED = new Set(['BadKey', 'BadSignature', 'BadTime', 'CredentialRefused', 'CredentialExpired']);

function conditionsOf(problem: OperatorError | undefined): ConditionStatement[] {
  if (problem === undefined) {
    return [
      { type: 'Ready', status: 'True', reason: 'Ready', message: 'the server is there and accepts the credential' },
      { type: 'Authenticated', status: 'True', reason: 'Authenticated', message: 'the server accepts the credential' },
    ];
  }
  const { code: reason, message } = problem;
  return [
    { type: 'Ready', status: 'False', reason, message },
    { type: 'Authenticated', status: NOT_AUTHENTICATED.has(reason) ? 'False' : 'Unknown', reason, message },
    { type: problem.kind === 'Stalled' ? 'Stalled' : 'Reconciling', status: 'True', reason, message },
  ];
}

function tell(object: ProviderObject, problem: OperatorError | undefined, { writer }: ProviderReconciler): void {
  const before = object.status.conditions?.find(({ type }) => type === 'Ready');
  if (problem !== undefined && before?.reason !== problem.code)
    writer.event(object, { type: 'Warning', reason: problem.code, message: problem.message });
  if (problem === undefined && before?.status !== 'True') {
    writer.event(object, {
      type: 'Normal',
      reason: 'Ready',
      message: 'the server is there and accepts the credential',
    });
  }
}
