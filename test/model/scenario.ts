/** A world as plain data: how it is set up, and what befalls it when. The same scenario always runs the same way. */
import type { CA } from './chains.ts';

export interface Scenario {
  readonly setup: Setup;
  readonly events: readonly TimedEvent[];
  /** From then on nothing befalls it any more, what was broken is mended, and it must come to rest. */
  readonly restsAt: number;
}

/** Times are in seconds. */
export interface Setup {
  readonly mailServers: readonly MailServerSetup[];
  /** All MailServers list them all. */
  readonly certificates: readonly CertificateSetup[];
  readonly servers: readonly ServerSetup[];
  /** How long a signature of the zone is valid. */
  readonly signatureValidity: number;
  /** Nobody can be asked from the operator on port 53. */
  readonly blocked: boolean;
  readonly ttl: number;
  /** The primary lowers what is longer. */
  readonly maxTTL: number;
  readonly waitTTLs: number;
  readonly retireAfter: number;
  readonly deadlineBeforeExpiry: number;
  readonly onDeadline: 'Release' | 'Hold';
  readonly records: readonly ('3 1 1' | '2 1 1')[];
  readonly adoption: 'Keep' | 'Adopt';
  readonly probe: 'Enabled' | 'Disabled';
  /** Between a look at the world and what follows from it. */
  readonly latency: number;
  /** Gate: so long the wrapped issuers take. */
  readonly answersAfter: number;
  /** Mail servers send the leaf alone. */
  readonly leafAlone: boolean;
}

export interface MailServerSetup {
  /** One owner each. */
  readonly hosts: readonly HostSetup[];
}

export interface HostSetup {
  /** Behind each address a load balancer that goes round its pods. */
  readonly addresses: readonly { readonly pods: readonly PodSetup[] }[];
}

export interface PodSetup {
  /** So long after the Secret has changed it presents the new chain. */
  readonly reloadsAfter: number;
}

export interface CertificateSetup {
  readonly mode: 'Observe' | 'Promote' | 'Gate';
  readonly algorithm: 'RSA' | 'ECDSA';
  readonly ca: CA;
  readonly lifetime: number;
  /** Observe: `rotationPolicy: Never`. A Secret that is lost gets a new key all the same. */
  readonly keepsKey?: boolean;
}

/** An authoritative name, behind it a pool that is asked in turn. */
export interface ServerSetup {
  /** Only the zone of this MailServer; where undefined, all zones. */
  readonly serves?: number;
  readonly nodes: readonly { readonly lag: number }[];
}

export type TimedEvent = WorldEvent & { readonly at: number };

/** Who goes elsewhere does so in two steps; what else lasts is ended where the world is left at rest. */
export function lastsUntil(event: TimedEvent): number {
  return event.kind === 'Renamed' || event.kind === 'Given' ? event.at + Math.abs(event.after) : event.at;
}

export type WorldEvent =
  | {
      readonly kind: 'Renew';
      readonly certificate: number;
      readonly ca: CA;
      readonly lifetime: number;
      readonly validIn: number;
    }
  /** The source Secret is gone, until the next renewal; in Observe and Gate the serving one. In Gate cert-manager issues anew at once. */
  | { readonly kind: 'SourceGone'; readonly certificate: number }
  /** Gate: the wrapped issuers refuse what they answer meanwhile, or take so long for what they are asked. */
  | { readonly kind: 'IssuerFails'; readonly seconds: number }
  | { readonly kind: 'IssuerSlow'; readonly answersAfter: number; readonly seconds: number }
  /** Gate: the DaneIssuer names another issuer from now on. */
  | { readonly kind: 'Wraps'; readonly certificate: number; readonly ca: CA }
  /** Gate: by whoever approves: the request that waits, or ours of it. */
  | { readonly kind: 'Denied'; readonly certificate: number; readonly what: 'Request' | 'Child' }
  /** Gate: somebody deletes what we asked of the wrapped issuer. */
  | { readonly kind: 'ChildrenGone'; readonly certificate: number }
  /** For so long nothing of this kind can be read. */
  | { readonly kind: 'Unreadable'; readonly what: Readable; readonly seconds: number }
  | { readonly kind: 'Foreign'; readonly owner: number; readonly edit: ForeignEdit }
  /** Another name of the zone changes: its serial goes up. */
  | { readonly kind: 'ZoneChange' }
  | { readonly kind: 'Lag'; readonly server: number; readonly node: number; readonly seconds: number }
  | { readonly kind: 'Outage'; readonly server: number; readonly state: 'Silent' | 'Lame'; readonly seconds: number }
  /** It is never asked with success again, and hands out what it has to others. */
  | { readonly kind: 'Dead'; readonly server: number }
  /** It shows what it had before, until the operator has noticed. */
  | { readonly kind: 'Regress'; readonly server: number; readonly node: number }
  /** A write, after so many others, is answered by nobody; it is carried out after so many seconds, or never. */
  | { readonly kind: 'AnswerLost'; readonly after: number; readonly appliedAfter: number | 'Never' }
  | { readonly kind: 'Refused'; readonly times: number }
  /** At the so-manieth thing that the operator does from now on. */
  | {
      readonly kind: 'Crash';
      readonly step: number;
      readonly when: 'Before' | 'After';
      readonly downFor: number;
    }
  | { readonly kind: 'StatusLost'; readonly mailServer: number }
  /** A second leader takes over; the first goes on with what it knew. */
  | { readonly kind: 'TwoLeaders'; readonly seconds: number }
  | { readonly kind: 'ClockStep'; readonly by: number; readonly seconds: number }
  | { readonly kind: 'Spec'; readonly change: SpecChange; readonly seconds?: number }
  /** Annotation `release-now` with the key of what waits. */
  | { readonly kind: 'ReleaseNow'; readonly certificate: number }
  | { readonly kind: 'Unreachable'; readonly host: number; readonly address: number; readonly seconds: number }
  | { readonly kind: 'Restart'; readonly host: number; readonly address: number; readonly pod: number }
  /** Somebody between us and the server. */
  | { readonly kind: 'Attacker'; readonly host: number; readonly address: number; readonly seconds: number }
  /** All Secrets, pods and statuses are gone; certificates are issued anew after so many seconds. */
  | { readonly kind: 'Rebuilt'; readonly issuedAfter: number }
  | { readonly kind: 'Deleted'; readonly mailServer: number }
  /**
   * One of another name is made, and so many seconds later the first is deleted; before that, where it is negative. It may have another
   * provider, and with it another zone.
   */
  | { readonly kind: 'Renamed'; readonly mailServer: number; readonly after: number; readonly moves?: boolean }
  /** Another MailServer names this host too, and so many seconds later the first one no more; before that, where it is negative. */
  | { readonly kind: 'Given'; readonly host: number; readonly to: number; readonly after: number }
  /** Its provider changes, and with it the zone. */
  | { readonly kind: 'Moved'; readonly mailServer: number };

export type Readable = 'Secrets' | 'Primary' | 'Servers' | 'Endpoints' | 'Resolver';

export type ForeignEdit =
  | { readonly kind: 'Add'; readonly record: 'OtherKey' | 'OtherCA' | 'WholeCertificate' | 'StrongerDigest' }
  | { readonly kind: 'RemoveOne' }
  | { readonly kind: 'Clear' }
  | { readonly kind: 'TTL'; readonly ttl: number }
  /** Everything of foreign hand goes. */
  | { readonly kind: 'TakeBack' };

export type SpecChange =
  | { readonly ttl: number }
  | { readonly records: Setup['records'] }
  | { readonly publish: false }
  | { readonly suspend: true }
  /** It names a Secret that is not there. */
  | { readonly certificates: 'NotThere' }
  | { readonly announced: readonly ('A' | 'B' | 'C')[] }
  | { readonly retireAfter: number };
