/** What the authoritative servers answered, applied to a history: which versions nobody hands out any more, and how long they may last. */
import type { Facts, NameServerFacts, OwnerFacts, ServerAnswer, SettledChange } from './facts.ts';
import { lastWritten } from './last-written.ts';
import { isSeenAgain, newestAnswers, nobodyAnswers, nobodyHandsOut, passedAt, SAMPLES } from './sightings.ts';
import { isAnyValue, mayBeOf, valueOfRRset } from './rrset-value.ts';
import type { Version } from './state.ts';
import { formatTime } from './time.ts';

const DAY_SECONDS = 86_400;
/** Where no signature was seen: longer than anybody's (BIND's default is 14 days, Route 53's a week). */
const LONGEST_VALIDITY_SECONDS = 30 * DAY_SECONDS;
/** Where no server can be asked, a change that a validating resolver shows counts as done after this. */
const UNSEEN_WAIT_MS = 3_600_000;

export function withAnswers(
  versions: readonly Version[],
  owner: OwnerFacts,
  asked: readonly NameServerFacts[],
  facts: Facts,
): readonly Version[] {
  const servers = asked.map((server) => withSettled(server, owner.settled));
  const current = lastWritten(versions);
  const answered = withStrangeAnswers(versions, servers, facts).map((version) => withTtl(version, servers, facts));
  return answered.map((version) => {
    if (version.n === current?.n) return version;
    const isSeen = isSeenAgain(version.n, versions, servers);
    // Who hands it out may sign it anew, too.
    const isSigned = isHandedOut(version, versions, current, servers);
    const rrsigExpiry = isSigned ? undefined : (version.rrsigExpiry ?? signatureEnd(servers, facts));
    const hasLater = current !== undefined && current.n > version.n;
    if (!hasLater || isSeen) return { ...version, supersededAt: undefined, rrsigExpiry };
    if (version.supersededAt !== undefined) return { ...version, rrsigExpiry };
    const at =
      passedAt(version.n, versions, servers) ??
      unseen(version, versions, owner, servers, facts) ??
      abandoned(current, owner, servers, facts);
    return { ...version, supersededAt: at === undefined ? undefined : formatTime(ceilSecond(at)), rrsigExpiry };
  });
}

/** Answers of after the provider said that all of its name servers have a change. */
function withSettled(server: NameServerFacts, settled: SettledChange | undefined): NameServerFacts {
  if (settled === undefined) return server;
  const { changeID, at } = settled;
  const answers = server.answers.map((answer) => (answer.at > at ? { ...answer, settledChangeID: changeID } : answer));
  return { ...server, answers };
}

/**
 * Does a server answer with its very records, which are not those that stand there now? Did it in one of its last few looks: where one
 * machine of a pool lags, looks show it in turn.
 */
function isHandedOut(
  version: Version,
  versions: readonly Version[],
  current: Version | undefined,
  servers: readonly NameServerFacts[],
): boolean {
  const answers = servers
    .filter(({ state }) => state === 'Answers')
    .flatMap((server) => newestAnswers(server, SAMPLES));
  return answers.some(
    (answer) =>
      (isOf(answer, version) && (current === undefined || !isOf(answer, current))) ||
      (version.kind === 'Unknown' && isStrange(answer, versions)),
  );
}

/** What the primary holds no more is not signed anew from now on. */
function signatureEnd(servers: readonly NameServerFacts[], { now }: Facts): string {
  const seen = answersOf(servers).flatMap(({ signatureValiditySeconds }) => signatureValiditySeconds ?? []);
  const validitySeconds = seen.length === 0 ? LONGEST_VALIDITY_SECONDS : Math.max(...seen);
  return formatTime(new Date(now.getTime() + 1000 * validitySeconds));
}

/** What we do not know may last longer in caches than what we do; it counts with the oldest. */
function withStrangeAnswers(
  versions: readonly Version[],
  servers: readonly NameServerFacts[],
  { desired }: Facts,
): readonly Version[] {
  const [oldest, ...others] = versions;
  const strange = answersOf(servers)
    .filter(({ records }) => records.length > 0)
    .filter((answer) => isStrange(answer, versions));
  if (oldest === undefined || strange.length === 0) return versions;
  const ttlSeconds = Math.max(oldest.ttlSeconds, ...strange.flatMap((answer) => answer.ttlSeconds ?? []));
  const { waitSeconds } = oldest;
  const leastSeconds = Math.max(DAY_SECONDS, desired.waitTTLs * ttlSeconds);
  const longer = waitSeconds === undefined ? {} : { waitSeconds: Math.max(waitSeconds, leastSeconds) };
  return [{ ...oldest, ttlSeconds, ...longer }, ...others];
}

function isStrange(answer: ServerAnswer, versions: readonly Version[]): boolean {
  return versions.every((version) => isAnyValue(version) || !isOf(answer, version));
}

function withTtl(version: Version, servers: readonly NameServerFacts[], { desired }: Facts): Version {
  const answered = answersOf(servers)
    .filter((answer) => isOf(answer, version))
    .flatMap(({ ttlSeconds }) => ttlSeconds ?? []);
  const ttlSeconds = Math.max(version.ttlSeconds, ...answered);
  if (version.waitSeconds === undefined) return { ...version, ttlSeconds };
  return { ...version, ttlSeconds, waitSeconds: Math.max(version.waitSeconds, desired.waitTTLs * ttlSeconds) };
}

/** Egress to port 53 is blocked: a validating resolver that shows a later version, and an hour, stand in. */
function unseen(
  version: Version,
  versions: readonly Version[],
  { resolved }: OwnerFacts,
  servers: readonly NameServerFacts[],
  { now }: Facts,
): Date | undefined {
  if (!nobodyAnswers(servers, now) || resolved === undefined) return undefined;
  const value = valueOfRRset(resolved);
  const earliest = versions.find((one) => mayBeOf(value, one));
  if (earliest === undefined || earliest.kind === 'Unknown' || earliest.n <= version.n) return undefined;
  return now.getTime() >= Date.parse(earliest.writtenAt) + UNSEEN_WAIT_MS ? now : undefined;
}

/** The zone was left, and none of its servers answers for it any more: so long a resolver may still be led to one that we do not know. */
function abandoned(
  { writtenAt }: Version,
  owner: OwnerFacts,
  servers: readonly NameServerFacts[],
  { now }: Facts,
): Date | undefined {
  const isOver = now.getTime() >= Date.parse(writtenAt) + 1000 * DAY_SECONDS;
  return owner.left !== undefined && nobodyHandsOut(servers) && isOver ? now : undefined;
}

function isOf(answer: ServerAnswer, version: Version): boolean {
  return mayBeOf(valueOfRRset(answer.records), version);
}

function answersOf(servers: readonly NameServerFacts[]): ServerAnswer[] {
  return servers.flatMap(({ answers }) => answers);
}

/** Times are stored in whole seconds; a wait never begins early. */
function ceilSecond(time: Date): Date {
  return new Date(Math.ceil(time.getTime() / 1000) * 1000);
}
