/**
 * Will the next renewal be accepted by every sender, whatever it remembers? In Observe the Secret changes before the records do, and
 * senders live on `2 1 1` for a TTL (docs/rollover.md, "Modes"). It is said before the renewal, with the ways out.
 */
import { acceptance } from './accepts.ts';
import { coversHostname } from './certificate.ts';
import { sameLeaf } from './chain-summary.ts';
import { isClockRight } from './clock.ts';
import { compromised } from './compromised.ts';
import { state, type ConditionState } from './condition-state.ts';
import { recordsAt } from './endpoint-matches.ts';
import type { OperatorError } from './errors.ts';
import type { Endpoint, Facts, OwnerFacts } from './facts.ts';
import { endpointProblem, unknownChainServed } from './first-publication.ts';
import { keyStays } from './key-stays.ts';
import { endOfWait, isHeld } from './hold.ts';
import { handedOut } from './history.ts';
import { lastWritten } from './last-written.ts';
import { endpointsInSight } from './looked-at.ts';
import { judge } from './match.ts';
import type { Name } from './name.ts';
import { isPublished } from './ours.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import type { Plan } from './plan.ts';
import { several } from './several.ts';
import type { StoredCertificate, StoredChain, StoredRecordSet, Version } from './state.ts';
import { formatTime } from './time.ts';
import { daneTA, formatTlsa, parseTlsa } from './tlsa.ts';

export function covered(facts: Facts, plan: Plan): ConditionState {
  const published = plan.recordSets.filter(({ owner, next }) => owner.desired && isPublished(next));
  if (published.length === 0) return state('Covered', 'Unknown', 'NothingPublished', 'nothing is published yet');
  const blocked = published.filter(({ foreignBlocks }) => foreignBlocks === true).map(({ owner }) => owner.owner);
  if (blocked.length > 0) {
    return state(
      'Covered',
      'False',
      'ForeignRecordBlocks',
      `records that are not ours match none of the certificates: ${several(blocked)}; ${facts.desired.adoption === 'Adopt' ? 'they go when no endpoint has needed them for rollover.retireAfter' : 'remove them there, or set spec.adoption to Adopt'}`,
    );
  }
  const isDesired = new Set(facts.desired.certificates.map(({ secretName }) => secretName));
  const observed = plan.state.certificates.filter(
    ({ secretName, mode }) => mode === 'Observe' && isDesired.has(secretName),
  );
  const serving = observed.flatMap(({ secretName, chains, nextRenewal }) =>
    chains
      .filter((chain) => chain.state === 'Serving')
      .map((chain) => ({ secretName, chain, nextRenewal, keyStays: keyStays(secretName, facts) })),
  );
  if (observed.length === 0) {
    const isGated = plan.state.certificates.some(({ mode }) => mode === 'Gate');
    return state(
      'Covered',
      'True',
      isGated ? 'Gated' : 'Promoted',
      'a new certificate is released only when every sender will accept it',
    );
  }
  const unread = observed.flatMap((certificate) => problemOf(certificate, facts) ?? []).at(0);
  if (unread !== undefined) return state('Covered', 'Unknown', unread.code, unread.message);
  const stranger = strangerServed(facts, plan);
  if (stranger !== undefined) return state('Covered', 'False', stranger.code, stranger.message);
  const regressed = regressedAt(published);
  if (regressed.length > 0) {
    return state(
      'Covered',
      'False',
      'ServersLag',
      `these name servers went back to records of before, which may have no 2 1 1 for the CA of what is served: ${several(regressed)}`,
    );
  }
  // Senders may hold what stood in the zone that the owner has left.
  const held = [...published, ...plan.recordSets.filter(({ owner }) => owner.left !== undefined)];
  const gaps = gapsOf(held, serving, facts);
  const lacking = gaps.filter(({ until }) => until === 'NotPublished');
  if (lacking.length > 0) {
    return state(
      'Covered',
      'False',
      'NoTrustAnchor',
      `no 2 1 1 stands for the CA of what is served, since ${several(lacking.map(({ why }) => why))}; so senders that remember today's records refuse a renewed key for up to ${facts.desired.ttlSeconds} s: ${several(lacking.map(({ owner }) => owner))}${nextOf(lacking)}; use a DaneIssuer or servingSecretName, or change that`,
    );
  }
  if (gaps.length > 0) return state('Covered', 'False', 'EarlierRecordsHeld', `${heldMessage(gaps)}${nextOf(gaps)}`);
  const withoutAnchor = gapsOf(
    held,
    serving.map((one) => ({ ...one, keyStays: false })),
    facts,
  );
  if (withoutAnchor.length > 0) {
    const secrets = withoutAnchor.map(({ secretName }) => secretName);
    const certificates = secrets.flatMap((name) => facts.renewals.get(name)?.certificate ?? []);
    return state(
      'Covered',
      'True',
      'KeyStays',
      `a renewal changes nothing that senders look at: rotationPolicy is Never, so the key stays as long as Secret ${several(secrets)} is not lost (Certificate ${several(certificates)})`,
    );
  }
  const basis = facts.desired.probe === 'Disabled' ? ' (as the Secret says; spec.verification.probe is Disabled)' : '';
  return state(
    'Covered',
    'True',
    'TrustAnchorPublished',
    `every RRset that a sender may hold has a 2 1 1 for the CA of what is served${basis}`,
  );
}

/**
 * What a Secret holds says nothing of a server that presents something else. That the records name its key helps only where the key stays:
 * the next one may come from the same CA as this one.
 */
function strangerServed(facts: Facts, { state: { certificates } }: Plan): OperatorError | undefined {
  const chains = certificates.flatMap((certificate) => certificate.chains);
  const isStaying = certificates.some(({ secretName }) => keyStays(secretName, facts));
  const problemAt = (endpoint: Endpoint): OperatorError | undefined => {
    const { hostname, presented } = endpoint;
    const records = recordsAt(facts.owners, endpoint);
    const isKnown = presented.kind !== 'Presented' || chains.some((chain) => sameLeaf(chain, presented.summary));
    if (isKnown || isStaying) return endpointProblem(endpoint, records, facts);
    const anchors = records.filter(({ usage }) => usage === 2);
    return judge(anchors, presented.chain, hostname, facts.now).accepts ? undefined : unknownChainServed(endpoint);
  };
  return (endpointsInSight(facts) ?? [])
    .flatMap((endpoint) => problemAt(endpoint) ?? [])
    .find(({ code }) => code === 'UnknownChainServed');
}

/** At rest nothing is remembered of what stood there before: what a server answers that is not the current RRset may be anything. */
function regressedAt(published: readonly RecordSetPlan[]): readonly Name[] {
  return published.flatMap(({ owner: { lagging }, next }) =>
    next?.versions.length === 1 && lagging.known ? (lagging.value ?? []) : [],
  );
}

/** What cannot be read may have been renewed already; one that is gone has not. Of one that is not served, nothing can be said beforehand. */
function problemOf({ secretName, chains }: StoredCertificate, { secrets }: Facts): OperatorError | undefined {
  const secret = secrets.get(secretName);
  const isServed = chains.some(({ state }) => state === 'Serving');
  if (secret?.known === false) return isServed && secret.error.code === 'SecretNotFound' ? undefined : secret.error;
  return isServed ? undefined : compromised(secretName);
}

export interface Gap {
  readonly owner: Name;
  /** When no sender can hold records without it any more; `NotPublished`: they are handed out now. */
  readonly until: Date | 'NotPublished' | undefined;
}

interface Served {
  readonly secretName: string;
  readonly chain: StoredChain;
  readonly nextRenewal?: string | undefined;
  /** Its own `3 1 1` will match the next one. */
  readonly keyStays: boolean;
}

type ServedGap = Gap & Pick<Served, 'secretName' | 'nextRenewal'> & { readonly why: string };

function gapsOf(published: readonly RecordSetPlan[], serving: readonly Served[], facts: Facts): ServedGap[] {
  return published.flatMap((recordSet) =>
    serving.flatMap((served): ServedGap[] => {
      const gap = gapAt(recordSet, served, facts);
      const { secretName, nextRenewal } = served;
      return gap === undefined
        ? []
        : [{ ...gap, secretName, nextRenewal, why: whyNoAnchor(recordSet.owner, served, facts) }];
    }),
  );
}

function gapAt({ owner, next }: RecordSetPlan, { chain, keyStays: stays }: Served, facts: Facts): Gap | undefined {
  if (next === undefined) return undefined;
  const renewed = stays ? chain : { ...chain, spkiSHA256: '' };
  return gapIn(next, (records) => acceptance(records.map(parseTlsa), renewed, owner.hostname).accepts, facts);
}

/** As target.ts has it. */
function whyNoAnchor({ hostname }: OwnerFacts, { secretName, chain }: Served, { desired }: Facts): string {
  if (!desired.records.includes('2 1 1')) return 'spec.records leaves it out';
  if (chain.caSPKISHA256s.length === 0)
    return `no CA certificate comes with that of Secret ${secretName} (it is self-signed, or sent alone; or the one before it was, and this one has not been seen yet)`;
  if (!coversHostname(chain.names, hostname)) return `the certificate in Secret ${secretName} is not for ${hostname}`;
  return 'another certificate that may be met can have none, or it is not published yet';
}

/** The first of the renewals that are not covered. */
function nextOf(gaps: readonly ServedGap[]): string {
  const next = gaps
    .flatMap(({ nextRenewal }) => nextRenewal ?? [])
    .toSorted()
    .at(0);
  return next === undefined ? '' : `; the next renewal is due at ${next}`;
}

export function anchorText(spkiSHA256: string): string {
  return formatTlsa(daneTA(spkiSHA256));
}

/** The versions that a sender may hold and that are not good: until when? No RRset at all is good: it demands nothing. */
export function gapIn(
  recordSet: StoredRecordSet,
  isGood: (records: readonly string[]) => boolean,
  facts: Facts,
): Gap | undefined {
  const { desired, now } = facts;
  const { owner, versions } = recordSet;
  const isGap = (version: Version): boolean =>
    (isHeld(version, desired.waitTTLs, now) || !isClockRight(facts)) &&
    (version.kind === 'Unknown' || (version.records.length > 0 && !isGood(version.records)));
  const gaps = handedOut(recordSet).filter(isGap);
  if (gaps.length === 0) return undefined;
  if (gaps.some((version) => version === lastWritten(versions))) return { owner, until: 'NotPublished' };
  const moments = gaps.map((version) => endOfWait(version, desired.waitTTLs)?.getTime());
  return { owner, until: moments.includes(undefined) ? undefined : new Date(Math.max(...moments.map(Number))) };
}

export function heldMessage(gaps: readonly Gap[]): string {
  const owners = several(gaps.map(({ owner }) => owner));
  const moments = gaps.map(({ until }) => (until instanceof Date ? until.getTime() : undefined));
  return moments.includes(undefined)
    ? `senders may hold earlier records until every name server answers the current ones: ${owners}`
    : `senders may hold earlier records until ${formatTime(new Date(Math.max(...moments.map(Number))))}: ${owners}`;
}
