/** What the authoritative servers of a zone answer for one owner's TLSA RRset. */
import { isIPv6 } from 'node:net';
import type { NameServerFacts, ServerAnswer } from '../core/facts.ts';
import { isAtOrBelow, type Name } from '../core/name.ts';
import { decodeTlsa } from '../core/tlsa.ts';
import { askServer, type AskOptions, type ServerReply } from './ask-server.ts';
import { RRType } from './constants.ts';
import { EDNS_DO } from './edns.ts';
import type { Message } from './message.ts';
import type { NameServer } from './name-server.ts';
import { isWildcardMade, rrset, ttlOfRRset } from './query.ts';
import { momentOf, rrsigOf, serialOf, type Rrsig } from './resource-record.ts';
import { Together } from './together.ts';

export interface Question {
  readonly zone: Name;
  readonly owner: Name;
  /** Asks each server for the zone's serial first. */
  readonly withSerial: boolean;
  /** The owner is in another zone now: who answers from that one, or refers to it, hands out nothing of this zone. */
  readonly isLeft?: boolean;
}

export type Outcome = ServerAnswer | 'Lame' | 'Silent' | 'NoRoute';

/** One look at one server. */
export interface ServerSample {
  readonly name: Name;
  /** `Answers`: one of its addresses did, with authority. */
  readonly state: NameServerFacts['state'];
  /** By address. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

export interface LookOptions extends AskOptions {
  /** These addresses are not asked, and count as silent. */
  readonly skipped?: ReadonlySet<string>;
  /** Questions about serials, shared by all looks. */
  readonly serials?: Together<ServerReply>;
}

/** Asks every address once, all at the same time. Never rejects but by the signal's reason. `now`: milliseconds since 1970. */
export async function askServers(
  servers: readonly NameServer[],
  question: Question,
  now: () => number,
  options: LookOptions = {},
): Promise<ServerSample[]> {
  const asked = await Promise.all(
    [...new Set(servers.flatMap(({ addresses }) => addresses))].map(async (address): Promise<[string, Outcome]> => {
      const isSkipped = options.skipped?.has(address) === true;
      return [address, isSkipped ? 'Silent' : await ask(address, question, now, options)];
    }),
  );
  const found = new Map(withinRoutedFamilies(asked));
  return servers.map(({ name, addresses }) => {
    const outcomes = new Map(addresses.map((address) => [address, found.get(address) ?? 'Silent']));
    return { name, state: stateOf([...outcomes.values()]), outcomes };
  });
}

/** The serial first: what is answered afterwards is not older. A server that does not tell it is not waited for a second time. */
async function ask(
  address: string,
  { zone, owner, withSerial, isLeft = false }: Question,
  now: () => number,
  { serials = new Together(), ...options }: LookOptions,
): Promise<Outcome> {
  const askSerial = (): Promise<ServerReply> => askServer(address, zone, 'SOA', options);
  const soa = withSerial ? await serials.ask(`${address} ${zone}`, askSerial) : undefined;
  if (soa !== undefined && soa.kind !== 'Authority') return withoutAnswer(soa);
  if (isLeft && (await isElsewhere(address, owner, zone, options))) return { at: new Date(now()), records: [] };
  const reply = await askServer(address, owner, 'TLSA', { ...options, edns: EDNS_DO });
  if (reply.kind !== 'Authority') return withoutAnswer(reply);
  // When it was there, not when it was asked for: the server may have answered otherwise up to that moment.
  const at = new Date(now());
  return { at, ...readAnswer(reply.message, owner, at), serial: soa && serialIn(soa.message, zone) };
}

/** For this server the name is in another zone (the proof that the owner has no SOA names it), or below a delegation. */
async function isElsewhere(address: string, owner: Name, zone: Name, options: AskOptions): Promise<boolean> {
  const reply = await askServer(address, owner, 'SOA', options);
  if (reply.kind !== 'Authority' && reply.kind !== 'NoAuthority') return false;
  const { answers, authorities } = reply.message;
  if (reply.kind === 'Authority') {
    const soa = [...answers, ...authorities].find(({ type }) => type === RRType.SOA);
    return soa !== undefined && isAtOrBelow(owner, soa.name) && soa.name !== zone;
  }
  return authorities.some(
    ({ type, name }) => type === RRType.NS && isAtOrBelow(owner, name) && isAtOrBelow(name, zone) && name !== zone,
  );
}

function withoutAnswer({ kind }: Exclude<ServerReply, { kind: 'Authority' }>): Outcome {
  return kind === 'NoAuthority' ? 'Lame' : kind;
}

/** Records that a wildcard makes are not at the owner; the primary is read in the same way. */
function readAnswer(message: Message, owner: Name, at: Date): Omit<ServerAnswer, 'at' | 'serial'> {
  const records = isWildcardMade(message.answers, owner) ? [] : rrset(message.answers, owner, 'TLSA');
  const isDenial = records.length === 0;
  const signatures = (isDenial ? message.authorities : rrset(message.answers, owner, 'RRSIG'))
    .filter(({ type }) => type === RRType.RRSIG)
    .map(rrsigOf)
    .filter(({ typeCovered }) => isDenial || typeCovered === RRType.TLSA);
  return {
    records: records.map(({ rdata }) => decodeTlsa(rdata)),
    ttlSeconds: isDenial
      ? undefined
      : largest([ttlOfRRset(records), ...signatures.map(({ originalTtlSeconds }) => originalTtlSeconds)]),
    signatureValiditySeconds: largest(signatures.map(({ validitySeconds }) => validitySeconds)),
    signatureExpiresAt: lastExpiry(signatures, at),
  };
}

/** One signature that verifies is enough (RFC 4035 §5.3.3). */
export function lastExpiry(signatures: readonly Rrsig[], now: Date): Date | undefined {
  const last = largest(signatures.map(({ expiration }) => momentOf(expiration, now.getTime()).getTime()));
  return last === undefined ? undefined : new Date(last);
}

export function largest(values: readonly (number | undefined)[]): number | undefined {
  const found = values.filter((value) => value !== undefined);
  return found.length === 0 ? undefined : Math.max(...found);
}

function serialIn(message: Message, zone: Name): number | undefined {
  const [soa] = rrset(message.answers, zone, 'SOA');
  return soa && serialOf(soa);
}

/** Only a whole family without a route is none; to an address of a family that leads elsewhere the way is broken, and others may have one. */
function withinRoutedFamilies(asked: readonly [string, Outcome][]): [string, Outcome][] {
  const routed = new Set(asked.filter(([, outcome]) => outcome !== 'NoRoute').map(([address]) => isIPv6(address)));
  return asked.map(([address, outcome]) =>
    outcome === 'NoRoute' && routed.has(isIPv6(address)) ? [address, 'Silent'] : [address, outcome],
  );
}

/** What an address that was silent hands out is not known: it makes no server lame, nor without a route. */
function stateOf(outcomes: readonly Outcome[]): ServerSample['state'] {
  if (outcomes.some((outcome) => typeof outcome !== 'string')) return 'Answers';
  if (outcomes.length === 0 || outcomes.includes('Silent')) return 'Silent';
  return outcomes.includes('Lame') ? 'Lame' : 'NoRoute';
}
