/** One world: it runs a scenario around the real planner, from its first second until it has come to rest. */
import { type OperatorError, transient } from '../../src/core/errors.ts';
import type { CopySecret } from '../../src/core/effect.ts';
import type { PlannedChange } from '../../src/core/record-set-plan.ts';
import type { State } from '../../src/core/state.ts';
import { formatTlsa } from '../../src/core/tlsa.ts';
import { makeChain, type CA, type ModelChain } from './chains.ts';
import { Checker, ownerOf, told, Violation, type Exception } from './checker.ts';
import { Clockwork } from './clockwork.ts';
import { Cluster, type Certificate } from './cluster.ts';
import { befall } from './events.ts';
import { judgeChain } from './judge.ts';
import { Operator } from './operator.ts';
import { isAmbiguous, unrest } from './rest.ts';
import type { Readable, Scenario, Setup } from './scenario.ts';
import { sameRecords, Zone, type Value } from './zone.ts';

const DAY = 86_400;
/** So long nothing may be written, once the world is at rest. */
const QUIET = 3 * 3600;

/** A pass acts by what it saw so long ago at most. */
const SEEN_BEFORE = 30;

export interface PlannedCrash {
  step: number;
  readonly when: 'Before' | 'After';
  readonly downFor: number;
}

export class World {
  readonly setup: Setup;
  readonly clock = new Clockwork();
  readonly zone: Zone;
  readonly cluster: Cluster;
  readonly checker: Checker;
  /** What nobody can read, and since when. */
  readonly unreadable = new Map<Readable, number>();
  /** In order, what befalls the next writes: carried out and answered, or answered by nobody and carried out later, or never. */
  readonly fates: ('Applied' | 'Never' | number)[] = [];
  refusals = 0;
  crash: PlannedCrash | undefined;
  operators: Operator[] = [];
  clockOffset = 0;
  passes = 0;
  statusWrites = 0;
  /** Every write that an operator sent off. */
  effects = 0;
  releases = 0;
  /** When an operator did something that leaves its process, and when one of these was an update of the zone. */
  readonly steps: number[] = [];
  readonly updates: number[] = [];
  readonly timeline: string[] | undefined;
  readonly #scenario: Scenario;
  readonly #waitingSince = new Map<string, number>();
  #leaves = 0;
  #started = 0;

  constructor(scenario: Scenario, options: { readonly isTold?: boolean } = {}) {
    this.#scenario = scenario;
    this.setup = scenario.setup;
    this.timeline = options.isTold === true ? [] : undefined;
    this.zone = new Zone(this.clock, this.setup);
    this.cluster = new Cluster(this.clock, this.setup);
    this.checker = new Checker(this.clock, this.zone, this.cluster);
    this.zone.onHandedOut = (value) => {
      this.log(`a server begins to hand out ${told(value)} at ${value.owner}`);
      this.checker.handedOut(value);
    };
    this.cluster.onPresented = (address, chain) => {
      this.log(
        `${address.hostname} (${address.address}) begins to present ${chain.name} (key ${chain.leaf.slice(0, 6)})`,
      );
      this.checker.presented(address, chain);
    };
    this.cluster.onChange = (mailServer) => {
      for (const operator of this.operators)
        if (operator.isAlive && operator.frozen === undefined) operator.wake(mailServer);
    };
  }

  /** @throws Violation */
  run(): void {
    for (const certificate of this.cluster.certificates) {
      const { ca, lifetime } = this.#certificateSetup(certificate.index);
      this.issue(certificate, ca, lifetime, 0);
    }
    this.start();
    for (const event of this.#scenario.events)
      this.clock.at(event.at, () => {
        befall(this, event);
      });
    this.clock.runUntil(this.#scenario.restsAt);
    this.#comeToRest();
  }

  /** A new process takes over. */
  start(): Operator {
    const operator = new Operator(`operator ${++this.#started}`, this);
    operator.offset = this.clockOffset;
    this.operators = [...this.operators.filter(({ isAlive }) => isAlive), operator];
    operator.wake();
    return operator;
  }

  setClocks(offset: number): void {
    this.clockOffset = offset;
    for (const operator of this.operators) {
      operator.offset = offset;
      operator.wake();
    }
  }

  /** cert-manager writes what was issued. */
  issue(certificate: Certificate, ca: CA, lifetime: number, validIn: number): void {
    const { now } = this.clock;
    const chain = makeChain({
      name: `leaf ${++this.#leaves} by ${ca}`,
      ca,
      algorithm: certificate.algorithm,
      notBefore: validIn > 0 ? now + validIn : now - 60,
      notAfter: now + validIn + lifetime,
      names: this.cluster.hostnames,
    });
    this.log(
      `Secret ${certificate.secretName} gets ${chain.name} (key ${chain.leaf.slice(0, 6)}), valid until ${chain.notAfter}`,
    );
    this.checker.known(chain);
    if (certificate.mode === 'Observe') this.checker.served(certificate, chain, undefined);
    else if (!this.#waitingSince.has(certificate.secretName)) this.#waitingSince.set(certificate.secretName, now);
    this.cluster.setSecret(certificate.secretName, chain);
  }

  /**
   * The source is read, then the serving Secret is written, if that is still what the plan saw: a little later.
   * @returns whether the source is as the plan saw it
   */
  release(effect: CopySecret): boolean {
    const certificate = this.cluster.certificates.find(({ secretName }) => secretName === effect.secretName);
    const source = this.cluster.secrets.get(effect.secretName);
    if (certificate === undefined || source?.leaf !== effect.spkiSHA256) return false;
    if (this.setup.latency === 0) this.#promote(effect, certificate, source);
    else {
      this.clock.after(this.setup.latency, () => {
        this.#promote(effect, certificate, source);
      });
    }
    return true;
  }

  #promote(
    { secretName, servingSecretName, replaces }: CopySecret,
    certificate: Certificate,
    source: ModelChain,
  ): void {
    const serving = this.cluster.secrets.get(servingSecretName);
    if (serving?.leaf !== replaces) return;
    this.effects += 1;
    this.releases += 1;
    const exception = this.#exceptionFor(certificate, source, serving);
    this.log(
      `${source.name} (key ${source.leaf.slice(0, 6)}) is released${exception === undefined ? '' : ` (${exception})`}`,
    );
    this.checker.served(certificate, source, exception);
    this.#waitingSince.delete(secretName);
    this.cluster.setSecret(servingSecretName, source);
  }

  /** What lets a candidate pass before every value accepts it: found out anew here, from the world alone. */
  #exceptionFor(
    { secretName }: Certificate,
    source: ModelChain,
    serving: ModelChain | undefined,
  ): Exception | undefined {
    const { now } = this.clock;
    const currents = this.cluster.hostnames.map((hostname) => this.zone.current(ownerOf(hostname)));
    const isPublished = currents.every(
      (value) =>
        value === undefined ||
        value.records.length === 0 ||
        value.records.some((record) => record.endsWith(source.leaf) || source.cas.some((ca) => record.endsWith(ca))),
    );
    // Mail is down already where nobody presents what the records accept.
    if (serving === undefined) return this.#isDown() ? 'Rebuilt' : undefined;
    if (!isPublished) return undefined;
    if (this.cluster.mailServers.every(({ releaseNow }) => releaseNow === source.leaf)) return 'ByHand';
    const waitingSince = this.#waitingSince.get(secretName) ?? now;
    const early = Math.min(this.setup.deadlineBeforeExpiry, Math.max(0, (serving.notAfter - waitingSince) / 2));
    if (now + 30 < serving.notAfter - early) return undefined;
    return this.setup.onDeadline === 'Release' && this.#isAnsweredEverywhere(source) ? 'LateDeadline' : 'Deadline';
  }

  #isDown(): boolean {
    return this.cluster.hostnames.some((hostname) => {
      const records = this.zone.current(ownerOf(hostname))?.records ?? [];
      if (records.length === 0) return false;
      return !this.cluster.presented(hostname).some((chain) => {
        const isExpired = this.clock.now > chain.notAfter;
        return judgeChain(isExpired ? records.filter((record) => record.startsWith('3')) : records, chain).accepts;
      });
    });
  }

  /** Each server that answers has a node that hands out what accepts this chain. */
  #isAnsweredEverywhere(chain: ModelChain): boolean {
    const asked = this.zone.servers.filter(({ state, isDead }) => state === 'Answers' && !isDead);
    return asked.every(({ nodes }) =>
      this.cluster.hostnames.every((hostname) =>
        nodes.some((node) => judgeChain(this.zone.shown(node, ownerOf(hostname))?.records ?? [], chain).accepts),
      ),
    );
  }

  /** A dynamic update: it takes place only where the RRset is as the plan saw it. */
  update(change: PlannedChange): 'Applied' | 'Conflict' | OperatorError {
    if (this.refusals > 0) {
      this.refusals -= 1;
      return transient('PrimaryServerFailure', 'the model');
    }
    const blindSince = this.unreadable.get('Primary');
    if (blindSince !== undefined && this.clock.now > blindSince + SEEN_BEFORE)
      throw new Violation('Blind', `a change is sent to ${change.owner}, and nobody can know what stands there`);
    if (blindSince !== undefined) return transient('PrimaryUnreachable', 'the model');
    this.effects += 1;
    this.updates.push(this.clock.now);
    const fate = this.fates.shift() ?? 'Applied';
    if (fate === 'Applied') return this.#apply(change);
    if (fate !== 'Never') this.clock.after(fate, () => this.#apply(change));
    this.log(`the answer to a write is lost; it is carried out ${fate === 'Never' ? 'never' : `after ${fate} s`}`);
    return transient('PrimaryTimeout', 'the model');
  }

  #apply({ owner, add, remove, ttlSeconds, expected }: PlannedChange): 'Applied' | 'Conflict' {
    const before = this.zone.current(owner)?.records ?? [];
    if (!sameRecords(before, expected.records.map(formatTlsa).sort())) return 'Conflict';
    const gone = new Set(remove.map(formatTlsa));
    const records = [...before.filter((record) => !gone.has(record)), ...add.map(formatTlsa)];
    const value = this.zone.write(owner, records, ttlSeconds, 'Operator');
    if (value !== undefined) this.checker.written(value);
    return 'Applied';
  }

  /** A validating resolver gives what it happens to hold: the oldest. */
  resolved(owner: string): Value | undefined {
    return this.zone.held(owner)[0] ?? this.zone.current(owner);
  }

  crashes(when: 'Before' | 'After', operator: Operator, what: string): boolean {
    const { crash } = this;
    if (crash === undefined || operator.frozen !== undefined || crash.when !== when) return false;
    if (--crash.step > 0) return false;
    this.crash = undefined;
    operator.isAlive = false;
    this.log(`${operator.name} crashes ${when.toLowerCase()} "${what}"`);
    this.clock.after(crash.downFor, () => {
      if (!this.#isLed) this.start();
    });
    return true;
  }

  get isRestarted(): boolean {
    return this.#started > 1;
  }

  get isObserved(): boolean {
    return this.cluster.certificates.some(({ mode }) => mode === 'Observe');
  }

  log(what: string): void {
    this.timeline?.push(`${String(this.clock.now).padStart(7)}  ${what}`);
  }

  /** What a status remembers, in a line; only where somebody reads it. */
  describe(state: State): string {
    if (this.timeline === undefined) return '';
    const chains = state.certificates.flatMap((certificate) => [
      ...certificate.chains.map((chain) => `${chain.state} ${chain.spkiSHA256.slice(0, 6)}`),
      ...(certificate.candidate === undefined
        ? []
        : [
            `gate ${certificate.candidate.stage} (${certificate.candidate.reason}) ${certificate.candidate.gateOpensAt ?? ''}`,
          ]),
    ]);
    const sets = state.recordSets.map(({ owner, intent, versions }) => {
      const told = versions.map(
        ({ n, kind, records, supersededAt }) =>
          `v${n}${kind === 'Written' ? '' : ` ${kind}`}{${records.map((record) => `${record.slice(0, 1)}:${record.slice(6, 12)}`).join(' ')}}${supersededAt === undefined ? '' : ' superseded'}`,
      );
      const change =
        intent === undefined
          ? ''
          : ` intent +[${intent.add.map((record) => record.slice(0, 12)).join()}] -[${intent.remove.map((record) => record.slice(0, 12)).join()}]`;
      return `${owner.slice(9, 12)} ${told.join(' ')}${change}`;
    });
    return [...chains, ...sets].join('; ');
  }

  #certificateSetup(index: number): Setup['certificates'][number] {
    const setup = this.setup.certificates[index];
    if (setup === undefined) throw new Error(`no certificate ${index}`);
    return setup;
  }

  #comeToRest(): void {
    this.#mendEverything();
    const begun = this.clock.now;
    const within = this.#restsWithin();
    this.clock.runUntil(begun + 600);
    for (let problems = unrest(this); problems.length > 0; problems = unrest(this)) {
      if (this.clock.now > begun + within && isAmbiguous(this)) return;
      if (this.clock.now > begun + within)
        throw new Violation('Rest', `after ${within} s without events: ${problems.join('; ')}`);
      this.clock.runUntil(this.clock.now + 600);
    }
    // A history that still has a tolerated rest may shrink yet.
    const isWhole = this.cluster.mailServers.every(({ stored }) =>
      stored.recordSets.every(({ versions }) => versions.length === 1),
    );
    const writes = (): number => this.effects + (isWhole ? this.statusWrites : 0);
    const before = writes();
    this.clock.runUntil(this.clock.now + QUIET);
    if (writes() !== before) throw new Violation('Writes', 'at rest, and still writing');
    const [problem] = isWhole ? unrest(this) : [];
    if (problem !== undefined) throw new Violation('Writes', `it was at rest: ${problem}`);
  }

  /** Servers answer, pods have loaded, nothing fails any more; foreign records stay, but for those that hide ours. */
  #mendEverything(): void {
    this.log('from here on the world is left at rest');
    this.crash = undefined;
    this.fates.length = 0;
    this.refusals = 0;
    this.unreadable.clear();
    for (const server of this.zone.servers) this.zone.setState(server, 'Answers');
    for (const address of this.cluster.addresses) Object.assign(address, { isReachable: true, attacker: undefined });
    for (const hostname of this.cluster.hostnames) {
      const current = this.zone.current(ownerOf(hostname));
      const kept = (current?.records ?? []).filter((record) => !record.startsWith('3 1 2'));
      if (current !== undefined && kept.length < current.records.length)
        this.zone.write(current.owner, kept, current.ttl, 'Others');
    }
    this.checker.unpublishedUntil = Math.min(this.checker.unpublishedUntil, this.clock.now);
    this.cluster.changeSpecs({ suspend: false, publish: true, certificates: this.cluster.named });
    for (const certificate of this.cluster.certificates) {
      if (this.cluster.secrets.has(certificate.secretName)) continue;
      const { ca, lifetime } = this.#certificateSetup(certificate.index);
      this.issue(certificate, ca, lifetime, 0);
    }
    this.setClocks(0);
    if (!this.#isLed) this.start();
  }

  get #isLed(): boolean {
    return this.operators.some(({ isAlive, frozen }) => isAlive && frozen === undefined);
  }

  /**
   * A day for what stood there before, and each wait twice. What no answer can tell apart (a value that recurs after a foreign edit, and
   * whose serials a restart forgot), and what a dead server keeps, is over with the signatures: thirty days where none was seen.
   */
  #restsWithin(): number {
    const { retireAfter, waitTTLs, signatureValidity, blocked } = this.setup;
    const ttls = this.cluster.hostnames.flatMap((hostname) =>
      this.zone.history(ownerOf(hostname)).map(({ ttl }) => ttl),
    );
    const isUnseen = blocked || this.zone.servers.some(({ isDead }) => isDead);
    const lag = Math.max(...this.zone.servers.flatMap(({ nodes }) => nodes.map(({ lag }) => lag)));
    return (
      2 * DAY +
      4 * retireAfter +
      4 * waitTTLs * Math.max(0, ...ttls) +
      lag +
      signatureValidity +
      (isUnseen ? 31 * DAY : 0)
    );
  }
}
