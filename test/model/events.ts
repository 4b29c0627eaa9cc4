/** What befalls a world. */
import { caKeyOf, makeChain } from './chains.ts';
import { ownerOf } from './checker.ts';
import { editForeign } from './foreign-edit.ts';
import type { SpecChange, TimedEvent } from './scenario.ts';
import type { World } from './world.ts';
import { EMPTY, type Address, type Certificate } from './cluster.ts';
import { judgeChain } from './judge.ts';
import { deleteMailServer, give, move, rename } from './owners.ts';

export function befall(world: World, event: TimedEvent): void {
  const { zone, cluster, clock, certManager } = world;
  world.log(`-- ${JSON.stringify({ ...event, at: undefined })}`);
  switch (event.kind) {
    case 'Renew': {
      const certificate = cluster.certificates[event.certificate];
      if (certificate !== undefined) world.issue(certificate, event, event.validIn);
      return;
    }
    case 'SourceGone': {
      const certificate = cluster.certificates[event.certificate];
      if (certificate !== undefined) cluster.setSecret(certificate.secretName, undefined);
      if (certificate?.mode === 'Gate') certManager.secretGone(certificate);
      return;
    }
    case 'IssuerFails':
      certManager.isFailing = true;
      clock.after(event.seconds, () => {
        certManager.isFailing = false;
      });
      return;
    case 'IssuerSlow':
      certManager.answersAfter = event.answersAfter;
      clock.after(event.seconds, () => {
        certManager.mend();
      });
      return;
    case 'Wraps': {
      const certificate = cluster.certificates[event.certificate];
      if (certificate?.mode === 'Gate') certManager.wrap(certificate, event.ca);
      return;
    }
    case 'Denied': {
      const certificate = cluster.certificates[event.certificate];
      if (certificate?.mode === 'Gate') certManager.deny(certificate, event.what);
      return;
    }
    case 'ChildrenGone': {
      const certificate = cluster.certificates[event.certificate];
      if (certificate?.mode === 'Gate') certManager.removeChildren(certificate);
      return;
    }
    case 'Unreadable': {
      const { what } = event;
      world.unreadable.set(what, clock.now);
      clock.after(event.seconds, () => {
        world.unreadable.delete(what);
        cluster.onChange();
      });
      return;
    }
    case 'Foreign':
      editForeign(world, event.owner, event.edit);
      return;
    case 'ZoneChange':
      zone.touch();
      return;
    case 'Lag': {
      const node = zone.servers[event.server]?.nodes[event.node];
      if (node !== undefined) node.lag = event.seconds;
      return;
    }
    case 'Outage': {
      const server = zone.servers[event.server];
      if (server === undefined) return;
      zone.setState(server, event.state);
      clock.after(event.seconds, () => {
        zone.setState(server, 'Answers');
      });
      return;
    }
    case 'Dead': {
      const server = zone.servers[event.server];
      // Somebody must be left to say what is new.
      const isAlone = cluster.hostnames.some((hostname) =>
        zone.serversOf(ownerOf(hostname)).every((other) => other === server || other.isDead),
      );
      if (server === undefined || isAlone) return;
      server.isDead = true;
      for (const node of server.nodes) node.stuck = true;
      return;
    }
    case 'Regress':
      regress(world, event.server, event.node);
      return;
    case 'AnswerLost':
      for (let index = 0; index < event.after; index++) world.fates.push('Applied');
      world.fates.push(event.appliedAfter);
      return;
    case 'Refused':
      world.refusals += event.times;
      return;
    case 'Crash':
      world.crash = { step: event.step, when: event.when, downFor: event.downFor };
      return;
    case 'StatusLost':
      loseStatus(world, event.mailServer);
      return;
    case 'TwoLeaders':
      twoLeaders(world, event.seconds);
      return;
    case 'ClockStep':
      world.setClocks(event.by);
      clock.after(event.seconds, () => {
        world.setClocks(0);
      });
      return;
    case 'Spec':
      if ('publish' in event.change) world.checker.unpublishedUntil = clock.now + (event.seconds ?? Infinity);
      cluster.changeSpecs(specOf(world, event.change));
      if (event.seconds !== undefined) {
        clock.after(event.seconds, () => {
          cluster.changeSpecs({ publish: true, suspend: false, certificates: cluster.named });
        });
      }
      return;
    case 'ReleaseNow': {
      const certificate = cluster.certificates[event.certificate];
      const leaf = certificate && leafThatWaits(world, certificate);
      for (const { name } of cluster.mailServers) cluster.replace(name, 'Any', { releaseNow: leaf });
      return;
    }
    case 'Unreachable': {
      const address = addressOf(world, event.host, event.address);
      if (address === undefined) return;
      address.isReachable = false;
      hide(address, clock.now, event.seconds);
      address.unreachableUntil = Math.max(address.unreachableUntil, clock.now + event.seconds);
      clock.after(event.seconds, () => {
        address.isReachable = true;
      });
      return;
    }
    case 'Restart': {
      const pod = addressOf(world, event.host, event.address)?.pods[event.pod];
      if (pod !== undefined) cluster.restart(pod);
      return;
    }
    case 'Attacker': {
      const address = addressOf(world, event.host, event.address);
      if (address === undefined) return;
      hide(address, clock.now, event.seconds);
      address.attacker = makeChain({
        name: 'a stranger',
        ca: 'C',
        algorithm: 'ECDSA',
        notBefore: 0,
        notAfter: 1e8,
        names: cluster.hostnames,
      });
      clock.after(event.seconds, () => {
        address.attacker = undefined;
      });
      return;
    }
    case 'Rebuilt':
      rebuild(world, event.issuedAfter);
      return;
    case 'Deleted':
      deleteMailServer(world, cluster.mailServers[event.mailServer]);
      return;
    case 'Renamed':
      rename(world, event);
      return;
    case 'Given':
      give(world, event);
      return;
    case 'Moved':
      move(world, cluster.mailServers[event.mailServer]);
  }
}

function addressOf({ cluster }: World, host: number, index: number): World['cluster']['addresses'][number] | undefined {
  const hostname = cluster.hostnames[host];
  return cluster.addresses.filter((address) => address.hostname === hostname)[index];
}

function hide(address: Address, now: number, seconds: number): void {
  const { since, until } = address.outOfSight;
  address.outOfSight = { since: now <= until ? since : now, until: Math.max(until, now + seconds) };
}

function leafThatWaits({ cluster, certManager }: World, certificate: Certificate): string | undefined {
  const chain =
    certificate.mode === 'Gate' ? certManager.waiting(certificate) : cluster.secrets.get(certificate.secretName);
  return chain?.leaf;
}

/**
 * A server shows old data again. That can be seen only if it lasts until somebody looks, and no release was decided before it began: so it
 * begins only while what it shows accepts everything that is served, no gate stands open, and ends when the operator has noticed. One of a
 * pool could hide behind the others at the last look.
 */
function regress(world: World, server: number, index: number): void {
  const { zone, cluster, clock } = world;
  const nodes = zone.servers[server]?.nodes ?? [];
  const node = nodes[index];
  const isOpen = cluster.mailServers.some(({ stored }) =>
    stored.certificates.some(
      ({ candidate }) =>
        candidate?.stage === 'Open' || candidate?.stage === 'Released' || candidate?.reason === 'WithheldByOther',
    ),
  );
  if (node === undefined || nodes.length > 1 || isOpen) return;
  const began = clock.now;
  const isHarmless = ({ owner, records }: { owner: string; records: readonly string[] }): boolean =>
    cluster.hostnames
      .filter((hostname) => ownerOf(hostname) === owner)
      .flatMap((hostname) => [
        ...cluster.presented(hostname),
        ...cluster.certificates.flatMap(({ servingSecretName }) => cluster.secrets.get(servingSecretName) ?? []),
      ])
      .every((chain) => judgeChain(records, chain).strictlyAccepts);
  if (!zone.regress(node, isHarmless)) return;
  const recover = (): void => {
    if (node.regressed === undefined) return;
    if (clock.now < began + 3 * 3600 && !isNoticed(world, node)) clock.after(60, recover);
    else zone.recover(node);
  };
  clock.after(60, recover);
}

/** No status says that what this node shows is superseded. */
function isNoticed({ zone, cluster }: World, node: Parameters<typeof zone.shown>[0]): boolean {
  return cluster.mailServers.every(({ stored }) =>
    stored.recordSets.every(({ owner, versions }) => {
      const shown = zone.shown(node, owner);
      const value = (shown?.records ?? []).join();
      return versions.every(
        ({ records, supersededAt }) => [...records].sort().join() !== value || supersededAt === undefined,
      );
    }),
  );
}

function loseStatus({ cluster, checker }: World, index: number): void {
  const mailServer = cluster.mailServers[index];
  if (mailServer === undefined) return;
  const { name, owners, stored } = mailServer;
  checker.statusLost(mailServer);
  cluster.replace(name, 'Any', { stored: EMPTY });
  for (const owner of new Set([...owners, ...stored.recordSets].map((one) => one.owner))) {
    const intents = stored.recordSets.filter((recordSet) => recordSet.owner === owner).map(({ intent }) => intent);
    // What is on its way arrives all the same.
    checker.leave(
      owner,
      intents.flatMap((intent) => intent?.add ?? []),
    );
  }
}

function twoLeaders(world: World, seconds: number): void {
  const { cluster, clock } = world;
  for (const operator of world.operators) {
    if (operator.frozen !== undefined || !operator.isAlive) continue;
    const { issuance } = world.view;
    operator.frozen = { mailServers: [...cluster.mailServers], secrets: new Map(cluster.secrets), issuance };
    operator.wake();
    clock.after(seconds, () => {
      operator.isAlive = false;
    });
  }
  world.start();
}

function specOf(world: World, change: SpecChange): Parameters<World['cluster']['changeSpecs']>[0] {
  if ('ttl' in change) return { ttlSeconds: change.ttl };
  if ('certificates' in change) return { certificates: [{ secretName: 'not-there' }] };
  if ('retireAfter' in change) return { retireAfterMs: 1000 * change.retireAfter };
  if ('announced' in change) {
    for (const ca of change.announced) world.checker.announced(ca);
    return { announcedCAs: change.announced.map((ca) => ({ name: ca, spkiSHA256: caKeyOf(ca) })) };
  }
  return change;
}

function rebuild(world: World, issuedAfter: number): void {
  const { cluster, checker, clock, certManager } = world;
  // Withdrawn, it goes on serving until `safeToStopAt`; nothing in the new cluster could know of the records of before.
  if (!cluster.desired.publish) return;
  certManager.forgetAll();
  const before = [...cluster.mailServers];
  before.forEach((_, index) => {
    loseStatus(world, index);
  });
  for (const mailServer of before) {
    cluster.replace(mailServer.name, 'Any', { finalizer: false });
    if (mailServer.deletedAt !== undefined) checker.letGo(mailServer, true);
  }
  cluster.forgetPods();
  for (const { index, secretName, servingSecretName, mode } of cluster.certificates) {
    if (mode === 'Promote') cluster.setSecret(servingSecretName, undefined);
    cluster.setSecret(secretName, undefined);
    clock.after(issuedAfter, () => {
      if (cluster.secrets.has(secretName)) return;
      befall(world, { kind: 'Renew', certificate: index, ca: 'A', lifetime: 90 * 86_400, validIn: 0, at: clock.now });
    });
  }
}
