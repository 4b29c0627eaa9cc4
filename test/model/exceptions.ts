/** What lets a candidate pass before every value accepts it: found out anew here, from the world alone. */
import type { ModelChain } from './chains.ts';
import { ownerOf, type Exception } from './checker.ts';
import { judgeChain } from './judge.ts';
import type { World } from './world.ts';

/** So long nobody must have been served. */
const REBUILT_AFTER = 600;
/** The last look may be so old. */
const JUST_NOW = 310;

/**
 * @param serving what the Secret holds until now
 * @param served what it held last, where it was ever written
 * @param waitingSince when the first candidate came since something was released
 */
export function exceptionFor(
  world: World,
  candidate: ModelChain,
  serving: ModelChain | undefined,
  served: ModelChain | undefined,
  waitingSince: number,
): Exception | undefined {
  const { cluster, clock, zone, setup } = world;
  const claimed = cluster.hostnames.filter((hostname) => cluster.claimants(ownerOf(hostname)).length > 0);
  const isPublished = claimed.every((hostname) => {
    const { records = [] } = zone.current(ownerOf(hostname)) ?? {};
    const keys = [candidate.leaf, ...candidate.cas];
    return records.length === 0 || records.some((record) => keys.some((key) => record.endsWith(key)));
  });
  // Mail is down already where nobody presents what the records accept, and a lost Secret at a host out of sight is taken for that.
  const isLost =
    served !== undefined || cluster.certificates.every((one) => !cluster.secrets.has(one.servingSecretName));
  if (serving === undefined && (isDown(world) || (isLost && isOutOfSight(world)))) return 'Rebuilt';
  if (!isPublished) return undefined;
  const { mailServers } = cluster;
  if (mailServers.length > 0 && mailServers.every(({ releaseNow }) => releaseNow === candidate.leaf)) return 'ByHand';
  if (served === undefined) return undefined;
  const early = Math.min(setup.deadlineBeforeExpiry, Math.max(0, (served.notAfter - waitingSince) / 2));
  if (clock.now + 30 < served.notAfter - early) return undefined;
  return setup.onDeadline === 'Release' && isAnsweredEverywhere(world, candidate) ? 'LateDeadline' : 'Deadline';
}

/** All of a MailServer's. */
function isOutOfSight({ cluster, clock }: World): boolean {
  return cluster.mailServers.some(({ owners }) =>
    cluster.addresses
      .filter(({ hostname }) => owners.some((owner) => owner.hostname === hostname))
      .every(({ outOfSight: { since, until } }) => since + REBUILT_AFTER <= clock.now && clock.now <= until + JUST_NOW),
  );
}

function isDown({ cluster, zone, clock }: World): boolean {
  return cluster.hostnames.some((hostname) => {
    const presented = cluster.presented(hostname);
    if (presented.length === 0) return true;
    const { records = [] } = zone.current(ownerOf(hostname)) ?? {};
    if (records.length === 0) return false;
    return !presented.some((chain) => {
      const isExpired = clock.now > chain.notAfter;
      return judgeChain(isExpired ? records.filter((record) => record.startsWith('3')) : records, chain).accepts;
    });
  });
}

/** Each server that answers has a node that hands out what accepts this chain. */
function isAnsweredEverywhere({ cluster, zone }: World, chain: ModelChain): boolean {
  return cluster.hostnames.map(ownerOf).every((owner) =>
    zone
      .serversOf(owner)
      .filter(({ state, isDead }) => state === 'Answers' && !isDead)
      .every(({ nodes }) => nodes.some((node) => judgeChain(zone.shown(node, owner)?.records ?? [], chain).accepts)),
  );
}
