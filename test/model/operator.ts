/** One process of the operator: passes over MailServers, as the controller makes them, around the real planner. */
import { candidateToComplete } from '../../src/controller/gate/mail-servers.ts';
import { notBeforeOf } from '../../src/controller/gate/requests.ts';
import { mayGoOn } from '../../src/controller/may-go-on.ts';
import { covered } from '../../src/core/covered.ts';
import { placeOf } from '../../src/core/place.ts';
import { rememberedUntil } from '../../src/core/remembered-until.ts';
import { formatTime } from '../../src/core/time.ts';
import { OperatorError, transient } from '../../src/core/errors.ts';
import type { Effect, ReleaseEffect } from '../../src/core/effect.ts';
import { plan, type Plan } from '../../src/core/plan.ts';
import type { PlannedChange } from '../../src/core/record-set-plan.ts';
import type { State } from '../../src/core/state.ts';
import { formatTlsa } from '../../src/core/tlsa.ts';
import { dateOf } from './chains.ts';
import type { MailServer } from './cluster.ts';
import { describe } from './describe.ts';
import { gather, type Gathered } from './gather.ts';
import { ProcessMemory } from './process-memory.ts';
import { RequestPasses } from './request-passes.ts';
import { sameData } from './same-data.ts';
import { storesOf, type View } from './stores.ts';
import { WorkQueue, type Continued, type Outcome } from './work-queue.ts';
import type { World } from './world.ts';

const REST: Outcome = { wakeAt: Infinity };
const INTERVAL = 3600;
const PROBLEM_AGAIN = 300;

export class Operator {
  readonly name: string;
  isAlive = true;
  /** Its clock minus the true one. */
  offset: number;
  /** Cut off: what it saw last. */
  frozen: View | undefined;
  readonly #world: World;
  readonly #startedAt: Date;
  readonly #memories = new Map<string, ProcessMemory>();
  readonly #queue: WorkQueue;
  readonly #requests: RequestPasses;

  constructor(name: string, world: World, offset: number) {
    this.name = name;
    this.offset = offset;
    this.#world = world;
    this.#startedAt = dateOf(world.clock.now + offset);
    this.#requests = new RequestPasses(this, world);
    this.#queue = new WorkQueue(world, {
      isAlive: () => this.isAlive,
      begin: (mailServer) => this.#look(mailServer),
      isChanged: (mailServer) => {
        const now = world.cluster.mailServer(mailServer);
        return (
          this.frozen === undefined && now !== undefined && now.resourceVersion !== this.#memoryOf(mailServer).known
        );
      },
    });
  }

  get view(): View {
    return this.frozen ?? this.#world.view;
  }

  /** It has just started, or something changed that it watches: `mailServer`, where it is one of them. */
  wake(mailServer?: string): void {
    for (const { name } of this.#world.cluster.mailServers) {
      // At its end a pass sees whether its MailServer is still as it wrote it.
      if (name !== mailServer || !this.#queue.isUnderWay(name)) this.#queue.add(name);
    }
    this.#requests.wake();
  }

  #look(name: string): Outcome | Continued {
    const { checker, isObserved } = this.#world;
    const { view } = this;
    const memory = this.#memoryOf(name);
    const mailServer = view.mailServers.find((one) => one.name === name);
    if (mailServer === undefined) return REST;
    memory.known = mailServer.resourceVersion;
    const gathered = gather(this.#world, mailServer, view, memory, this.offset);
    const next = plan(gathered.facts);
    if (this.frozen === undefined && isObserved && covered(gathered.facts, next).status === 'True') {
      checker.covered(mailServer, view.secrets);
    }
    return { next: () => this.#begin(gathered, next, memory) };
  }

  #begin(gathered: Gathered, { effect, ...next }: Plan, memory: ProcessMemory): Outcome | Continued {
    const { cluster } = this.#world;
    const { mailServer } = gathered;
    this.#holdBack(gathered, { effect, ...next });
    if (effect?.kind !== 'SetFinalizer') return this.#record(gathered, { effect, ...next }, memory);
    return this.step(`${mailServer.name}: finalizer`, () => {
      const result = cluster.replace(mailServer.name, mailServer.resourceVersion, { finalizer: true });
      if (result === 'Conflict') return 'Retry';
      const then = this.#written(gathered, memory, { finalizer: true });
      return { next: () => this.#record(then, plan(then.facts), memory) };
    });
  }

  /** As long as it remembers something, it withholds by being there. */
  #holdBack({ facts, mailServer }: Gathered, next: Plan): void {
    const { certManager, cluster } = this.#world;
    const until = rememberedUntil(facts, next);
    if (until === undefined) return;
    for (const certificate of cluster.certificates) {
      const request = certificate.mode === 'Gate' ? certManager.pending(certificate) : undefined;
      const isNamed = mailServer.desired.certificates.some(({ secretName }) => secretName === certificate.secretName);
      if (request === undefined || !isNamed || (notBeforeOf(request) ?? 0) >= until) continue;
      this.step(`${request.metadata.name}: held back until ${formatTime(until)}`, () => {
        certManager.hold(request, until);
        return REST;
      });
    }
  }

  #record(gathered: Gathered, next: Plan, memory: ProcessMemory): Outcome | Continued {
    const { cluster } = this.#world;
    const { mailServer, facts } = gathered;
    if (sameData(next.state, mailServer.stored)) return this.#effect(gathered, next, memory);
    const state = JSON.parse(JSON.stringify(next.state)) as State;
    return this.step(`${mailServer.name}: status ${this.#world.timeline === undefined ? '' : describe(state)}`, () => {
      const result = cluster.replace(mailServer.name, mailServer.resourceVersion, { stored: state });
      if (result === 'Conflict') return 'Retry';
      this.#world.statusWrites += 1;
      for (const value of gathered.seen) value.noticed = true;
      const then = this.#written(gathered, memory, { stored: state });
      const planned = plan(then.facts);
      if (!sameData(planned.state, state) || !mayGoOn(facts.stored, planned)) return 'Again';
      return { next: () => this.#effect(then, planned, memory) };
    });
  }

  /** A pass goes on from what it wrote itself. */
  #written(gathered: Gathered, memory: ProcessMemory, change: Partial<Gathered['facts']>): Gathered {
    const mailServer = this.#world.cluster.mailServer(gathered.mailServer.name) ?? gathered.mailServer;
    memory.known = mailServer.resourceVersion;
    return { ...gathered, mailServer, facts: { ...gathered.facts, ...change } };
  }

  /** Status holds what is to be remembered: now the effect, or rest. */
  #effect(gathered: Gathered, next: Plan, memory: ProcessMemory): Outcome {
    for (const value of gathered.seen) value.noticed = true;
    if (next.effect !== undefined) return this.#perform(next.effect, gathered, memory);
    for (const { owner, change, problem } of next.recordSets) {
      if (change === undefined && problem === undefined && owner.zone.known)
        memory.attempts.delete(placeOf({ owner: owner.owner, zone: owner.zone.value }));
    }
    return this.#rest(gathered, next);
  }

  #perform(effect: Effect, { mailServer }: Gathered, memory: ProcessMemory): Outcome {
    switch (effect.kind) {
      case 'SetFinalizer':
        throw new Error(`${effect.kind} has no place here`);
      case 'RemoveFinalizer':
        return this.step(`${mailServer.name} goes`, () => (this.#world.letGo(mailServer) ? REST : 'Retry'));
      case 'Release': {
        const outcomes = effect.releases.map((release) =>
          this.step(`${mailServer.name}: ${toldRelease(release)}`, () =>
            this.#release(release, mailServer) ? 'Again' : 'Retry',
          ),
        );
        return outcomes.includes('Retry') ? 'Retry' : 'Again';
      }
      case 'ChangeRecordSets': {
        const outcomes = effect.changes.map((change) => this.#change(change, mailServer.stored, memory));
        return outcomes.includes('Retry') ? 'Retry' : 'Again';
      }
    }
  }

  #release(effect: ReleaseEffect, { stored }: MailServer): boolean {
    const { serving, certManager, cluster } = this.#world;
    if (effect.kind === 'CopySecret') return serving.copy(effect);
    const { gate } = storesOf(this.view, cluster.certificates);
    const request = this.view.issuance.requests.find(({ metadata }) => metadata.name === effect.requestName);
    const candidate = request && candidateToComplete(request, effect, stored.certificates, gate);
    return request !== undefined && candidate !== undefined && certManager.complete(request, candidate);
  }

  #change(change: PlannedChange, stored: State, memory: ProcessMemory): Outcome {
    const { zone, clock } = this.#world;
    const place = placeOf(change);
    const before = memory.attempts.get(place)?.outcome;
    const { intent } = stored.recordSets.find((recordSet) => placeOf(recordSet) === place) ?? {};
    const serialBefore = zone.serial;
    const told = `${change.owner}: ${[...change.add.map((record) => `+${short(formatTlsa(record))}`), ...change.remove.map((record) => `-${short(formatTlsa(record))}`)].join(' ')} TTL ${change.ttlSeconds}`;
    return this.step(told, () => {
      const remember = (outcome: 'Applied' | OperatorError): void => {
        memory.attempts.set(place, { outcome, intent, serialBefore, sentAt: clock.now });
      };
      const result = this.#world.update(change);
      switch (result) {
        case 'Applied':
          if (before === undefined || before instanceof OperatorError) {
            remember('Applied');
            return 'Again';
          }
          remember(transient('ChangeNotVisible', 'the model'));
          return 'Retry';
        case 'Conflict':
          return 'Retry';
        default:
          remember(result);
          return before instanceof OperatorError && before.code === result.code ? 'Retry' : 'Again';
      }
    });
  }

  /** Something that leaves the process: it may crash before it, and after. */
  step<T>(what: string, does: () => Outcome | T): Outcome | T {
    if (!this.isAlive) return { wakeAt: Infinity };
    if (this.frozen === undefined) this.#world.steps.push(this.#world.clock.now);
    if (this.#world.crashes('Before', this, what)) return { wakeAt: Infinity };
    const outcome = does();
    this.#world.log(`${this.name}: ${what}${outcome === 'Retry' ? ' (failed)' : ''}`);
    this.#world.crashes('After', this, what);
    return outcome;
  }

  #rest({ probeAgainAt, facts }: Gathered, { recordSets, wakeAt }: Plan): { readonly wakeAt: number } {
    const { clock } = this.#world;
    const isIncomplete =
      recordSets.some(({ problem }) => problem !== undefined) ||
      facts.owners.some(({ servers }) => servers?.known === false);
    const inSeconds = wakeAt === undefined ? Infinity : Math.ceil((wakeAt.getTime() - facts.now.getTime()) / 1000);
    return {
      wakeAt: Math.min(
        clock.now + INTERVAL,
        isIncomplete || facts.endpoints === undefined ? clock.now + PROBLEM_AGAIN : Infinity,
        probeAgainAt ?? Infinity,
        clock.now + inSeconds,
      ),
    };
  }

  #memoryOf(name: string): ProcessMemory {
    const memory = this.#memories.get(name) ?? new ProcessMemory(this.#startedAt);
    this.#memories.set(name, memory);
    return memory;
  }
}

function toldRelease(effect: ReleaseEffect): string {
  if (effect.kind === 'CopySecret') return `release into ${effect.servingSecretName}`;
  return `release by completing ${effect.requestName}`;
}

function short(record: string): string {
  return record.slice(0, 12);
}
