/**
 * Does a resolver validate, or does it only say so? It is asked what has a known answer everywhere, so that no zone of anybody has to be kept
 * broken for it:
 *
 * - The root is signed: its SOA must come with AD.
 * - `home.arpa` is not signed, by definition (RFC 8375 §7), and most resolvers answer it themselves: whoever says AD there says it
 *   always.
 * - The name that must fail (RFC 8509 §3): a resolver that has found the denial of `root-key-sentinel-not-ta-<tag>` secure, and trusts the
 *   root key with that tag, answers SERVFAIL. One that does not validate answers with the denial. Unbound and BIND do this; of a
 *   resolver that does not, nothing is proven.
 */
import { ROOT, type Name } from '../core/name.ts';
import { Rcode } from './constants.ts';
import type { Message } from './message.ts';
import { rrset, type QueryType } from './query.ts';

/** `NotProven`: nothing speaks against it. */
export type Validation = 'Proven' | 'NotProven' | 'No';

/** Asks with checking, and for signatures. */
export type Ask = (name: Name, type: QueryType) => Promise<Message>;

const NEVER_SIGNED = 'home.arpa';

/** Rejects as `ask` does. `undefined`: the resolver cannot answer for the root now. */
export async function validationOf(ask: Ask): Promise<Validation | undefined> {
  const root = await ask(ROOT, 'SOA');
  if (rrset(root.answers, ROOT, 'SOA').length === 0) return undefined;
  if (!root.flags.has('ad')) return 'No';
  const unsigned = await ask(NEVER_SIGNED, 'SOA');
  if (unsigned.rcode === Rcode.NoError && unsigned.flags.has('ad')) return 'No';
  const keys = await ask(ROOT, 'DNSKEY');
  for (const key of rrset(keys.answers, ROOT, 'DNSKEY')) {
    if (isTrustAnchor(key.rdata) && (await failsAsItMust(ask, keyTag(key.rdata)))) return 'Proven';
  }
  return 'NotProven';
}

async function failsAsItMust(ask: Ask, tag: number): Promise<boolean> {
  const digits = String(tag).padStart(5, '0');
  const [not, is] = [
    await ask(`root-key-sentinel-not-ta-${digits}`, 'A'),
    await ask(`root-key-sentinel-is-ta-${digits}`, 'A'),
  ];
  return not.rcode === Rcode.ServFail && is.rcode === Rcode.NXDomain;
}

/** May a resolver trust it by itself? The flags ZONE and SEP, and not REVOKE (RFC 4034 §2.1.1, RFC 5011 §7). */
function isTrustAnchor(rdata: Buffer): boolean {
  return rdata.length > 4 && (rdata.readUInt16BE(0) & 0x0181) === 0x0101;
}

/** RFC 4034 appendix B. */
export function keyTag(rdata: Buffer): number {
  const sum = rdata.reduce((total, octet, index) => total + (index % 2 === 0 ? octet << 8 : octet), 0);
  return (sum + (sum >>> 16)) & 0xffff;
}
