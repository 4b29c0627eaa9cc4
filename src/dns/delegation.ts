/** What the servers of the zone above say about a zone: its NS set, and its DS. */
import { isAtOrBelow, parentOf, ROOT, type Name } from '../core/name.ts';
import { askServer, type AskOptions, type ServerReply } from './ask-server.ts';
import { RRType } from './constants.ts';
import { withAddresses } from './name-server.ts';
import { rrset, ttlOfRRset } from './query.ts';
import type { Resolver } from './resolver.ts';
import { targetOf, type ResourceRecord } from './resource-record.ts';
import { findZoneCut } from './zone-cut.ts';

export interface NsSet {
  readonly names: readonly Name[];
  readonly ttlSeconds: number;
}

/** They all say the same; where the first few do not answer from here, none will. */
const MAX_PARENT_SERVERS = 4;

export function nsSet(records: readonly ResourceRecord[]): NsSet {
  return { names: records.map(targetOf), ttlSeconds: ttlOfRRset(records) ?? 0 };
}

/**
 * As the first of the parent's servers that tells it; undefined when none does.
 * @throws OperatorError as `Resolver.lookup`
 */
export async function delegation(zone: Name, resolver: Resolver, options: AskOptions): Promise<NsSet | undefined> {
  for await (const reply of parentReplies(zone, 'NS', resolver, options)) {
    if (reply.kind !== 'Authority' && reply.kind !== 'NoAuthority') continue;
    // A server of both zones answers for the child; every other refers to it.
    const { answers, authorities } = reply.message;
    const records = rrset(reply.kind === 'Authority' ? answers : authorities, zone, 'NS');
    if (records.length > 0) return nsSet(records);
  }
  return undefined;
}

/**
 * Is there a DS? Asked of the zone above itself, which knows before resolvers forget. One server that has it is enough: others may lag.
 * Undefined where none of them tells.
 * @throws OperatorError as `Resolver.lookup`
 */
export async function hasDsAtParent(
  zone: Name,
  resolver: Resolver,
  options: AskOptions = {},
): Promise<boolean | undefined> {
  let isDenied = false;
  for await (const reply of parentReplies(zone, 'DS', resolver, options)) {
    if (reply.kind !== 'Authority') continue;
    const { answers, authorities } = reply.message;
    if (rrset(answers, zone, 'DS').length > 0) return true;
    // A server of the zone alone denies it too, in the zone's own name (RFC 4035 §3.1.4.1).
    isDenied ||= authorities.some(({ type, name }) => type === RRType.SOA && name !== zone && isAtOrBelow(zone, name));
  }
  return isDenied ? false : undefined;
}

/** One server's name after the other, all of its addresses at once. */
async function* parentReplies(
  zone: Name,
  type: 'NS' | 'DS',
  resolver: Resolver,
  options: AskOptions,
): AsyncGenerator<ServerReply> {
  const parent = await findZoneCut(parentOf(zone) ?? ROOT, resolver, options.signal);
  const { names } = nsSet((await resolver.lookup(parent, 'NS', options.signal)).records);
  for (const name of names.slice(0, MAX_PARENT_SERVERS)) {
    const { addresses } = await withAddresses(name, resolver, options);
    yield* await Promise.all(addresses.map((address) => askServer(address, zone, type, options)));
  }
}
