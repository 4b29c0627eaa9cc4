/** The facts of one pass, as the operator would find them in this world: through its own clock, its memory, and what cannot be read. */
import { appended } from '../../src/controller/kept-answers.ts';
import { isClockRight } from '../../src/core/clock.ts';
import { transient } from '../../src/core/errors.ts';
import {
  known,
  unknown,
  type Endpoint,
  type EndpointAnswer,
  type Facts,
  type Known,
  type NameServerFacts,
  type OwnerFacts,
  type Promotion,
} from '../../src/core/facts.ts';
import { isWatched } from '../../src/core/history.ts';
import { probeEveryMs, withLook } from '../../src/core/proof.ts';
import type { StoredRecordSet } from '../../src/core/state.ts';
import { parseTlsa } from '../../src/core/tlsa.ts';
import { dateOf, type ModelChain } from './chains.ts';
import type { Address, MailServer, Owner } from './cluster.ts';
import type { ProcessMemory } from './process-memory.ts';
import type { Readable } from './scenario.ts';
import type { World } from './world.ts';
import type { Server, Value } from './zone.ts';

/** What this process sees of Kubernetes: a leader that was cut off sees what was. */
export interface View {
  readonly mailServers: readonly MailServer[];
  readonly secrets: ReadonlyMap<string, ModelChain>;
}

export interface Gathered {
  readonly facts: Facts;
  readonly mailServer: MailServer;
  /** What the primary held. */
  readonly seen: readonly Value[];
  /** Second of the world. */
  readonly probeAgainAt: number | undefined;
}

const AT_REST = 3600;
const SOONEST = 5;
const SELDOM = 300;
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
  const look = lookAtEndpoints(world, mailServer, memory, offset);
  return {
    mailServer,
    seen: isReadable('Primary') ? mailServer.owners.flatMap(({ owner }) => world.zone.current(owner) ?? []) : [],
    probeAgainAt: look === undefined || !isReadable('Endpoints') ? undefined : look.againAt,
    facts: {
      now: dateOf(world.clock.now + offset),
      desired,
      deleting: false,
      abandon: false,
      finalizer: mailServer.finalizer,
      stored,
      secrets: new Map(names.map((name) => [name, secretOf(name)])),
      promotions: promotionsOf(mailServer, view),
      releaseNow: mailServer.releaseNow,
      specProblems: [],
      provider: known(true),
      owners,
      // No owner may be looked at while the provider, or the resolver, is away.
      endpoints: look === undefined || !isReadable('Endpoints') ? undefined : known(look.endpoints),
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

function rrsetOf(value: Value | undefined): {
  records: ReturnType<typeof parseTlsa>[];
  ttlSeconds: number | undefined;
} {
  const records = (value?.records ?? []).map(parseTlsa);
  return { records, ttlSeconds: records.length > 0 ? value?.ttl : undefined };
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
    world.zone.servers.map((server) => ({
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
  for (const server of zone.servers) {
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
    const leaf = view.secrets.get(secretName)?.leaf;
    const isReady = ({ stored }: MailServer): boolean => {
      const certificate = stored.certificates.find((one) => one.secretName === secretName);
      const candidate = certificate?.chains.find(({ state }) => state === 'Candidate');
      const { stage, reason } = certificate?.candidate ?? {};
      return candidate?.spkiSHA256 === leaf && (stage === 'Open' || reason === 'WithheldByOther');
    };
    const withheldBy = view.mailServers
      .filter((other) => other.name !== name && !isReady(other))
      .map((other) => other.name);
    promotions.set(servingSecretName, { permitted: known(true), withheldBy });
  }
  return promotions;
}

function lookAtEndpoints(
  world: World,
  { owners, stored, desired }: MailServer,
  memory: ProcessMemory,
  offset: number,
): (NonNullable<ProcessMemory['look']> & { readonly againAt: number }) | undefined {
  const chains = stored.certificates.flatMap((certificate) => certificate.chains);
  if (desired.probe === 'Disabled' || chains.length === 0) return undefined;
  const { now } = world.clock;
  const algorithms = [...new Set(chains.map(({ keyAlgorithm }) => keyAlgorithm))];
  const hostnames = owners.map(({ hostname }) => hostname);
  const addresses = world.cluster.addresses.filter(({ hostname }) => hostnames.includes(hostname));
  const targets = `${addresses.map(({ address }) => address).join()} ${algorithms.join()}`;
  const serving = chains.filter(({ state }) => state === 'Serving');
  const isServed = (algorithm: string): boolean => serving.some(({ keyAlgorithm }) => keyAlgorithm === algorithm);
  const isGood = ({ presented }: Endpoint): boolean =>
    presented.kind === 'Presented'
      ? serving.some(({ spkiSHA256 }) => spkiSHA256 === presented.summary.spkiSHA256)
      : presented.kind === 'Skipped';
  const every = probeEveryMs(stored, desired.retireAfterMs, 1000 * AT_REST) / 1000;
  const againAt = ({ endpoints, at, badSince }: NonNullable<ProcessMemory['look']>): number =>
    endpoints.every(isGood)
      ? at + Math.ceil(every)
      : at + Math.ceil(Math.min(Math.max(SOONEST, (at - (badSince ?? at)) / 4), SELDOM, every));
  const last = memory.look?.targets === targets ? memory.look : undefined;
  if (world.unreadable.has('Endpoints')) return last && { ...last, againAt: now + SELDOM };
  if (last !== undefined && now < againAt(last)) return { ...last, againAt: againAt(last) };
  const looksBefore = new Map(
    memory.look?.endpoints.map(({ address, keyAlgorithm, looks }) => [`${address} ${keyAlgorithm}`, looks]),
  );
  const endpoints = addresses.flatMap((address) =>
    algorithms.map((keyAlgorithm): Endpoint => {
      const { hostname, address: text } = address;
      const presented = probe(address, keyAlgorithm, memory.nextTurn(`${text} ${keyAlgorithm}`));
      const isGone =
        presented.kind === 'Failed' && presented.error === 'KeyAlgorithmNotPresented' && !isServed(keyAlgorithm);
      return {
        hostname,
        address: text,
        port: 25,
        keyAlgorithm,
        presented: isGone ? { kind: 'Skipped', error: 'KeyAlgorithmNotPresented' } : presented,
        looks: withLook(looksBefore.get(`${text} ${keyAlgorithm}`) ?? [], dateOf(now + offset), 1000 * every),
      };
    }),
  );
  const badSince = endpoints.every(isGood) ? undefined : (last?.badSince ?? now);
  const look = { targets, endpoints, at: now, badSince };
  memory.look = look;
  return { ...look, againAt: againAt(look) };
}

function probe(address: Address, algorithm: string, turn: number): EndpointAnswer {
  const { attacker } = address;
  if (attacker !== undefined) return { kind: 'Presented', chain: attacker.chain, summary: attacker.summary };
  if (!address.isReachable) return { kind: 'Failed', error: 'ConnectionTimeout', message: 'the model' };
  const pod = address.pods[turn % address.pods.length];
  const chains = [...(pod?.presents.values() ?? [])];
  if (chains.length === 0) return { kind: 'Failed', error: 'ConnectionRefused', message: 'the model' };
  const chain = chains.find((one) => one.algorithm === algorithm);
  return chain === undefined
    ? { kind: 'Failed', error: 'KeyAlgorithmNotPresented', message: 'the model' }
    : { kind: 'Presented', chain: chain.chain, summary: chain.summary };
}
