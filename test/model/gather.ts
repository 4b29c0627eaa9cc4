/** The facts of one pass, as the operator would find them in this world: through its own clock, its memory, and what cannot be read. */
import { agreements, requestsOf } from '../../src/controller/gate/mail-servers.ts';
import { appended } from '../../src/controller/kept-answers.ts';
import { mayAbandon } from '../../src/controller/may-abandon.ts';
import { NOT_LOOKED_UP } from '../../src/controller/places.ts';
import { counts, isReady } from '../../src/controller/promotions.ts';
import { isClockRight } from '../../src/core/clock.ts';
import { transient } from '../../src/core/errors.ts';
import {
  known,
  unknown,
  type Facts,
  type Known,
  type NameServerFacts,
  type OwnerFacts,
  type Promotion,
} from '../../src/core/facts.ts';
import { isWatched } from '../../src/core/history.ts';
import { hasHistory, inherit } from '../../src/core/inherit.ts';
import { placeOf, type Place as PlaceKey } from '../../src/core/place.ts';
import { isBlank, type State } from '../../src/core/state.ts';
import { parseTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import { dateOf, type ModelChain } from './chains.ts';
import { keyOf } from '../../src/kube/resource.ts';
import type { MailServer } from './cluster.ts';
import { lookAtEndpoints } from './look.ts';
import { metadataOf } from './objects.ts';
import { placesOf, type Place } from './places.ts';
import type { ProcessMemory } from './process-memory.ts';
import type { Readable } from './scenario.ts';
import { mailServerObject, storesOf, type View } from './stores.ts';
import type { World } from './world.ts';
import type { Server, Value } from './zone.ts';

export interface Gathered {
  readonly facts: Facts;
  readonly mailServer: MailServer;
  /** What the primary held. */
  readonly seen: readonly Value[];
  /** Second of the world. */
  readonly probeAgainAt: number | undefined;
}

/** An answer of a name server is used again for so many seconds. */
const FRESH = 5;

const FAILURE = {
  Secrets: transient('SecretUnreadable', 'the model'),
  Primary: transient('PrimaryTimeout', 'the model'),
  Servers: transient('DelegationUnknown', 'the model'),
  Endpoints: transient('ResolverTimeout', 'the model'),
  Resolver: transient('ResolverTimeout', 'the model'),
} as const;

export function gather(
  world: World,
  mailServer: MailServer,
  view: View,
  memory: ProcessMemory,
  offset: number,
): Gathered {
  const { desired, deletedAt, finalizer } = mailServer;
  const object = mailServerObject(mailServer);
  const now = dateOf(world.clock.now + offset);
  const stored = inherited(mailServer, view);
  const deleting = deletedAt !== undefined;
  const clockSkewMs = 1000 * offset;
  const abandon = mayAbandon(object, { now: now.getTime(), startedAt: memory.startedAt.getTime(), clockSkewMs });
  const isLeft = deleting && (abandon || desired.suspend || desired.deletion === 'Retain');
  const isPublished = desired.publish && !deleting;
  const intention = abandon && deleting ? 'Abandon' : isLeft ? 'LettingGo' : isPublished ? 'Publish' : 'Withdraw';
  const isReadable = (what: Readable): boolean => !world.unreadable.has(what);
  const isRemembered = isClockRight({ clockSkewMs: 1000 * offset });
  for (const place of memory.watches.keys()) {
    if (!isRemembered || !isWatched(stored.recordSets.find((recordSet) => placeOf(recordSet) === place)))
      memory.watches.delete(place);
  }
  const secretOf = (name: string): Known<ModelChain['summary']> => {
    if (!isReadable('Secrets')) return unknown(FAILURE.Secrets);
    const chain = view.secrets.get(name);
    return chain === undefined ? unknown(transient('SecretNotFound', 'the model')) : known(chain.summary);
  };
  const names = desired.certificates.flatMap(({ secretName, servingSecretName = secretName }) => [
    secretName,
    servingSecretName,
  ]);
  const places = placesOf(mailServer, stored.recordSets, intention, view.mailServers);
  const permitted = places.filter((place) => isPublished && place.desired && place.zone.known);
  const owners = places.map((place) => ownerFacts(world, mailServer, place, permitted, memory, offset));
  const stores = storesOf(view, world.cluster.certificates);
  const requests = requestsOf(object, stores);
  const look = isReadable('Endpoints')
    ? lookAtEndpoints(
        world,
        mailServer,
        permitted.map(({ hostname }) => hostname),
        memory,
        offset,
      )
    : undefined;
  const written = places.flatMap(({ owner, zone }) => (zone.known ? [{ owner, zone: zone.value }] : []));
  return {
    mailServer,
    seen: isReadable('Primary') ? written.flatMap(({ owner, zone }) => world.zone.current(owner, zone) ?? []) : [],
    probeAgainAt: look?.againAt,
    facts: {
      now,
      desired,
      deleting,
      abandon,
      finalizer,
      stored,
      statusLost: finalizer && isBlank(stored),
      secrets: new Map(names.map((name) => [name, secretOf(name)])),
      requests,
      promotions: new Map([
        ...promotionsOf(mailServer, view),
        ...agreements(object, requests, { ...stores, lastError: () => undefined }),
      ]),
      releaseNow: mailServer.releaseNow,
      renewals: new Map(
        world.cluster.certificates.map(({ secretName, keepsKey }) => [
          secretName,
          { certificate: secretName, keepsKey },
        ]),
      ),
      specProblems: [],
      provider: known(true),
      owners,
      // No owner may be looked at while the provider, or the resolver, is away.
      endpoints: look && known(look.endpoints),
      clockSkewMs: 1000 * offset,
    },
  };
}

/** With what others hand to it. */
function inherited({ name, owners, desired, stored }: MailServer, { mailServers }: View): State {
  const key = keyOf({ metadata: metadataOf(name) });
  const heritage = mailServers.flatMap((other) =>
    other.stored.recordSets
      .filter((recordSet) => recordSet.handedTo === key && !hasHistory(stored.recordSets, recordSet))
      .map((recordSet) => ({
        recordSet,
        certificates: owners.some(({ owner }) => owner === recordSet.owner) ? other.stored.certificates : [],
      })),
  );
  return inherit(stored, heritage, desired);
}

function ownerFacts(
  world: World,
  mailServer: MailServer,
  { zone, stored, ...identity }: Place,
  permitted: readonly Place[],
  memory: ProcessMemory,
  offset: number,
): OwnerFacts {
  const { owner, left } = identity;
  const base = {
    ...identity,
    lastZone: stored?.zone,
    provider: stored?.provider ?? `DNSProvider/${mailServer.zone}`,
    zone,
    lagging: known(undefined),
  };
  if (!zone.known)
    return { ...base, current: zone, lastAttempt: undefined, security: NOT_LOOKED_UP, lagging: known(undefined) };
  const place = placeOf({ owner, zone: zone.value });
  const last = memory.attempts.get(place);
  const isLookedUp = left === undefined && permitted.some((one) => one.owner === owner);
  const isSerialKnown = last !== undefined && JSON.stringify(last.intent) === JSON.stringify(stored?.intent);
  const isResolved = isLookedUp && !world.unreadable.has('Resolver');
  const isToBeResolved = isResolved || (left === undefined && world.setup.blocked && !world.unreadable.has('Resolver'));
  return {
    ...base,
    lagging: known(isWatched(stored) || left !== undefined ? undefined : lagging(world, owner)),
    current: world.unreadable.has('Primary')
      ? unknown(FAILURE.Primary)
      : known(rrsetOf(world.zone.current(owner, zone.value))),
    lastAttempt: last?.outcome,
    security: !isLookedUp ? NOT_LOOKED_UP : isResolved ? known({ secure: true }) : unknown(FAILURE.Resolver),
    servers:
      isWatched(stored) && isClockRight({ clockSkewMs: 1000 * offset })
        ? askServers(world, owner, place, memory, offset)
        : undefined,
    serials: isSerialKnown ? { beforeWrite: last.serialBefore, now: world.zone.serial } : undefined,
    ...(isToBeResolved ? { resolved: rrsetOf(world.resolved(owner)).records } : {}),
  };
}

function lagging({ zone, unreadable, setup }: World, owner: string): readonly string[] {
  if (setup.blocked || unreadable.has('Servers')) return [];
  const current = zone.current(owner)?.records.join();
  return zone
    .serversOf(owner)
    .filter(({ state }) => state === 'Answers')
    .filter(({ nodes }) => nodes.some((node) => zone.shown(node, owner)?.records.join() !== current))
    .map(({ name }) => name);
}

interface RRset {
  readonly records: readonly TlsaRecord[];
  readonly ttlSeconds: number | undefined;
}

const EMPTY: RRset = { records: [], ttlSeconds: undefined };
const parsed = new WeakMap<Value, RRset>();

function rrsetOf(value: Value | undefined): RRset {
  if (value === undefined || value.records.length === 0) return EMPTY;
  const rrset = parsed.get(value) ?? { records: value.records.map(parseTlsa), ttlSeconds: value.ttl };
  parsed.set(value, rrset);
  return rrset;
}

function askServers(
  world: World,
  owner: string,
  place: PlaceKey,
  memory: ProcessMemory,
  offset: number,
): Known<readonly NameServerFacts[]> {
  if (world.unreadable.has('Servers')) return unknown(FAILURE.Servers);
  const before = memory.watches.get(place);
  const { now } = world.clock;
  const sentAt = memory.attempts.get(place)?.sentAt ?? -Infinity;
  const isFresh = before !== undefined && now - before.lookedAt < FRESH && before.lookedAt > sentAt;
  const answers = isFresh ? before.answers : askAll(world, owner, place, memory, offset);
  if (!isFresh) memory.watches.set(place, { lookedAt: now, answers });
  return known(
    world.zone.serversOf(owner).map((server) => ({
      name: server.name,
      state: world.setup.blocked ? 'NoRoute' : stateOf(server),
      answers: answers.get(server.name) ?? [],
    })),
  );
}

function askAll(
  world: World,
  owner: string,
  place: PlaceKey,
  memory: ProcessMemory,
  offset: number,
): ReadonlyMap<string, NameServerFacts['answers']> {
  const { zone, setup, clock } = world;
  const answers = new Map(memory.watches.get(place)?.answers);
  for (const server of zone.serversOf(owner)) {
    if (setup.blocked || stateOf(server) !== 'Answers') continue;
    const { value, serial } = zone.ask(server, place, memory.nextTurn(`${server.name} ${place}`));
    const { records, ttlSeconds } = rrsetOf(value);
    const answer = {
      at: dateOf(clock.now + offset),
      records,
      ttlSeconds,
      signatureValiditySeconds: records.length > 0 ? zone.signatureValidity : undefined,
      serial,
    };
    answers.set(server.name, appended(answers.get(server.name) ?? [], answer));
  }
  return answers;
}

function stateOf({ state, isDead }: Server): Server['state'] {
  return isDead ? 'Silent' : state;
}

/** Others that share the Secrets of this one, and do not say in their status that this leaf may be released. */
function promotionsOf({ name, desired }: MailServer, view: View): ReadonlyMap<string, Promotion> {
  const promotions = new Map<string, Promotion>();
  for (const { secretName, servingSecretName } of desired.certificates) {
    if (servingSecretName === undefined) continue;
    const source = view.secrets.get(secretName);
    const chain = source && known(source.summary);
    const withheldBy = view.mailServers
      .filter((other) => other.name !== name)
      .map(mailServerObject)
      .filter((other) => counts(other) && !isReady(other, { secretName }, chain))
      .map((other) => other.metadata.name);
    promotions.set(servingSecretName, { permitted: known(true), withheldBy });
  }
  return promotions;
}
