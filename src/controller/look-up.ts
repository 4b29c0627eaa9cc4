/** What a validating resolver says of hosts and of the owner names below them. */
import { stalled } from '../core/errors.ts';
import { known, type InsecureAt, type Known, type Security } from '../core/facts.ts';
import { parentOf, ROOT, type Name } from '../core/name.ts';
import { decodeTlsa, type TlsaRecord } from '../core/tlsa.ts';
import type { Resolver } from '../dns/resolver.ts';
import { addressOf, type ResourceRecord } from '../dns/resource-record.ts';
import { attempt } from './attempt.ts';

export interface HostFacts {
  readonly addresses: Known<readonly string[]>;
  readonly security: Known<Security>;
}

/** More than any mail server has; each is connected to, and whoever owns the zone says how many there are. */
const MAX_ADDRESSES = 16;

export async function lookUpHost(hostname: Name, resolver: Resolver): Promise<HostFacts> {
  const lookups = await attempt(() => Promise.all([resolver.lookup(hostname, 'A'), resolver.lookup(hostname, 'AAAA')]));
  if (!lookups.known) return { addresses: lookups, security: lookups };
  const found = lookups.value;
  const insecure = found.find(({ secure, notValidated }) => !secure && notValidated === undefined);
  return {
    addresses: await attempt(() =>
      Promise.resolve(
        atMost(
          hostname,
          found.flatMap(({ records }) => records.map(addressOf)),
        ),
      ),
    ),
    security: known({
      secure: found.every((lookup) => lookup.secure),
      notValidated: found.find((lookup) => lookup.notValidated)?.notValidated,
      insecureAt: insecure === undefined ? undefined : await insecureAt('Addresses', insecure.canonicalName, resolver),
      alias: found.some((lookup) => lookup.aliased) ? hostname : undefined,
      wildcard: found.some((lookup) => lookup.wildcard) ? hostname : undefined,
    }),
  };
}

export interface OwnerLookup {
  readonly security: Known<Security>;
  /** Secure or not; undefined where it was not asked for, or could not be found out. */
  readonly records?: readonly TlsaRecord[] | undefined;
}

/** Of the host and of the owner below it: the TLSA RRset, or that there is none, must be secure too. */
export async function lookUpOwner(owner: Name, host: HostFacts, resolver: Resolver): Promise<OwnerLookup> {
  if (!host.security.known) return { security: host.security };
  const hostSecurity = host.security.value;
  const answer = await attempt(() => resolver.lookup(owner, 'TLSA'));
  if (!answer.known) return { security: answer };
  const { secure, aliased, wildcard, notValidated, records, canonicalName } = answer.value;
  const isInsecure = hostSecurity.secure && !secure && notValidated === undefined;
  return {
    security: known({
      secure: hostSecurity.secure && secure,
      notValidated: hostSecurity.notValidated ?? notValidated,
      insecureAt: isInsecure ? await insecureAt('Owner', canonicalName, resolver) : hostSecurity.insecureAt,
      alias: hostSecurity.alias ?? (aliased ? owner : undefined),
      wildcard: hostSecurity.wildcard ?? (wildcard ? owner : undefined),
    }),
    records: recordsOf(records),
  };
}

/** The TLSA RRset as the resolver has it, secure or not; undefined where that cannot be found out. */
export async function lookUpRecords(owner: Name, resolver: Resolver): Promise<OwnerLookup['records']> {
  const answer = await attempt(() => resolver.lookup(owner, 'TLSA'));
  return answer.known ? recordsOf(answer.value.records) : undefined;
}

function recordsOf(records: readonly ResourceRecord[]): readonly TlsaRecord[] {
  return records.map(({ rdata }) => decodeTlsa(rdata));
}

/** The topmost of the zones above `name` that are not secure: what is below it cannot be. Undefined where that cannot be found out. */
async function insecureAt(of: InsecureAt['of'], name: Name, resolver: Resolver): Promise<InsecureAt | undefined> {
  const found = await attempt(async (): Promise<InsecureAt | undefined> => {
    let zone: Name | undefined;
    for (let at = name; at !== ROOT; at = parentOf(at) ?? ROOT) {
      const { status, aliased, secure } = await resolver.lookup(at, 'SOA');
      if (status !== 'Found' || aliased) continue;
      if (secure) break;
      zone = at;
    }
    if (zone === undefined) return undefined;
    return { of, zone, isSigned: (await resolver.lookup(zone, 'DNSKEY')).status === 'Found' };
  });
  return found.known ? found.value : undefined;
}

/** In one order: resolvers rotate theirs. */
function atMost(hostname: Name, found: readonly string[]): readonly string[] {
  const addresses = [...new Set(found)].sort();
  if (addresses.length <= MAX_ADDRESSES) return addresses;
  throw stalled(
    'TooManyAddresses',
    `${hostname} has ${addresses.length} addresses; at most ${MAX_ADDRESSES} are probed: reduce them, or set spec.verification.probe to Disabled`,
  );
}
