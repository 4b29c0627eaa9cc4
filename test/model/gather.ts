/** The facts of one pass, as the operator would find them in this world: through its own clock, its memory, and what cannot be read. */
import { agreements, requestsOf } from '../../src/controller/gate/mail-servers.ts';
import { appended } from '../../src/controller/kept-answers.ts';
import { isReady } from '../../src/controller/promotions.ts';
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
import type { StoredRecordSet } from '../../src/core/state.ts';
import { parseTlsa, type TlsaRecord } from '../../src/core/tlsa.ts';
import { dateOf, type ModelChain } from './chains.ts';
import type { MailServer, Owner } from './cluster.ts';
import { lookAtEndpoints } from './look.ts';
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
  const { stored, desired } = mailServer;
  const isReadable = (what: Readable): boolean => !world.unreadable.has(what);
  const isRemembered = isClockRight({ clockSkewMs: 1000 * offset });
  for (const owner of memory.watches.keys()) {
    if (!isRemembered || !isWatched(stored.recordSets.find((recordSet) => recordSet.owner === owner)))
      memory.watches.delete(owner);
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
  const owners = mailServer.owners.map((owner) => ownerFacts(world, owner, stored.recordSets, memory, offset));
  const stores = storesOf(view, world.cluster.certificates);
  const requests = requestsOf(mailServerObject(mailServer), stores);
  const look = isReadable('Endpoints') ? lookAtEndpoints(world, mailServer, memory, offset) : undefined;
  return {
    mailServer,
    seen: isReadable('Primary') ? mailServer.owners.flatMap(({ owner }) => world.zone.current(owner) ?? []) : [],
    probeAgainAt: look?.againAt,
    facts: {
      now: dateOf(world.clock.now + offset),
      desired,
      deleting: false,
      abandon: false,
      finalizer: mailServer.finalizer,
      stored,
      secrets: new Map(names.map((name) => [name, secretOf(name)])),
      requests,
      promotions: new Map([
        ...promotionsOf(mailServer, view),
        ...agreements(mailServerObject(mailServer), requests, { ...stores, lastError: () => undefined }),
      ]),
      releaseNow: mailServer.releaseNow,
      renewals: new Map(),
      specProblems: [],
      provider: known(true),
      owners,
      // No owner may be looked at while the provider, or the resolver, is away.
      endpoints: look && known(look.endpoints),
      clockSkewMs: 1000 * offset,
    },
  };
}

function ownerFacts(
  world: World,
  { owner, hostname }: Owner,
  recordSets: readonly StoredRecordSet[],
  memory: ProcessMemory,
  offset: number,
): OwnerFacts {
  const stored = recordSets.find((recordSet) => recordSet.owner === owner);
  const last = memory.attempts.get(owner);
  const value = world.zone.current(owner);
  const isSerialKnown = last !== undefined && JSON.stringify(last.intent) === JSON.stringify(stored?.intent);
  return {
    owner,
    hostname,
    port: 25,
    desired: true,
    zone: known('example.nl'),
    current: world.unreadable.has('Primary') ? unknown(FAILURE.Primary) : known(rrsetOf(value)),
    provider: 'DNSProvider/model',
    lastAttempt: last?.outcome,
    security: world.unreadable.has('Resolver') ? unknown(FAILURE.Resolver) : known({ secure: true }),
    lagging: known(undefined),
    servers:
      isWatched(stored) && isClockRight({ clockSkewMs: 1000 * offset })
        ? askServers(world, owner, memory, offset)
        : undefined,
    serials: isSerialKnown ? { beforeWrite: last.serialBefore, now: world.zone.serial } : undefined,
    ...(world.unreadable.has('Resolver') ? {} : { resolved: rrsetOf(world.resolved(owner)).records }),
  };
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
  memory: ProcessMemory,
  offset: number,
): Known<readonly NameServerFacts[]> {
  if (world.unreadable.has('Servers')) return unknown(FAILURE.Servers);
  const before = memory.watches.get(owner);
  const { now } = world.clock;
  const sentAt = memory.attempts.get(owner)?.sentAt ?? -Infinity;
  const isFresh = before !== undefined && now - before.lookedAt < FRESH && before.lookedAt > sentAt;
  const answers = isFresh ? before.answers : askAll(world, owner, memory, offset);
  if (!isFresh) memory.watches.set(owner, { lookedAt: now, answers });
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
  memory: ProcessMemory,
  offset: number,
): ReadonlyMap<string, NameServerFacts['answers']> {
  const { zone, setup, clock } = world;
  const answers = new Map(memory.watches.get(owner)?.answers);
  for (const server of zone.serversOf(owner)) {
    if (setup.blocked || stateOf(server) !== 'Answers') continue;
    const { value, serial } = zone.ask(server, owner, memory.nextTurn(`${server.name} ${owner}`));
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
      .filter((other) => other.name !== name && !isReady(mailServerObject(other), { secretName }, chain))
      .map((other) => other.name);
    promotions.set(servingSecretName, { permitted: known(true), withheldBy });
  }
  return promotions;
}
