/** Would a DANE sender accept this chain with this RRset? (RFC 7671 §5, §8, §9; RFC 7672 §3; docs/rollover.md, "Words") */
import { coversHostname, digest, isInDate, type Chain } from './certificate.ts';
import { type Certificate, readCertificate } from './x509.ts';
import type { Name } from './name.ts';
import { isSignedWith, signersAbove } from './path.ts';
import { combinationOf, type TlsaRecord } from './tlsa.ts';
import { whyUnusable } from './usable.ts';

export interface RecordJudgement {
  readonly record: TlsaRecord;
  /** Can a sender of mail use it at all, whatever the server presents? */
  readonly usable: boolean;
  readonly matches: boolean;
  /** Where it matches: 0 is the leaf, 1 the CA that signed it, and so on. */
  readonly depth?: number;
  /** A fixed sentence, for people. */
  readonly reason: string;
}

export interface Judgement {
  /** A usable record matches that no stronger digest hides; or there is no record at all. */
  readonly accepts: boolean;
  /** Every usable combination of the RRset has a match (RFC 7671 §8): each sender accepts, whatever it supports. */
  readonly strictlyAccepts: boolean;
  readonly records: readonly RecordJudgement[];
}

/**
 * Not looked at: revocation, path length and name constraints, extended key usage.
 * @param at the moment for which usage 2 looks at dates
 */
export function judge(records: readonly TlsaRecord[], chain: Chain, hostname: Name, at: Date): Judgement {
  const judged = records.map((record): RecordJudgement => {
    const unusable = whyUnusable(record);
    if (unusable !== undefined) return { record, usable: false, matches: false, reason: unusable };
    const found = record.usage === 3 ? matchLeaf(record, chain) : matchTrustAnchor(record, chain, hostname, at);
    return { record, usable: true, ...found };
  });
  const usable = judged.filter((one) => one.usable);
  const isHidden = ({ record }: RecordJudgement): boolean => usable.some((other) => hides(other.record, record));
  const matched = new Set(usable.filter((one) => one.matches).map((one) => combinationOf(one.record)));
  const none = records.length === 0;
  return {
    accepts: none || usable.some((one) => one.matches && !isHidden(one)),
    strictlyAccepts: none || (usable.length > 0 && usable.every((one) => matched.has(combinationOf(one.record)))),
    records: judged.map((one) => (one.matches && isHidden(one) ? { ...one, reason: HIDDEN } : one)),
  };
}

const HIDDEN =
  'it matches, but senders may ignore it: SHA2-512 stands beside it for the same usage and selector (RFC 7671 §9)';

/** Digest agility (RFC 7671 §9). */
export function hides(stronger: TlsaRecord, weaker: TlsaRecord): boolean {
  return (
    stronger.matchingType === 2 &&
    weaker.matchingType === 1 &&
    stronger.usage === weaker.usage &&
    stronger.selector === weaker.selector
  );
}

type Match = Pick<RecordJudgement, 'matches' | 'depth' | 'reason'>;

/** DANE-EE: the leaf and nothing else; names and dates are not looked at (RFC 7671 §5.1). */
function matchLeaf(record: TlsaRecord, chain: Chain): Match {
  return isNamed(record, chain.certificates[0])
    ? { matches: true, depth: 0, reason: 'this is what the server presents' }
    : mismatch('the server presents another certificate or key');
}

/** DANE-TA: a CA that the server sends, or that the record carries whole, signed the leaf (RFC 7671 §5.2, RFC 7672 §3.2). */
function matchTrustAnchor(record: TlsaRecord, chain: Chain, hostname: Name, at: Date): Match {
  const [leaf, ...sent] = chain.certificates;
  if (isNamed(record, leaf)) return mismatch("this is the server's own certificate or key; usage 2 names a CA");

  const carried = carriedCertificate(record);
  const cas = [...sent, ...carried].filter((ca) => Buffer.compare(ca.spki, leaf.spki) !== 0);
  if (anchorDepth(record, leaf, cas) === undefined) {
    if (record.matchingType === 0) return mismatch('the CA in this record did not sign what the server presents');
    return sent.some((certificate) => isNamed(record, certificate))
      ? mismatch('this CA is sent, but did not sign what the server presents')
      : mismatch('this CA is not among the certificates that the server sends');
  }
  const casInDate = cas.filter((ca) => isInDate(ca, at));
  const depth = isInDate(leaf, at) ? anchorDepth(record, leaf, casInDate) : undefined;
  if (depth === undefined) {
    return mismatch('a certificate between the leaf and this CA has expired or is not yet valid');
  }
  if (!coversHostname(leaf.dnsNames, hostname)) {
    return mismatch('no DNS name of the certificate (subjectAltName) covers the hostname');
  }
  return { matches: true, depth, reason: 'this CA signed what the server presents' };
}

/** How far above the leaf the record's CA stands, when signatures lead up to it through these CAs. */
function anchorDepth(record: TlsaRecord, leaf: Certificate, cas: readonly Certificate[]): number | undefined {
  const bareKey = record.matchingType === 0 && record.selector === 1 ? Buffer.from(record.data, 'hex') : undefined;
  for (const [certificate, depth] of signersAbove(leaf, cas)) {
    if (isNamed(record, certificate)) return depth;
    if (bareKey !== undefined && isSignedWith(certificate, bareKey)) return depth + 1;
  }
  return undefined;
}

/** `2 0 0` hands the sender the CA's certificate, so that the server need not send it. */
function carriedCertificate(record: TlsaRecord): Certificate[] {
  if (record.matchingType !== 0 || record.selector !== 0) return [];
  const certificate = readCertificate(Buffer.from(record.data, 'hex'));
  return certificate === undefined ? [] : [certificate];
}

/** Is the record's data made from this certificate? */
function isNamed({ selector, matchingType, data }: TlsaRecord, certificate: Certificate): boolean {
  return digest(certificate, selector === 0 ? 0 : 1, matchingType === 0 ? 0 : matchingType === 1 ? 1 : 2) === data;
}

function mismatch(reason: string): Match {
  return { matches: false, reason };
}
