/** What the suite needs of a server, and what that server has to hold. */
import type { RecordSet } from '../../../src/core/record-set.ts';
import type { TlsaRecord } from '../../../src/core/tlsa.ts';
import type { DnsProvider } from '../../../src/dns/providers/provider.ts';
import type { ZoneRecord } from '../../support/dnssec-chain.ts';

export interface Harness {
  readonly provider: DnsProvider;
  /** The same server with a credential that it does not accept. */
  readonly withWrongCredential: DnsProvider;
  /** The same provider where nothing listens. */
  readonly withoutServer: DnsProvider;
  /** ... where something takes every request and never answers. */
  readonly withSilentServer: DnsProvider;
  /** ... where something answers that does not speak the protocol. */
  readonly withBabblingServer: DnsProvider;
  /** The same server; it does what it is told, and its answers to changes are lost. */
  readonly losingAnswers: DnsProvider;
  /** The same server; `requests` for changes went there so far. */
  readonly counted: { readonly provider: DnsProvider; readonly requests: () => number };
  /** How many requests 300 owners of one zone take, one record each. */
  readonly requestsFor300: number;
  /**
   * What the server says to a change at `FORBIDDEN_OWNER`: that it refuses it; without having done it, that it has; or it has, because
   * its credentials may do everything.
   */
  readonly forbidden: 'Refused' | 'Dropped' | 'Done';
  /** What becomes of names with other characters than hosts have. */
  readonly oddNames: 'Kept' | 'Refused';
  /** A change begins with a question: where nobody answers, nothing was sent that could have been carried out. */
  readonly asksFirst: boolean;
  /** What becomes of records with numbers that no registry has. */
  readonly oddRecords: 'Kept' | 'Refused';
  /** What the world is answered, by another program than ours. */
  readonly served: (owner: string) => Promise<RecordSet>;
  /** The same for other types: the data, a line a record; nothing where there is none. */
  readonly answers: (name: string, type: 'A' | 'TXT' | 'CNAME') => Promise<string>;
  /** Adds a record as somebody else would. */
  readonly addForeign: (owner: string, record: TlsaRecord, ttlSeconds: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Beside SOA and NS. */
export interface Fixture {
  readonly name: string;
  readonly signed: boolean;
  readonly records: readonly ZoneRecord[];
}

export const ZONE = 'example.nl';
export const NESTED_ZONE = `sub.${ZONE}`;
export const UNSIGNED_ZONE = 'unsigned.nl';
/** Another server's. */
export const DELEGATED_ZONE = `below.${ZONE}`;
/** The credential may change TLSA records below `hosts.<zone>`, and nothing else. */
export const ALLOWED_BELOW = 'hosts';
export const HOSTS = `${ALLOWED_BELOW}.${ZONE}`;
export const FORBIDDEN_OWNER = `_25._tcp.forbidden.${ZONE}`;
export const ALIAS_OWNER = `_25._tcp.alias.${HOSTS}`;
export const TEXT_OWNER = `_25._tcp.text.${HOSTS}`;
/** Its address comes from a wildcard. */
export const WILDCARD_HOST = `mx1.wild.${HOSTS}`;
/** Its TLSA record comes from a wildcard. */
export const WILDCARD_OWNER = `_25._tcp.everything.${HOSTS}`;

export const FIXTURES: readonly [Fixture, ...Fixture[]] = [
  {
    name: ZONE,
    signed: true,
    records: [
      { name: ALIAS_OWNER, type: 'CNAME', data: `_25._tcp.elsewhere.${ZONE}` },
      { name: `alias.${ZONE}`, type: 'CNAME', data: `mx.${UNSIGNED_ZONE}` },
      { name: DELEGATED_ZONE, type: 'NS', data: 'ns.elsewhere.nl' },
      { name: TEXT_OWNER, type: 'TXT', data: '"stays"' },
      { name: `*.wild.${HOSTS}`, type: 'A', data: '192.0.2.1' },
      { name: `*._tcp.everything.${HOSTS}`, type: 'TLSA', data: `3 1 1 ${'ee'.repeat(32)}` },
    ],
  },
  {
    name: NESTED_ZONE,
    signed: true,
    records: [{ name: `alias.${NESTED_ZONE}`, type: 'CNAME', data: `missing.${ZONE}` }],
  },
  { name: UNSIGNED_ZONE, signed: false, records: [] },
];
