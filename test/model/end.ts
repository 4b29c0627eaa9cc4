/** The end of a world: nothing befalls it any more, what was broken is mended, and it must come to rest. */
import { ownerOf, Violation } from './checker.ts';
import { judgeChain } from './judge.ts';
import { isAmbiguous, recurs, unrest } from './rest.ts';
import type { World } from './world.ts';

const DAY = 86_400;
/** So long nothing may be written, once the world is at rest. */
const QUIET = 3 * 3600;

/** @throws Violation where it does not */
export function comeToRest(world: World): void {
  mendEverything(world);
  const { clock, cluster } = world;
  const begun = clock.now;
  let within = 0;
  clock.runUntil(begun + 600);
  for (let problems = unrest(world); problems.length > 0; problems = unrest(world)) {
    within = Math.max(within, restsWithin(world));
    if (clock.now > begun + within && isAmbiguous(world)) return;
    if (clock.now > begun + within)
      throw new Violation('Rest', `after ${within} s without events: ${problems.join('; ')}`);
    clock.runUntil(clock.now + 600);
  }
  // What was about to be written is no news.
  clock.runUntil(clock.now + 60);
  // A history that still has a tolerated rest may shrink yet.
  const isWhole = cluster.mailServers.every(({ stored }) =>
    stored.recordSets.every(({ versions }) => versions.length === 1),
  );
  const writes = (): number => world.effects + (isWhole ? world.statusWrites : 0);
  const before = writes();
  clock.runUntil(clock.now + QUIET);
  if (writes() !== before) throw new Violation('Writes', 'at rest, and still writing');
  const [problem] = isWhole ? unrest(world) : [];
  if (problem !== undefined) throw new Violation('Writes', `it was at rest: ${problem}`);
}

/**
 * Servers answer, pods have loaded, nothing fails any more; foreign records stay, but for those that hide ours, or that stand alone and
 * refuse what is served, which no Secret holds any more: condition Ready asks a person for that.
 */
function mendEverything(world: World): void {
  const { zone, cluster, checker, clock } = world;
  world.log('from here on the world is left at rest');
  world.crash = undefined;
  world.fates.length = 0;
  world.refusals = 0;
  world.unreadable.clear();
  for (const server of zone.servers) zone.setState(server, 'Answers');
  for (const address of cluster.addresses) Object.assign(address, { isReachable: true, attacker: undefined });
  for (const hostname of cluster.hostnames) {
    const current = zone.current(ownerOf(hostname));
    const kept = keptAtRest(current?.records ?? [], hostname, world);
    if (current !== undefined && kept.length < current.records.length)
      zone.write(current.owner, kept, current.ttl, 'Others');
  }
  checker.unpublishedUntil = Math.min(checker.unpublishedUntil, clock.now);
  cluster.changeSpecs({ suspend: false, publish: true, certificates: cluster.named });
  world.certManager.mend();
  for (const certificate of cluster.certificates) {
    if (!cluster.secrets.has(certificate.secretName)) world.issue(certificate, world.setupOf(certificate), 0);
  }
  world.setClocks(0);
  if (!world.isLed) world.start();
}

function keptAtRest(records: readonly string[], hostname: string, { cluster, checker }: World): readonly string[] {
  const foreign = checker.foreign.get(ownerOf(hostname));
  const held = new Set([...cluster.secrets.values()].map(({ leaf }) => leaf));
  const refuses = cluster
    .presented(hostname)
    .some((chain) => !held.has(chain.leaf) && !judgeChain(records, chain).accepts);
  if (refuses && records.every((record) => foreign?.has(record) === true)) return [];
  return records.filter((record) => !record.startsWith('3 1 2'));
}

/**
 * A day for what stood there before, and each wait twice. What no answer can tell apart (a value that recurs, and whose serials a restart
 * or a wrong clock forgot, or nobody could ask for), and what a dead server keeps, is over with the signatures: thirty days where none was
 * seen.
 */
function restsWithin({ setup, zone, cluster }: World): number {
  const { retireAfter, waitTTLs, signatureValidity, blocked } = setup;
  const ttls = cluster.hostnames.flatMap((hostname) => zone.history(ownerOf(hostname)).map(({ ttl }) => ttl));
  const isUnseen =
    blocked ||
    zone.servers.some(({ isDead }) => isDead) ||
    cluster.mailServers.some(({ stored }) => stored.recordSets.some(recurs));
  const lag = Math.max(...zone.servers.flatMap(({ nodes }) => nodes.map((node) => node.lag)));
  return (
    2 * DAY +
    4 * retireAfter +
    4 * waitTTLs * Math.max(0, ...ttls) +
    lag +
    signatureValidity +
    (isUnseen ? 31 * DAY : 0)
  );
}
