/**
 * What is kept in a MailServer's status between two passes: the operator's whole memory. A crash loses nothing that is not here.
 * Times are RFC 3339 in UTC. Records stand in presentation form (`3 1 1 <hex>`).
 */
import type { ChainSummary } from './chain-summary.ts';
import type { Name } from './name.ts';

/**
 * `Observe`: the Secret changes first, the records follow. `Promote`: only we write the Secret that pods mount, from another one. `Gate`:
 * cert-manager writes it, once we have handed over what the issuer answered.
 */
export type Mode = 'Observe' | 'Promote' | 'Gate';

/** Why a record stands in an RRset. */
export type Role = 'Serving' | 'Next' | 'Former' | 'TrustAnchor' | 'Announced' | 'Foreign';

/** A chain in C: one that may be met at an endpoint (docs/rollover.md). */
export interface StoredChain extends ChainSummary {
  /**
   * `Serving`: the serving Secret holds it. `Candidate`: it waits to be released there. `Former`: the serving Secret held it; it is kept
   * until it is proven gone. `Dropped`: a candidate that another replaced. `Compromised`: its key is stolen and it is replaced; no longer in
   * C, and remembered for its CAs.
   */
  readonly state: 'Serving' | 'Candidate' | 'Former' | 'Dropped' | 'Compromised';
  /** When it entered this state. */
  readonly since: string;
  /** Former: the moment since which no endpoint presented it. Dropped: since when it counts as that. */
  readonly notSeenSince?: string | undefined;
}

/** Then pods may have presented it. */
export function wasServed({ state }: StoredChain): boolean {
  return state === 'Serving' || state === 'Former';
}

export interface StoredCertificate {
  readonly secretName: string;
  readonly mode: Mode;
  readonly chains: readonly StoredChain[];
  /** Of the chain in state `Candidate`, where there is one. */
  readonly candidate?: StoredCandidate | undefined;
  /** When cert-manager will put the next certificate into `secretName`; for people. */
  readonly nextRenewal?: string | undefined;
  /** When the first candidate came since something was released. */
  readonly renewalBegan?: string | undefined;
  /** Since when the serving Secret is missing, and no endpoint presents what senders would accept. */
  readonly servingMissingSince?: string | undefined;
}

/** How far a candidate is. */
export interface StoredCandidate {
  /** Gate: the CertificateRequest that waits for it. */
  readonly requestName?: string | undefined;
  /** `Released`: Gate: cert-manager has it, and the Secret does not yet. */
  readonly stage: 'Publishing' | 'Waiting' | 'Withheld' | 'Open' | 'Released';
  /** A stable code. */
  readonly reason: string;
  /** When the gate opens, where that is known. */
  readonly gateOpensAt?: string | undefined;
}

export interface StoredRecord {
  readonly data: string;
  readonly role: Role;
  /** Foreign, while `adoption` is `Adopt`: the moment since which no endpoint needed it. */
  readonly notNeededSince?: string | undefined;
}

/** A change that is about to be made, or was made and is not confirmed yet. It is stored before anything is sent. */
export interface Intent {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly ttlSeconds: number;
  readonly since: string;
}

/** One value of the whole RRset that senders may have been given, in the order of writes. Values recur: {a}, {a,b}, {a} are three versions. */
export interface Version {
  readonly n: number;
  /**
   * `Written`: the primary was seen to hold it. `Unconfirmed`: it may have been written; it was not seen. `Unknown`: whatever stood there
   * before we looked; no chain is accepted by it.
   */
  readonly kind: 'Written' | 'Unconfirmed' | 'Unknown';
  /** Empty for `Unknown`. */
  readonly records: readonly string[];
  /** The largest of what was asked for and what was answered. */
  readonly ttlSeconds: number;
  /** `Unknown` only: how long it is held once it is superseded. */
  readonly waitSeconds?: number | undefined;
  /** `Unknown` only: digests of the values that were merged into it, where status had no room for the versions themselves. */
  readonly mergedValues?: readonly string[] | undefined;
  /** The primary's SOA serial once it held this version, where the write raised it. */
  readonly serial?: number | undefined;
  /** By which the provider tells whether its name servers have it, where it does. */
  readonly changeID?: string | undefined;
  readonly writtenAt: string;
  /** When every authoritative server had answered a later version. */
  readonly supersededAt?: string | undefined;
  /** No signature over this version lasts longer: then no validating sender uses it, whatever a dead server keeps. Set when a later one is written. */
  readonly rrsigExpiry?: string | undefined;
}

export interface StoredRecordSet {
  readonly owner: Name;
  /** Through which it was written, and is to be withdrawn: `DNSProvider/<name>` or `ClusterDNSProvider/<name>`. */
  readonly provider: string;
  readonly zone: Name;
  readonly ttlSeconds: number;
  /** Ours (every role but `Foreign`), including those of an intent; and the foreign ones beside them. */
  readonly records: readonly StoredRecord[];
  readonly intent?: Intent | undefined;
  readonly versions: readonly Version[];
  /** The MailServer that gets it, as `namespace/name`: nothing is changed here any more, until that one remembers it. */
  readonly handedTo?: string | undefined;
  /** While something is on its way: names that left the zone's NS sets, and until when resolvers may still ask them. */
  readonly goneNameServers?: readonly GoneNameServer[] | undefined;
}

export interface GoneNameServer {
  readonly name: Name;
  readonly until: string;
}

export interface FailingEndpoint {
  readonly hostname: Name;
  readonly address: string;
  readonly port: number;
  readonly keyAlgorithm: string;
  readonly spkiSHA256?: string | undefined;
  readonly error: string;
}

export interface State {
  readonly certificates: readonly StoredCertificate[];
  readonly recordSets: readonly StoredRecordSet[];
  /** Withdrawn: from here on no sender demands what was published. */
  readonly safeToStopAt?: string | undefined;
}

/** Does it remember nothing at all? */
export function isBlank({ certificates, recordSets }: State): boolean {
  return certificates.length === 0 && recordSets.length === 0;
}
