/** The provider for every server that takes dynamic updates (RFC 2136) with transaction signatures (RFC 8945). */
import { stalled } from '../../../core/errors.ts';
import { canonicalName, isAtOrBelow, parentOf, ROOT, type Name } from '../../../core/name.ts';
import type { RecordSet } from '../../../core/record-set.ts';
import { decodeTlsa } from '../../../core/tlsa.ts';
import { Rcode, RRType } from '../../constants.ts';
import { EDNS, EDNS_DO, type Edns } from '../../edns.ts';
import type { ReceivedMessage } from '../../message.ts';
import { isWildcardMade, query, rrset, ttlOfRRset, type QueryType } from '../../query.ts';
import { serialOf } from '../../resource-record.ts';
import { parseServer } from '../../server.ts';
import { Together } from '../../together.ts';
import { tsigKey, type TsigAlgorithm } from '../../tsig-key.ts';
import { ownerIsAlias } from '../owners.ts';
import type { DnsProvider, Zone } from '../provider.ts';
import { applyChanges } from './change.ts';
import { createClient } from './client.ts';
import { failureOf, primaryError, type PrimaryFailure } from './errors.ts';

export interface Rfc2136Options {
  /** The primary: `host` or `host:port`. */
  readonly server: string;
  readonly tsigKeyName: string;
  readonly tsigAlgorithm: TsigAlgorithm;
  /** Base64. */
  readonly tsigSecret: string;
  /** Only these zones are used; all that the server has when there is none. */
  readonly zones?: readonly string[];
  /** For each request, 10 seconds if not given. */
  readonly timeoutMs?: number;
  /** Refuses a server on this machine: for servers that a tenant names. */
  readonly refuseLocal?: boolean;
  /** Asked at the last moment before an UPDATE goes out; false: it does not. */
  readonly maySend?: (() => boolean) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const SIGNING_MEMORY_MS = 5_000;

/** @throws OperatorError `InvalidServerAddress`, `InvalidName`, `InvalidTSIGSecret`; nothing is asked yet */
export function createRfc2136Provider(options: Rfc2136Options): DnsProvider {
  const { timeoutMs = 10_000, refuseLocal = false, maySend, now } = options;
  const server = { ...parseServer(options.server), refuseLocal };
  const key = tsigKey(options.tsigKeyName, options.tsigAlgorithm, options.tsigSecret);
  const client = createClient({ server, key, timeoutMs, maySend, now });
  const allowed = (options.zones ?? []).map(canonicalName);

  const serials = new Together<number | undefined>();

  /** What the server says with authority about a name, or why there is no such thing. */
  const ask = async (
    name: Name,
    type: QueryType,
    edns: Edns,
    signal?: AbortSignal,
  ): Promise<ReceivedMessage | PrimaryFailure> => {
    const reply = await client.ask(query(name, type, [], edns), signal);
    if (!reply.verified) return reply.failure;
    const { message } = reply;
    if (message.rcode !== Rcode.NoError && message.rcode !== Rcode.NXDomain) return failureOf(message.rcode);
    return message.flags.has('aa') ? message : 'NotAuth';
  };

  const mustAsk = async (name: Name, type: QueryType, edns: Edns, signal?: AbortSignal): Promise<ReceivedMessage> => {
    const answer = await ask(name, type, edns, signal);
    if (typeof answer === 'string') throw primaryError(answer, client.place(name));
    return answer;
  };

  const isSigned = async (zone: Name): Promise<boolean> => {
    const keys = await mustAsk(zone, 'DNSKEY', EDNS);
    const soa = await mustAsk(zone, 'SOA', EDNS_DO);
    return rrset(keys.answers, zone, 'DNSKEY').length > 0 && rrset(soa.answers, zone, 'RRSIG').length > 0;
  };

  /** Thousands of owners of one zone are looked for together: it is asked once for them. */
  const signings = new Map<Name, { readonly at: number; readonly signed: Promise<boolean> }>();
  const signing = async (zone: Name): Promise<Zone['signing']> => {
    const last = signings.get(zone);
    const isFresh = last !== undefined && now() - last.at < SIGNING_MEMORY_MS;
    const signed = isFresh ? last.signed : isSigned(zone);
    if (!isFresh) signings.set(zone, { at: now(), signed });
    try {
      return (await signed) ? 'Signing' : 'NotSigning';
    } catch (error) {
      if (signings.get(zone)?.signed === signed) signings.delete(zone);
      throw error;
    }
  };

  /** An authoritative answer names its zone by the SOA: as the answer at the apex, as the proof of absence below it. */
  const closestZone = async (name: Name, signal?: AbortSignal): Promise<Name | undefined> => {
    for (let at: Name | undefined = name; at !== undefined && at !== ROOT; at = parentOf(at)) {
      const answer = await ask(at, 'SOA', EDNS, signal);
      // No zone of this server; or below a delegation, where the zone above must not be taken.
      if (answer === 'Refused' || answer === 'NotAuth') return undefined;
      if (typeof answer === 'string') throw primaryError(answer, client.place(at));
      // Servers that follow an alias add the SOA of its target's zone (RFC 1034 §4.3.2), which may well be above this name.
      if (rrset(answer.answers, at, 'CNAME').length > 0) continue;
      const soa = [...answer.answers, ...answer.authorities].find(({ type }) => type === RRType.SOA);
      if (soa !== undefined && isAtOrBelow(at, soa.name)) return soa.name;
    }
    return undefined;
  };

  return {
    // Any answer that verifies will do: a server also signs that it does not serve this name.
    authenticate: async (signal) => {
      const [zone] = allowed;
      const name = zone ?? ROOT;
      const reply = await client.ask(query(name, 'SOA', [], EDNS), signal);
      if (reply.verified) return;
      if (zone === undefined && reply.failure === 'Refused') throw zonesNeeded(client.place(name).server);
      throw primaryError(reply.failure, client.place(name));
    },

    findZone: async (name, signal) => {
      const candidates = allowed.filter((zone) => isAtOrBelow(name, zone));
      if (allowed.length > 0 && candidates.length === 0) return undefined;
      const zone = await closestZone(name, signal);
      if (zone !== undefined && (allowed.length === 0 || candidates.includes(zone))) {
        return { name: zone, signing: await signing(zone) };
      }
      if (zone === undefined && candidates.length > 0) throw primaryError('NotAuth', client.place(name));
      return undefined;
    },

    read: async (_zone, owner, signal): Promise<RecordSet> => {
      const { answers } = await mustAsk(owner, 'TLSA', EDNS_DO, signal);
      if (rrset(answers, owner, 'CNAME').length > 0) throw ownerIsAlias(owner);
      if (isWildcardMade(answers, owner)) return { records: [], ttlSeconds: undefined };
      const records = rrset(answers, owner, 'TLSA');
      return { records: records.map(({ rdata }) => decodeTlsa(rdata)), ttlSeconds: ttlOfRRset(records) };
    },

    serial: ({ name }) =>
      serials.ask(name, async () => {
        const [soa] = rrset((await mustAsk(name, 'SOA', EDNS)).answers, name, 'SOA');
        return soa && serialOf(soa);
      }),

    change: (zone, changes, signal) => applyChanges(client, zone, changes, signal),
  };
}

/** Knot looks at a key only in its own zones; elsewhere it refuses, whatever the key is. */
function zonesNeeded(server: string): Error {
  return stalled(
    'PrimaryRefused',
    `${server} refused without a look at the TSIG key, so nothing is known of it: list the zones of this provider in "zones"`,
  );
}
