/** Owners that go, or go elsewhere: to another MailServer, or to another zone. */
import { AWAY, HOME, type MailServer } from './cluster.ts';
import type { WorldEvent } from './scenario.ts';
import type { World } from './world.ts';

type Event<Kind extends WorldEvent['kind']> = Extract<WorldEvent, { readonly kind: Kind }>;

export function deleteMailServer(world: World, found: MailServer | undefined): void {
  const { cluster, checker, certManager, clock } = world;
  const mailServer = found && cluster.mailServer(found.name);
  if (mailServer?.deletedAt !== undefined || mailServer === undefined) return;
  checker.deleted(mailServer, certManager.waitingRequests);
  cluster.replace(mailServer.name, 'Any', { deletedAt: clock.now });
  forgetUnclaimed(world, mailServer.owners);
  if (!mailServer.finalizer) checker.letGo(mailServer, false);
}

/** As Git does it: another object of the same spec, and the first one is deleted. */
export function rename(world: World, { mailServer: index, after, moves = false }: Event<'Renamed'>): void {
  const { cluster, zone } = world;
  const before = cluster.mailServers[index];
  if (before?.deletedAt !== undefined || before === undefined) return;
  const create = (): void => {
    const like = cluster.mailServer(before.name) ?? before;
    const name = `${before.name}b`;
    if (cluster.mailServer(name) !== undefined) return;
    const isAlone = like.owners.every(({ owner }) => cluster.claimants(owner).every((one) => one.name === before.name));
    const isSettled = like.stored.recordSets.length <= like.owners.length;
    const next = moves && isAlone && isSettled ? otherZone(like.zone) : like.zone;
    if (next !== like.zone) for (const { owner } of like.owners) zone.move(owner, next);
    cluster.create(name, { ...like, zone: next });
  };
  inOrder(world, after, create, () => {
    deleteMailServer(world, before);
  });
}

/** A host is taken out of one MailServer, which goes where it had no other, and put into another one. */
export function give(world: World, { host, to, after }: Event<'Given'>): void {
  const { cluster, zone } = world;
  const hostname = cluster.hostnames[host];
  const heir = cluster.mailServers[to];
  const isHost = (owner: MailServer['owners'][number]): boolean => owner.hostname === hostname;
  const former = cluster.mailServers.find(({ deletedAt, owners }) => deletedAt === undefined && owners.some(isHost));
  const owner = former?.owners.find(isHost);
  if (former === undefined || owner === undefined || heir?.zone !== former.zone) return;
  if (heir.owners.some(isHost)) return;
  const claim = (): void => {
    const { owners, zone: home } = cluster.mailServer(heir.name) ?? heir;
    const others = cluster.claimants(owner.owner);
    // Nobody asks for one host in two zones.
    if (others.some((other) => other.zone !== home)) return;
    if (others.length === 0) zone.move(owner.owner, home);
    cluster.replace(heir.name, 'Any', { owners: [...owners, owner] });
  };
  inOrder(world, after, claim, () => {
    const left = (cluster.mailServer(former.name)?.owners ?? []).filter((one) => !isHost(one));
    if (left.length === 0) deleteMailServer(world, former);
    else cluster.replace(former.name, 'Any', { owners: left });
    forgetUnclaimed(world, [owner]);
  });
}

/** To another provider, which holds it in another zone; or back. */
export function move({ cluster, zone }: World, mailServer: MailServer | undefined): void {
  if (mailServer === undefined || mailServer.deletedAt !== undefined) return;
  if (mailServer.owners.some(({ owner }) => cluster.claimants(owner).length !== 1)) return;
  const next = otherZone(mailServer.zone);
  for (const { owner } of mailServer.owners) zone.move(owner, next);
  cluster.replace(mailServer.name, 'Any', { zone: next });
}

function otherZone(zone: string): string {
  return zone === HOME ? AWAY : HOME;
}

function forgetUnclaimed({ cluster, checker }: World, owners: MailServer['owners']): void {
  for (const { owner, hostname } of owners) if (cluster.claimants(owner).length === 0) checker.unclaimed(hostname);
}

/** The second so many seconds after the first; where it is negative, before it. */
function inOrder({ clock }: World, after: number, first: () => void, second: () => void): void {
  const [now, later] = after >= 0 ? [first, second] : [second, first];
  now();
  clock.after(Math.abs(after), later);
}
