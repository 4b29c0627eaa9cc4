/** Everything the planner looks at, gathered before it runs. What could not be found out stands here as an error, never as absence. */
import type { Chain } from './certificate.ts';
import type { ChainSummary } from './chain-summary.ts';
import type { OperatorError } from './errors.ts';
import type { Name } from './name.ts';
import type { Code } from './reasons.ts';
import type { RecordSet } from './record-set.ts';
import type { ServedSignature } from './signatures.ts';
import type { State } from './state.ts';
import type { PublishedCombination, TlsaRecord } from './tlsa.ts';
import type { WatchedCopy } from './zone-copies.ts';

export type Known<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly error: OperatorError };

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

export function unknown(error: OperatorError): Known<never> {
  return { known: false, error };
}

export interface DesiredCertificate {
  readonly secretName: string;
  /** Promote: the Secret that pods mount, which only we write. */
  readonly servingSecretName?: string | undefined;
}

export interface AnnouncedCA {
  readonly name: string;
  readonly spkiSHA256: string;
}

/** Promote and Gate: may the Secret that pods mount get another certificate, and do the others that share it agree? */
export interface Promotion {
  readonly permitted: Known<true>;
  /**
   * Other MailServers that share it and are not ready for what is to be served next. Ready is one whose status has its leaf
   * as the candidate, at stage `Open` or for reason `WithheldByOther`.
   */
  readonly withheldBy: readonly string[];
  /** Of this MailServer and those that share the pair: whom the serving Secret, which is written for one of them, does not name yet. */
  readonly unnamed?: readonly string[] | undefined;
  /** Why the last attempt at it failed, as far as this process knows. */
  readonly lastAttempt?: OperatorError | undefined;
}

/** Gate: the newest CertificateRequest of the Certificate that fills a Secret. */
export interface GateRequest {
  /** Undefined while there is none. */
  readonly name: string | undefined;
  /** What the issuer answered; undefined while it has not. */
  readonly chain: Known<ChainSummary> | undefined;
  /** cert-manager has it, and writes the Secret. */
  readonly isCompleted: boolean;
  /** A MailServer that used the Secret was deleted; until then senders may still hold its records. */
  readonly notBefore?: Date | undefined;
}

/** What the Certificate (cert-manager) that fills a Secret says of the next renewal. */
export interface Renewal {
  /** Its name. */
  readonly certificate: string;
  /** `rotationPolicy: Never`: the next certificate has the key of this one, as long as the Secret holds it. */
  readonly keepsKey: boolean;
  /** When it comes; undefined before the first issuance, and where renewal is disabled. RFC 3339. */
  readonly at?: string | undefined;
  /** Of the certificate for which `at` was computed. RFC 3339. */
  readonly notAfter?: string | undefined;
}

/** What a MailServer asks for (api.md, `spec`), its defaults filled in. */
export interface Desired {
  readonly certificates: readonly DesiredCertificate[];
  readonly ttlSeconds: number;
  readonly records: readonly PublishedCombination[];
  readonly publish: boolean;
  readonly adoption: 'Keep' | 'Adopt';
  readonly deletion: 'Withdraw' | 'Retain';
  readonly suspend: boolean;
  readonly announcedCAs: readonly AnnouncedCA[];
  /** SHA-256 of their SPKI. */
  readonly compromisedKeys: readonly string[];
  /** So many TTLs a version is held once it is superseded (RFC 7671 §8.1). */
  readonly waitTTLs: number;
  readonly retireAfterMs: number;
  readonly deadlineBeforeExpiryMs: number;
  readonly onDeadline: 'Release' | 'Hold';
  readonly dnssec: 'Require' | 'Warn' | 'Ignore';
  readonly probe: 'Enabled' | 'Disabled';
}

/** What a validating resolver says of a host and of the owner name below it. */
export interface Security {
  /** Both were answered with the AD bit: the addresses of the host, and the TLSA RRset or its absence. */
  readonly secure: boolean;
  /** Why it is not known whether the names are secure (`secure` is false then). */
  readonly notValidated?: OperatorError | undefined;
  /** Where they are not secure, and that could be found out. */
  readonly insecureAt?: InsecureAt | undefined;
  /** A CNAME stands at this name. */
  readonly alias?: Name | undefined;
  /** This name's answer was made from a wildcard: a record below it would take the name's address away. */
  readonly wildcard?: Name | undefined;
}

/** Where the chain of trust ends. */
export interface InsecureAt {
  /** Of what: the host's addresses, or the TLSA name alone. */
  readonly of: 'Addresses' | 'Owner';
  /** The insecure zone nearest to the root. */
  readonly zone: Name;
  /** It has a DNSKEY: what is missing is the DS. */
  readonly isSigned: boolean;
}

/** What may break DANE without any change of ours, as the zone's servers show it: to be told, no input to any decision. */
export interface WatchFacts {
  /** Of the owner's TLSA RRset, and of the zone's SOA and DNSKEY. */
  readonly signatures: readonly ServedSignature[];
  readonly copies: readonly WatchedCopy[];
  /** As the zone above says; undefined where it could not be asked. */
  readonly hasDS: boolean | undefined;
  /** Servers that say NXDOMAIN for the name right above the owner, and have records at the owner. */
  readonly denying: readonly Name[];
}

/** One endpoint as it was last probed. */
export interface Endpoint {
  readonly hostname: Name;
  /** Empty where the addresses of the host could not be found out. */
  readonly address: string;
  readonly port: number;
  readonly keyAlgorithm: string;
  readonly presented: EndpointAnswer;
  /** When this process looked at it, oldest first, as far as it counts for a proof (`withLook` in proof.ts). */
  readonly looks: readonly Date[];
}

export type EndpointAnswer =
  | { readonly kind: 'Presented'; readonly chain: Chain; readonly summary: ChainSummary }
  /** No way to this address from here, or a range that is not probed: reported, not a failure. */
  | { readonly kind: 'Skipped'; readonly error: Code }
  /** `error` is a stable code, `message` its sentence for people. */
  | { readonly kind: 'Failed'; readonly error: Code; readonly message: string };

/** What an authoritative server answered when it was asked for an owner's TLSA RRset. */
export interface ServerAnswer {
  readonly at: Date;
  /** Empty: there is none (NXDOMAIN, NODATA). */
  readonly records: readonly TlsaRecord[];
  /** The larger of the answer's TTL and its RRSIG's original TTL (RFC 4034 §3.1.4). */
  readonly ttlSeconds?: number | undefined;
  /** From inception to expiration of the RRSIG. */
  readonly signatureValiditySeconds?: number | undefined;
  /** When the last of the RRSIGs runs out. */
  readonly signatureExpiresAt?: Date | undefined;
  /** The zone's SOA serial at this server, asked before the records: they are not older than it. */
  readonly serial?: number | undefined;
  /** The provider had said before that all of its name servers have this change. */
  readonly settledChangeID?: string | undefined;
}

/** The provider said, at this moment, that all of its name servers have this change. */
export interface SettledChange {
  readonly changeID: string;
  readonly at: Date;
}

/** One name of the NS sets, or one that left them less than their TTL ago (docs/rollover.md, "The gate"). */
export interface NameServerFacts {
  readonly name: Name;
  /** `Lame`: it answers without authority, or refuses; `NoRoute`: this machine has no way to any of its addresses. Both hand nothing out. */
  readonly state: 'Answers' | 'Silent' | 'Lame' | 'NoRoute';
  /** Oldest first: each address, each time it was asked by this process since the change began. Answers of one look have one time. */
  readonly answers: readonly ServerAnswer[];
  /** It left the NS sets; until then resolvers may still ask it. */
  readonly goneUntil?: Date | undefined;
}

/** Who gets what this MailServer lets go. */
export interface Heir {
  /** `Owner`: it publishes there from now on. `Caretaker`: it shares a Secret, and waits for the senders that remember what was withdrawn. */
  readonly as: 'Owner' | 'Caretaker';
  /** `namespace/name`. */
  readonly name: string;
  /** Does its status remember all of it? */
  readonly hasIt: boolean;
}

export interface OwnerFacts {
  readonly owner: Name;
  readonly hostname: Name;
  readonly port: number;
  /** Does the spec still ask for it, here? An owner that it no longer names is withdrawn. */
  readonly desired: boolean;
  /**
   * It was published in this zone and belongs to another one now, which has OwnerFacts of its own. `Hidden`: what the zone holds is no
   * longer handed out (a zone cut above the owner), or went with the zone, so `current` is what status remembers.
   */
  readonly left?: 'Visible' | 'Hidden' | undefined;
  /** Another MailServer gets it, with its history. */
  readonly heir?: Heir | undefined;
  /** Where the zone is not known now: the one that status names. */
  readonly lastZone?: Name | undefined;
  /** The zone that may be written for this owner, or why none may: not allowed, claimed by another, no such zone, provider not ready. */
  readonly zone: Known<Name>;
  /** The TLSA RRset as the primary holds it. */
  readonly current: Known<RecordSet>;
  /** Through which provider it is written: `DNSProvider/<name>` or `ClusterDNSProvider/<name>`. */
  readonly provider: string;
  /** How our last attempt to write here ended, as far as this process knows: accepted by the server, or why not. */
  readonly lastAttempt: 'Applied' | OperatorError | undefined;
  readonly security: Known<Security>;
  /** The authoritative servers that do not answer `current` (yet); undefined where nothing is published. */
  readonly lagging: Known<readonly Name[] | undefined>;
  /** What the authoritative servers answered; undefined while nothing is on its way (`isWatched` in history.ts). */
  readonly servers?: Known<readonly NameServerFacts[]> | undefined;
  /** The primary's SOA serial, read before our last write was sent and after `current` was read; where both are known. */
  readonly serials?: { readonly beforeWrite: number; readonly now: number } | undefined;
  /** What the provider calls our last write, where it does. */
  readonly changeID?: string | undefined;
  /** Of the newest version, if it is. What was answered later was asked later. */
  readonly settled?: SettledChange | undefined;
  /** What a validating resolver answers for the owner now; secure or not. */
  readonly resolved?: readonly TlsaRecord[] | undefined;
  /** Undefined where nothing is published. */
  readonly watch?: WatchFacts | undefined;
}

export interface Facts {
  readonly now: Date;
  readonly desired: Desired;
  readonly deleting: boolean;
  /** Annotation `tlsa-operator.io/abandon-records`, or withdrawal was tried for too long. */
  readonly abandon: boolean;
  readonly finalizer: boolean;
  readonly stored: State;
  /** It came with a finalizer and without any status: restored from a backup, say. Records of ours may have stood at any of its owners. */
  readonly statusLost?: boolean | undefined;
  /** What each Secret that the spec names holds now, by its name. */
  readonly secrets: ReadonlyMap<string, Known<ChainSummary>>;
  /** Gate: by `secretName`, where the Certificate that fills that Secret names an issuer of ours. */
  readonly requests: ReadonlyMap<string, GateRequest>;
  /** Promote and Gate: by the Secret that pods mount. */
  readonly promotions: ReadonlyMap<string, Promotion>;
  /** By `secretName`, where a Certificate fills that Secret. */
  readonly renewals: ReadonlyMap<string, Renewal>;
  /** Annotation `tlsa-operator.io/release-now`: SHA-256 of a candidate's SPKI. */
  readonly releaseNow?: string | undefined;
  /** What of the spec cannot be read. */
  readonly specProblems: readonly OperatorError[];
  readonly provider: Known<true>;
  readonly owners: readonly OwnerFacts[];
  /** Undefined while there is nothing to look at (no chain is known, no owner may be written), or probing is disabled. */
  readonly endpoints: Known<readonly Endpoint[]> | undefined;
  /** Our clock minus the API server's; undefined while not known. */
  readonly clockSkewMs?: number | undefined;
}
