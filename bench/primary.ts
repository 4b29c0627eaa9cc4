/** The primary name server as a benchmark looks at it: what it answers, and what it counts. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Name } from '../src/core/name.ts';
import { encodeMessage, type Message } from '../src/dns/message.ts';
import { RRClass } from '../src/dns/constants.ts';
import { EDNS } from '../src/dns/edns.ts';
import { exchange } from '../src/dns/exchange.ts';
import type { DnsProvider } from '../src/dns/providers/provider.ts';
import { createRfc2136Provider } from '../src/dns/providers/rfc2136/index.ts';
import { query } from '../src/dns/query.ts';
import type { DnssecChain } from '../test/support/dnssec-chain.ts';

const STATISTICS = '127.0.0.1:8053';
/** For named.conf: it counts the messages that it gets. */
export const STATISTICS_STATEMENT = 'statistics-channels { inet 127.0.0.1 port 8053 allow { any; }; };';

export interface Messages {
  readonly queries: number;
  readonly updates: number;
}

/** How many messages the server has got so far, as it counts them itself. */
export async function messages(): Promise<Messages> {
  const response = await fetch(`http://${STATISTICS}/json/v1/server`);
  const { opcodes } = (await response.json()) as { readonly opcodes: Readonly<Record<string, number>> };
  return { queries: opcodes['QUERY'] ?? 0, updates: opcodes['UPDATE'] ?? 0 };
}

export function between(before: Messages, after: Messages): Messages {
  return { queries: after.queries - before.queries, updates: after.updates - before.updates };
}

export function providerFor({ tsigKey, primary }: DnssecChain): DnsProvider {
  return createRfc2136Provider({
    server: `${primary.address}:${primary.port}`,
    tsigKeyName: tsigKey.name,
    tsigAlgorithm: tsigKey.algorithm,
    tsigSecret: tsigKey.secret,
    now: Date.now,
  });
}

/** IANA's numbers: ExternalDNS is compared by TXT records, of which the program knows nothing. */
export const TLSA = 52;
export const TXT = 16;
type RecordType = typeof TLSA | typeof TXT;

/** How many records of this type the primary answers. */
async function recordsAt({ primary }: DnssecChain, owner: Name, type: RecordType): Promise<number> {
  const message: Message = { ...query(owner, 'TLSA', [], EDNS), questions: [{ name: owner, type, class: RRClass.IN }] };
  const server = { host: primary.address, port: primary.port };
  const answer = await exchange(server, { message, octets: encodeMessage(message) }, { timeoutMs: 10_000 });
  return answer.message.answers.filter((record) => record.type === type).length;
}

/** Asks about one name without pause; resolves when it has that many records. */
export async function until(chain: DnssecChain, owner: Name, type: RecordType, records: number): Promise<void> {
  while ((await recordsAt(chain, owner, type)) < records) await delay(1);
}

const ASKED_AT_ONCE = 16;
const PATIENCE_MS = 100;

/** 3 1 1 and 2 1 1; the new key's 3 1 1 joins them. */
export const RECORDS_AFTER_RENEWAL = 3;

/** Resolves when every one of these names has so many records, with how often was asked: each until it has, so at least once. */
export async function allPublished(
  chain: DnssecChain,
  owners: readonly Name[],
  type: RecordType,
  records = 1,
): Promise<number> {
  let asked = 0;
  const isThere = async (owner: Name): Promise<boolean> => {
    asked += 1;
    return (await recordsAt(chain, owner, type)) >= records;
  };
  const rest = owners.values();
  const askNext = async (): Promise<void> => {
    for (const owner of rest) while (!(await isThere(owner))) await delay(PATIENCE_MS);
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askNext));
  return asked;
}
