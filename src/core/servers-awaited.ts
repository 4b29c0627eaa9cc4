/** Which name servers hold a gate shut, for people. */
import type { Facts, NameServerFacts } from './facts.ts';
import { versionsThatRefuse, type Guard } from './gate.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import { several } from './several.ts';
import { isSeenAgain, passedAt, SAMPLES } from './sightings.ts';
import type { StoredChain } from './state.ts';

/** To be added to a sentence. */
export function serversAwaited(
  candidate: StoredChain,
  recordSets: readonly RecordSetPlan[],
  guardOf: (recordSet: RecordSetPlan) => Guard,
  facts: Facts,
): string {
  const servers = recordSets.flatMap((recordSet) => serversAt(candidate, recordSet, guardOf(recordSet), facts));
  const unknown = recordSets.flatMap(({ owner }) =>
    owner.servers?.known === false ? owner.servers.error.message : [],
  );
  const of = (what: AwaitedServer['what']): string[] =>
    servers.filter((server) => server.what === what).map(({ name }) => name);
  const told = [
    ...(unknown.length > 0 ? [several(unknown, '; ')] : []),
    ...(of('Behind').length > 0 ? [`earlier ones still come from ${several(of('Behind'))}`] : []),
    ...(of('Silent').length > 0 ? [`no answer comes from ${several(of('Silent'))}`] : []),
  ];
  return `; ${told.length > 0 ? told.join('; ') : `each is asked ${SAMPLES} times over half a minute`}`;
}

interface AwaitedServer {
  readonly name: string;
  readonly what: 'Behind' | 'Silent';
}

function serversAt(
  candidate: StoredChain,
  { owner, next }: RecordSetPlan,
  guard: Guard,
  facts: Facts,
): readonly AwaitedServer[] {
  if (next === undefined || owner.servers?.known !== true) return [];
  const { versions } = next;
  const refusing = versionsThatRefuse(candidate, next, owner.hostname, guard, facts);
  const awaited = refusing.filter(({ supersededAt }) => supersededAt === undefined).map(({ n }) => n);
  if (awaited.length === 0) return [];
  const latest = Math.max(...awaited);
  const whatOf = (server: NameServerFacts): AwaitedServer['what'] | undefined => {
    if (server.state === 'Silent') return passedAt(latest, versions, [server]) === undefined ? 'Silent' : undefined;
    return isSeenAgain(latest, versions, [server]) ? 'Behind' : undefined;
  };
  return owner.servers.value.flatMap((server) => {
    const what = whatOf(server);
    return what === undefined ? [] : { name: server.name, what };
  });
}
