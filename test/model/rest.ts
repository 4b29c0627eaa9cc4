/** Has the world come to rest, as it should? An answer of its own, from the Secrets and the zone. */
import type { StoredRecordSet } from '../../src/core/state.ts';
import type { Certificate, MailServer } from './cluster.ts';
import { ownerOf } from './checker.ts';
import type { World } from './world.ts';

/** What is not as it should be in the end; nothing: all is well. */
export function unrest(world: World): readonly string[] {
  const { mailServers } = world.cluster;
  const problems = [
    ...world.cluster.certificates.flatMap((certificate) => notReleased(world, certificate)),
    ...world.certManager.unfilled.map((secretName) => `cert-manager still waits for what goes into ${secretName}`),
    ...world.cluster.loading.map((hostname) => `a pod of ${hostname} has not loaded what it mounts yet`),
    ...mailServers.flatMap((mailServer) => remembered(mailServer, world)),
    ...world.cluster.hostnames.flatMap((hostname) => published(world, ownerOf(hostname))),
  ];
  return problems.length > 0 ? problems : world.checker.unguarded();
}

/** What a restart forgot: answers cannot tell a value that recurs from what stood there before, so a candidate waits for its deadline. */
export function isAmbiguous({ isRestarted, cluster }: World): boolean {
  return isRestarted && cluster.mailServers.some(({ stored }) => stored.recordSets.some(recurs));
}

function notReleased({ cluster, clock }: World, { mode, secretName, servingSecretName }: Certificate): string[] {
  const [source, serving] = [cluster.secrets.get(secretName), cluster.secrets.get(servingSecretName)];
  if (mode !== 'Promote' || source === undefined || clock.now > source.notAfter) return [];
  if (cluster.mailServers.length === 0) return [];
  return source.leaf === serving?.leaf ? [] : [`${source.name} is not released`];
}

function remembered({ name, deletedAt, owners, stored }: MailServer, { cluster }: World): string[] {
  if (deletedAt !== undefined) return [`${name} is deleted, and still there`];
  // Every host is another's: it looks at none, and waits until the leaf has expired.
  const isRefused = stored.recordSets.length === 0 && owners.every(({ owner }) => cluster.claimants(owner).length > 1);
  const chains = stored.certificates.flatMap(({ secretName, chains: all }) =>
    all
      .filter(({ state }) => state !== 'Serving' && !(isRefused && state === 'Former'))
      .map(
        ({ state, spkiSHA256 }) => `${name} still has the chain ${spkiSHA256.slice(0, 6)} of ${secretName} as ${state}`,
      ),
  );
  const histories = stored.recordSets.flatMap((recordSet) => {
    const { owner, intent, versions, records, handedTo } = recordSet;
    const isAskedFor = owners.some((one) => one.owner === owner);
    const goes = records.some(({ notNeededSince }) => notNeededSince !== undefined);
    // Until something later is written, or signatures have run out: what may have been written and was not seen, and what an answer
    // cannot tell from what stands there now.
    const confirmed = versions.filter(({ kind }) => kind !== 'Unconfirmed');
    return [
      ...(handedTo === undefined && isAskedFor ? [] : [`${name} remembers ${owner}, for which it does not ask`]),
      ...(intent === undefined ? [] : [`${name} has an intent at ${owner}`]),
      ...(goes ? [`${name} has an adopted record at ${owner} that nobody needs`] : []),
      ...(confirmed.length < 2 || recurs(recordSet)
        ? []
        : [`${name} remembers ${versions.length} versions of ${owner}`]),
    ];
  });
  // Nothing is known: a reason to publish nothing, and none to withdraw anything.
  return stored.certificates.some(({ chains: all }) => all.length > 0) ? [...chains, ...histories] : chains;
}

/** Answers cannot tell what stands there from what stood there before. */
export function recurs({ versions }: StoredRecordSet): boolean {
  const values = versions.map(({ records }) => [...records].sort().join());
  return values.indexOf(values.at(-1) ?? '') < values.length - 1;
}

function published(world: World, owner: string): string[] {
  const { zone, checker, cluster } = world;
  const isTolerated = (record: string): boolean =>
    checker.foreign.get(owner)?.has(record) === true || checker.leftOver.get(owner)?.has(record) === true;
  const left = zone
    .elsewhere(owner)
    .flatMap(({ records }) => records)
    .filter((record) => !isTolerated(record));
  const isWanted = cluster.claimants(owner).length > 0;
  const wanted = isWanted ? expected(world) : [];
  // Where no certificate is known, nothing is withdrawn either.
  if (isWanted && wanted.length === 0) return [];
  const records = zone.current(owner)?.records ?? [];
  const missing = wanted.filter((record) => !records.includes(record));
  const needless = [...left, ...records.filter((record) => !wanted.includes(record) && !isTolerated(record))];
  return [
    ...(missing.length > 0 ? [`missing at ${owner}: ${missing.map(short).join(', ')}`] : []),
    ...(needless.length > 0 ? [`nobody needs at ${owner}: ${needless.map(short).join(', ')}`] : []),
  ];
}

/** What should stand at every owner for what is served. */
function expected({ cluster }: World): readonly string[] {
  const served = cluster.certificates.flatMap(({ servingSecretName }) => cluster.secrets.get(servingSecretName) ?? []);
  const sent = served.map((chain) => cluster.sent(chain));
  const { records, announcedCAs } = cluster.desired;
  const hasAnchors = sent.length > 0 && sent.every(({ cas, coversHosts }) => cas.length > 0 && coversHosts);
  const anchors = [...sent.flatMap(({ cas }) => cas), ...announcedCAs.map(({ spkiSHA256 }) => spkiSHA256)];
  return [
    ...(records.includes('3 1 1') ? sent.map(({ leaf }) => `3 1 1 ${leaf}`) : []),
    ...(records.includes('2 1 1') && hasAnchors ? anchors.map((anchor) => `2 1 1 ${anchor}`) : []),
  ];
}

function short(record: string): string {
  return record.slice(0, 12);
}
