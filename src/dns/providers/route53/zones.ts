/** Hosted zones: the one that a name is in, and whether Route 53 signs it. */
import type { HostedZone } from '@aws-sdk/client-route-53';
import { stalled } from '../../../core/errors.ts';
import { isAtOrBelow, labelsOf, type Name } from '../../../core/name.ts';
import { ApiError } from '../api-errors.ts';
import type { Zone } from '../provider.ts';
import { ShortMemory } from '../short-memory.ts';
import type { Client } from './client.ts';
import { fromRoute53, sortKey, toRoute53 } from './names.ts';

const MEMORY_MS = 60_000;
const PAGE = 100;

interface PublicZone {
  readonly id: string;
  readonly name: Name;
}

/** All public zones whose sort key is at least `from` and less than `to` (undefined: to the end). */
interface Page {
  readonly from: string;
  readonly to: string | undefined;
  readonly zones: readonly PublicZone[];
}

export interface Zones {
  /** The longest that the account has. @throws ApiError; OperatorError `ZoneIsPrivate`, `ZoneAmbiguous` */
  readonly find: (name: Name) => Promise<PublicZone | undefined>;
  readonly signing: (zone: PublicZone) => Promise<Zone['signing']>;
  /** Asks what every credential must be allowed to ask. @throws ApiError */
  readonly touch: (signal?: AbortSignal) => Promise<void>;
}

export function createZones(client: Client, hostedZoneIDs: readonly string[], now: () => number): Zones {
  const pages = new ShortMemory<Page>(now, MEMORY_MS);
  const byID = new ShortMemory<PublicZone>(now, MEMORY_MS);
  const signings = new ShortMemory<Zone['signing']>(now, MEMORY_MS);

  const listed = async (id: string, signal?: AbortSignal): Promise<PublicZone> => {
    const { HostedZone } = await client.read((route53, options) => route53.getHostedZone({ Id: id }, options), signal);
    if (HostedZone === undefined) throw new ApiError('Malformed', false);
    const [zone] = publicZones([HostedZone]);
    if (zone !== undefined) return zone;
    throw stalled('ZoneIsPrivate', `hosted zone ${id} is a private one, which no sender can see; list the public one`);
  };

  /** ListHostedZonesByName takes a place to begin, not a name to look for: what comes back may be any zones from there on. */
  const list = async (dnsName: string): Promise<Page> => {
    const page = await client.read((route53) => route53.listHostedZonesByName({ DNSName: dnsName, MaxItems: PAGE }));
    if (page.HostedZones === undefined) throw new ApiError('Malformed', false);
    return {
      from: sortKey(dnsName),
      to: page.IsTruncated === true && page.NextDNSName !== undefined ? sortKey(page.NextDNSName) : undefined,
      zones: publicZones(page.HostedZones),
    };
  };

  /** What is there from the top of the tree on is mostly all there is: thousands of names need one request. */
  const zonesAbove = async (name: Name): Promise<readonly PublicZone[]> => {
    const labels = labelsOf(name);
    const found: PublicZone[] = [];
    for (const level of labels.keys()) {
      const text = toRoute53(labels.slice(-1 - level).join('.'));
      const key = sortKey(text);
      const known = await Promise.all(pages.values());
      const page = known.find((one) => covers(one, key)) ?? (await pages.get(key, () => list(text)));
      found.push(...page.zones.filter((zone) => sortKey(toRoute53(zone.name)) === key));
    }
    return found;
  };

  return {
    find: async (name) => {
      const zones =
        hostedZoneIDs.length === 0
          ? await zonesAbove(name)
          : await Promise.all(hostedZoneIDs.map((id) => byID.get(id, () => listed(id))));
      const above = zones.filter((zone) => isAtOrBelow(name, zone.name));
      const [longest, same] = above.toSorted((a, b) => b.name.length - a.name.length);
      if (longest !== undefined && longest.name === same?.name) {
        throw stalled(
          'ZoneAmbiguous',
          `there are several public hosted zones called ${longest.name}, ${longest.id} and ${same.id} among them; name the one that the parent zone delegates to in hostedZoneIDs`,
        );
      }
      return longest;
    },
    signing: ({ id }) => signings.get(id, () => signingOf(client, id)),
    touch: async (signal) => {
      const [id] = hostedZoneIDs;
      if (id === undefined)
        await client.read((route53, to) => route53.listHostedZonesByName({ MaxItems: 1 }, to), signal);
      else await listed(id, signal);
    },
  };
}

function covers({ from, to }: Page, key: string): boolean {
  return key === from || (key > from && (to === undefined || key < to));
}

function publicZones(zones: readonly HostedZone[]): readonly PublicZone[] {
  return zones.flatMap(({ Id, Name, Config }) => {
    const name = fromRoute53(Name ?? '');
    if (Id === undefined || name === undefined) throw new ApiError('Malformed', false);
    return Config?.PrivateZone === true ? [] : { id: Id.replace(/^\/hostedzone\//, ''), name };
  });
}

/** Where it cannot be asked (a partition without DNSSEC, a policy that does not allow it), the DNS itself tells. */
async function signingOf(client: Client, id: string): Promise<Zone['signing']> {
  try {
    const { Status } = await client.read((route53, options) => route53.getDNSSEC({ HostedZoneId: id }, options));
    if (Status?.ServeSignature === 'SIGNING') return 'Signing';
    return Status?.ServeSignature === 'NOT_SIGNING' ? 'NotSigning' : 'Unknown';
  } catch (error) {
    const cannotBeAsked = ['AccessDenied', 'ChangeRefused', 'Unexpected'];
    if (error instanceof ApiError && cannotBeAsked.includes(error.failure)) return 'Unknown';
    throw error;
  }
}
