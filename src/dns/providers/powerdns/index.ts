/** The provider for PowerDNS Authoritative Server, by its HTTP API. */
import pLimit from 'p-limit';
import { stalled } from '../../../core/errors.ts';
import { canonicalName, isAtOrBelow, type Name } from '../../../core/name.ts';
import type { RecordSet } from '../../../core/record-set.ts';
import { saying } from '../api-errors.ts';
import { namesBetween, ownerIsAlias, ownerIsDelegated } from '../owners.ts';
import type { DnsProvider, Zone } from '../provider.ts';
import { ShortMemory } from '../short-memory.ts';
import { applyChanges, servedTlsa } from './change.ts';
import { createClient, type ClientOptions } from './client.ts';
import { isSecondaryThere, isSigned, listZones, recordSetsAt, serialOf, type PowerDnsZone } from './zones.ts';

export interface PowerDnsOptions extends Omit<ClientOptions, 'timeoutMs'> {
  /** Only these zones are used; all that the server has when there is none. */
  readonly zones: readonly string[];
  /** For each request, 10 seconds if not given. */
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const MEMORY_MS = 60_000;

/** @throws OperatorError `InvalidName`; nothing is asked yet */
export function createPowerDnsProvider(options: PowerDnsOptions): DnsProvider {
  const { timeoutMs = 10_000, now } = options;
  const client = createClient({ ...options, timeoutMs });
  const allowed = options.zones.map(canonicalName);
  const zones = new ShortMemory<readonly PowerDnsZone[]>(now, MEMORY_MS);
  const signed = new ShortMemory<boolean>(now, MEMORY_MS);
  const delegated = new ShortMemory<boolean>(now, MEMORY_MS);
  /** By zone: its changes go one after the other. */
  const turns = new Map<string, ReturnType<typeof pLimit>>();

  const isDelegated = async (id: string, name: Name): Promise<boolean> =>
    delegated.get(name, async () => (await recordSetsAt(client, id, name)).some(({ type }) => type === 'NS'));

  return {
    isRateLimited: true,
    readsZones: true,

    authenticate: async (signal) => {
      await saying(client.get('', signal), client.place('the server'));
    },

    findZone: async (name): Promise<Zone | undefined> => {
      const candidates = allowed.filter((zone) => isAtOrBelow(name, zone));
      if (allowed.length > 0 && candidates.length === 0) return undefined;
      const place = client.place(name);
      const all = await saying(
        zones.get('all', () => listZones(client)),
        place,
      );
      const [zone] = all.filter((one) => isAtOrBelow(name, one.name)).sort((a, b) => b.name.length - a.name.length);
      if (zone === undefined && candidates.length > 0) {
        throw stalled('ZoneNotAtProvider', `the server has no zone for ${name}, which "zones" lists`);
      }
      if (zone === undefined || (allowed.length > 0 && !candidates.includes(zone.name))) return undefined;
      if (zone.isSecondary) throw isSecondaryThere(zone.name);
      const isSigning = await saying(
        signed.get(zone.id, () => isSigned(client, zone)),
        place,
      );
      return { name: zone.name, id: zone.id, signing: isSigning ? 'Signing' : 'NotSigning' };
    },

    read: async ({ id, name: apex }, owner, signal): Promise<RecordSet> => {
      if (id === undefined) throw stalled('ZoneNotAtProvider', `there is no zone ${apex}`);
      const asked = async (): Promise<RecordSet> => {
        for (const name of namesBetween(owner, apex)) {
          if (await isDelegated(id, name)) throw ownerIsDelegated(owner, name);
        }
        const there = await recordSetsAt(client, id, owner, signal);
        if (there.some(({ type }) => type === 'CNAME')) throw ownerIsAlias(owner);
        return servedTlsa(there);
      };
      return saying(asked(), client.place(owner));
    },

    serial: async ({ id, name }) => {
      if (id === undefined) throw stalled('ZoneNotAtProvider', `there is no zone ${name}`);
      return saying(serialOf(client, id), client.place(name));
    },

    change: (zone, changes, signal) => {
      const turn = turns.get(zone.name) ?? pLimit(1);
      turns.set(zone.name, turn);
      return turn(() => applyChanges(client, zone, changes, signal));
    },
  };
}
