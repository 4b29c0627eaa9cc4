/** The provider for Amazon Route 53. */
import { stalled } from '../../../core/errors.ts';
import { canonicalName, isAtOrBelow } from '../../../core/name.ts';
import type { RecordSet } from '../../../core/record-set.ts';
import { saying } from '../api-errors.ts';
import { namesBetween, ownerIsAlias, ownerIsDelegated } from '../owners.ts';
import type { RequestRate } from '../request-rates.ts';
import type { DnsProvider, Zone } from '../provider.ts';
import { applyChanges } from './change.ts';
import { createClient, type Identity } from './client.ts';
import { plainRecordSet } from './read.ts';
import { recordSetsAt } from './record-sets.ts';
import { createZones } from './zones.ts';

export interface Route53Options extends Identity {
  readonly region: string;
  readonly endpoint?: string | undefined;
  /** Only these are used; all public ones of the account when there is none. */
  readonly hostedZoneIDs: readonly string[];
  /** Only zones of these names. */
  readonly zones: readonly string[];
  /** A tenant wrote it: neither the pod's own identity nor what only the pod can reach is for him. */
  readonly forTenant: boolean;
  readonly rate: RequestRate;
  /** For each request, 10 seconds if not given. */
  readonly timeoutMs?: number;
  /** Asked at the last moment before a change goes out; false: it does not. */
  readonly maySend?: (() => boolean) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** @throws OperatorError `InvalidName`; nothing is asked yet, and the SDK is loaded with the first request */
export function createRoute53Provider(options: Route53Options): DnsProvider {
  const { timeoutMs = 10_000, forTenant, hostedZoneIDs, now } = options;
  if (forTenant && (options.accessKey === undefined || options.role !== undefined)) {
    throw stalled('CredentialNotFound', 'a DNSProvider uses an access key of its own; spec.route53 names none');
  }
  const client = createClient({ ...options, maySend: options.maySend, timeoutMs, refuseLocal: forTenant });
  const zones = createZones(client, hostedZoneIDs, now);
  const allowed = options.zones.map(canonicalName);

  return {
    isRateLimited: true,
    readsZones: true,

    authenticate: (signal) => saying(zones.touch(signal), client.place(allowed[0] ?? 'the list of hosted zones')),

    findZone: async (name): Promise<Zone | undefined> => {
      const candidates = allowed.filter((zone) => isAtOrBelow(name, zone));
      if (allowed.length > 0 && candidates.length === 0) return undefined;
      const place = client.place(name);
      const zone = await saying(zones.find(name), place);
      if (zone === undefined && candidates.length > 0) {
        throw stalled('ZoneNotAtProvider', `the account has no public hosted zone for ${name}, which "zones" lists`);
      }
      if (zone === undefined || (allowed.length > 0 && !candidates.includes(zone.name))) return undefined;
      return { ...zone, signing: await saying(zones.signing(zone), place) };
    },

    read: async ({ id, name: apex }, owner, signal): Promise<RecordSet> => {
      const place = client.place(owner);
      if (id === undefined) throw stalled('ZoneNotAtProvider', `there is no hosted zone for ${apex}`);
      const there = await saying(recordSetsAt(client, id, [...namesBetween(owner, apex)], signal), place);
      const cut = there.find(({ Type }) => Type === 'NS');
      if (cut !== undefined) throw ownerIsDelegated(owner, cut.name);
      const atOwner = there.filter(({ name }) => name === owner);
      if (atOwner.some(({ Type }) => Type === 'CNAME')) throw ownerIsAlias(owner);
      const { records, ttlSeconds } = await saying(
        Promise.resolve().then(() => plainRecordSet(owner, atOwner)),
        place,
      );
      return { records, ttlSeconds };
    },

    settled: async ({ name }, changeID) => {
      const { ChangeInfo } = await saying(
        client.read((route53) => route53.getChange({ Id: changeID })),
        client.place(name),
      );
      return ChangeInfo?.Status === 'INSYNC';
    },

    change: (zone, changes, signal) => applyChanges(client, zone, changes, signal),
  };
}
