/** What a DNS server, authoritative or validating, says of an owner's TLSA records: asked over and over, so without a process each time. */
import { ownerName } from '../../src/core/name.ts';
import { decodeTlsa, formatTlsa } from '../../src/core/tlsa.ts';
import { Rcode } from '../../src/dns/constants.ts';
import { EDNS } from '../../src/dns/edns.ts';
import { exchange } from '../../src/dns/exchange.ts';
import { encodeMessage } from '../../src/dns/message.ts';
import { query, rrset, ttlOfRRset } from '../../src/dns/query.ts';

export interface TlsaAnswer {
  /** Sorted; none: a denial. */
  readonly records: readonly string[];
  readonly ttlSeconds: number;
}

/** `Authority` must answer with AA, a `Resolver` with AD: senders ignore TLSA records that are not secure. */
export type Role = 'Authority' | 'Resolver';

const TIMEOUT_MS = 20_000;

/** @throws Error when no answer comes, or none that counts. */
export async function askTlsa(role: Role, address: string, hostname: string): Promise<TlsaAnswer> {
  const owner = ownerName(hostname, 25);
  const message = query(owner, 'TLSA', role === 'Resolver' ? ['rd', 'ad'] : [], EDNS);
  const request = { message, octets: encodeMessage(message) };
  const answer = (await exchange({ host: address, port: 53 }, request, { timeoutMs: TIMEOUT_MS })).message;
  if (answer.rcode !== Rcode.NoError && answer.rcode !== Rcode.NXDomain) {
    throw new Error(`${address} answers with rcode ${answer.rcode}`);
  }
  const needed = role === 'Resolver' ? 'ad' : 'aa';
  if (!answer.flags.has(needed)) throw new Error(`${address} answers without ${needed.toUpperCase()}`);
  const found = rrset(answer.answers, owner, 'TLSA');
  return {
    records: found.map(({ rdata }) => formatTlsa(decodeTlsa(rdata))).sort(),
    ttlSeconds: ttlOfRRset(found) ?? 0,
  };
}
