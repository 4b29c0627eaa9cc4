/**
 * Signatures that run out. A signer makes them anew long before that; one that stopped is noticed here while there is time.
 *
 * The warning must come later than any signer is at its work by default, or it would come each time. Of 14 days that signatures are valid
 * BIND renews 5 before the end, OpenDNSSEC 3; BIND's older ways and dnssec-signzone at a quarter of 30; PowerDNS signs each week for
 * three. Who signs each answer (Route 53, Cloudflare) gives out signatures of hours or days of which half is left, or more.
 *
 * Knot, before 3.3.3, renews no earlier than an hour and the zone's largest TTL before the end, whatever the validity. Its signatures are
 * known by their inception, 90 minutes before the time of signing, from which on they last a round time; others date them back by an hour,
 * or not at all. Of Knot's the warning comes as late as that.
 */
import type { Name } from './name.ts';
import { several } from './several.ts';
import { formatTime } from './time.ts';

/** Of one RRset at one server. Of several signatures the one that lasts longest: one that verifies is enough (RFC 4035 §5.3.3). */
export interface ServedSignature {
  /** Owner and type, as in `example.nl SOA`. */
  readonly of: string;
  readonly server: Name;
  readonly expiresAt: Date;
  /** From inception to expiration. */
  readonly validitySeconds: number;
  /** Of the RRset: caches that do not validate hand the signature on for so long (RFC 6781 §4.4.2). */
  readonly ttlSeconds: number;
}

const SHARE_OF_VALIDITY = 1 / 6;
/** However long the TTL is. */
const LARGEST_SHARE = 1 / 5;
const KNOTS_INCEPTION_SECONDS = 90 * 60;
const KNOTS_MARGIN_SECONDS = 30 * 60;
const ROUND_SECONDS = 60 * 60;

/** From here on the signature should have been renewed. */
export function overdueAt({ expiresAt, validitySeconds, ttlSeconds }: ServedSignature): Date {
  const isKnots = (validitySeconds - KNOTS_INCEPTION_SECONDS) % ROUND_SECONDS === 0;
  const margin = ttlSeconds + (isKnots ? KNOTS_MARGIN_SECONDS : validitySeconds * SHARE_OF_VALIDITY);
  return new Date(expiresAt.getTime() - 1000 * Math.min(margin, validitySeconds * LARGEST_SHARE));
}

export interface SignatureProblem {
  readonly code: 'SignaturesExpired' | 'SignaturesExpireSoon';
  readonly message: string;
}

export function signatureProblem(signatures: readonly ServedSignature[], now: Date): SignatureProblem | undefined {
  const expired = signatures.filter(({ expiresAt }) => expiresAt <= now);
  if (expired.length > 0) {
    return {
      code: 'SignaturesExpired',
      message: `the signatures of ${told(expired)} ran out at ${earliest(expired)}: senders that check DANE cannot deliver where they are asked; start the zone's signer, and see to the transfers to these servers`,
    };
  }
  const ending = signatures.filter((signature) => overdueAt(signature) <= now);
  if (ending.length === 0) return undefined;
  return {
    code: 'SignaturesExpireSoon',
    message: `the signatures of ${told(ending)} run out at ${earliest(ending)} and should have been renewed by now; from then on senders that check DANE cannot deliver: see to the zone's signer, and to the transfers to these servers`,
  };
}

/** When there is next something to say, if nothing is renewed. */
export function nextSignatureMoments(signatures: readonly ServedSignature[]): Date[] {
  return signatures.flatMap((signature) => [overdueAt(signature), signature.expiresAt]);
}

function told(signatures: readonly ServedSignature[]): string {
  const [of, servers] = [signatures.map((one) => one.of), signatures.map(({ server }) => server)];
  return `${several(of.sort())} at ${several(servers.sort())}`;
}

function earliest(signatures: readonly ServedSignature[]): string {
  return formatTime(new Date(Math.min(...signatures.map(({ expiresAt }) => expiresAt.getTime()))));
}
