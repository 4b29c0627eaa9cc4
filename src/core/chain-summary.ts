/** What is remembered of a chain (in status), and all that the planner works with. */
import { coversHostname, spkiSHA256, type Chain } from './certificate.ts';
import type { KeyAlgorithm } from './x509.ts';
import type { Name } from './name.ts';
import { formatTime } from './time.ts';

export interface ChainSummary {
  /** SHA-256 of the leaf's SPKI, lower-case hexadecimal: the data of its `3 1 1`. */
  readonly spkiSHA256: string;
  /** The same of each CA on the verified path, from the leaf upwards: the data of its `2 1 1`. */
  readonly caSPKISHA256s: readonly string[];
  /** Those in the Secret that the server does not send (as-sent.ts). */
  readonly unsentCASPKISHA256s?: readonly string[] | undefined;
  readonly keyAlgorithm: KeyAlgorithm;
  /** The leaf's DNS names. */
  readonly names: readonly string[];
  /** The leaf's validity, RFC 3339 in UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
}

export function summarize(chain: Chain): ChainSummary {
  const [leaf] = chain.certificates;
  return {
    spkiSHA256: spkiSHA256(leaf),
    caSPKISHA256s: chain.path.slice(1).map(spkiSHA256),
    keyAlgorithm: leaf.keyAlgorithm,
    names: leaf.dnsNames,
    notBefore: formatTime(leaf.notBefore),
    notAfter: formatTime(leaf.notAfter),
  };
}

/** Sent or not: whoever has the leaf's key may send them. */
export function allCAs({ caSPKISHA256s, unsentCASPKISHA256s = [] }: ChainSummary): readonly string[] {
  return [...caSPKISHA256s, ...unsentCASPKISHA256s];
}

/** @param sent the keys of the CAs that come with its leaf */
export function withSent<Summary extends ChainSummary>(summary: Summary, sent: readonly string[]): Summary {
  const unsent = allCAs(summary).filter((spki) => !sent.includes(spki));
  return { ...summary, caSPKISHA256s: sent, unsentCASPKISHA256s: unsent.length > 0 ? unsent : undefined };
}

/** The same leaf certificate? What is sent beside it does not matter. */
export function sameLeaf(a: ChainSummary, b: ChainSummary): boolean {
  return a.spkiSHA256 === b.spkiSHA256 && a.notBefore === b.notBefore && a.notAfter === b.notAfter;
}

/** So many are remembered whatever they are: the spec may name another of them tomorrow. */
const FEW_NAMES = 32;

/** As it is remembered: of a certificate for very many names those that matter to these hosts. */
export function withFewNames<Summary extends ChainSummary>(summary: Summary, hostnames: readonly Name[]): Summary {
  if (summary.names.length <= FEW_NAMES) return summary;
  const matters = (name: Name): boolean => hostnames.some((hostname) => coversHostname([name], hostname));
  return { ...summary, names: summary.names.filter(matters) };
}
