/** One world: it runs a scenario around the real planner, from its first second until it has come to rest. */
import { transient, type OperatorError } from '../../src/core/errors.ts';
import type { PlannedChange } from '../../src/core/record-set-plan.ts';
import { formatTlsa } from '../../src/core/tlsa.ts';
import { CertManager, type Order } from './cert-manager.ts';
import { makeChain, type ModelChain } from './chains.ts';
import { Checker, told, Violation } from './checker.ts';
import { Clockwork } from './clockwork.ts';
import { Cluster, type Certificate, type MailServer } from './cluster.ts';
import { comeToRest } from './end.ts';
import { befall } from './events.ts';
import { Operator } from './operator.ts';
import { lastsUntil, type CertificateSetup, type Readable, type Scenario, type Setup } from './scenario.ts';
import { Serving } from './serving.ts';
import type { View } from './stores.ts';
import { sameRecords, Zone, type Value } from './zone.ts';

/** Issuers date certificates back, as clocks are wrong. */
const DATED_BACK = 3600;

/** A pass acts by what it saw so long ago at most. */
const SEEN_BEFORE = 30;

/** So long a withdrawal may be tried at least. */
const ABANDONED_AFTER = 3600 - 30;

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
  readonly certManager: CertManager;
  readonly serving: Serving;
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
  #leaves = 0;
  #started = 0;

  constructor(scenario: Scenario, options: { readonly isTold?: boolean } = {}) {
    this.#scenario = scenario;
    this.setup = scenario.setup;
    this.timeline = options.isTold === true ? [] : undefined;
    this.zone = new Zone(this.clock, this.setup);
    this.cluster = new Cluster(this.clock, this.setup);
    this.checker = new Checker(this.clock, this.zone, this.cluster, this.setup.latency);
    this.serving = new Serving(this);
    this.certManager = new CertManager(this);
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
    for (const certificate of this.cluster.certificates) this.issue(certificate, this.setupOf(certificate), 0);
    this.start();
    for (const event of this.#scenario.events)
      this.clock.at(event.at, () => {
        befall(this, event);
      });
    const { events, restsAt } = this.#scenario;
    this.clock.runUntil(Math.max(restsAt, ...events.map(lastsUntil)));
    comeToRest(this);
  }

  /** A new process takes over. */
  start(): Operator {
    const operator = new Operator(`operator ${++this.#started}`, this, this.clockOffset);
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

  /** A renewal: cert-manager writes what is issued, or asks for it by a request. */
  issue(certificate: Certificate, { ca, lifetime }: Pick<CertificateSetup, 'ca' | 'lifetime'>, validIn: number): void {
    if (certificate.mode === 'Gate') {
      this.certManager.renew(certificate, { ca, lifetime, validIn });
      return;
    }
    const key = certificate.keepsKey ? this.cluster.secrets.get(certificate.secretName)?.key : undefined;
    const chain = this.issued(certificate, { ca, lifetime, validIn }, key);
    this.log(
      `Secret ${certificate.secretName} gets ${chain.name} (key ${chain.leaf.slice(0, 6)}), valid until ${chain.notAfter}`,
    );
    if (certificate.mode === 'Observe') this.checker.served(certificate, chain, undefined);
    else this.serving.waits(certificate);
    this.cluster.setSecret(certificate.secretName, chain);
  }

  /** Some issuer signs. */
  issued({ algorithm }: Certificate, { ca, lifetime, validIn }: Order, key?: string): ModelChain {
    const { now } = this.clock;
    const chain = makeChain({
      name: `leaf ${++this.#leaves} by ${ca}`,
      key,
      ca,
      algorithm,
      notBefore: now + (validIn > 0 ? validIn : -DATED_BACK),
      notAfter: now + validIn + lifetime,
      names: this.cluster.hostnames,
    });
    this.checker.known(chain);
    return chain;
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
    if (fate !== 'Never')
      this.clock.after(fate, () => {
        if (this.#apply(change) !== 'Applied') return;
        this.checker.arrivedLate(change);
        // Who looked just before it came forgets it now.
        this.clock.after(this.setup.latency + 1, () => {
          this.checker.arrivedLate(change);
        });
      });
    this.log(`the answer to a write is lost; it is carried out ${fate === 'Never' ? 'never' : `after ${fate} s`}`);
    return transient('PrimaryTimeout', 'the model');
  }

  #apply({ owner, zone, add, remove, ttlSeconds, expected }: PlannedChange): 'Applied' | 'Conflict' {
    const before = this.zone.current(owner, zone)?.records ?? [];
    if (!sameRecords(before, expected.records.map(formatTlsa).sort())) return 'Conflict';
    const gone = new Set(remove.map(formatTlsa));
    const records = [...before.filter((record) => !gone.has(record)), ...add.map(formatTlsa)];
    const value = this.zone.write(owner, records, ttlSeconds, 'Operator', zone);
    if (value !== undefined) this.checker.written(value, before);
    return 'Applied';
  }

  /** The last finalizer goes, and with it the object. */
  letGo(mailServer: MailServer): boolean {
    const { name, desired, resourceVersion, deletedAt = Infinity } = mailServer;
    const isAbandoned = this.clock.now > deletedAt + ABANDONED_AFTER;
    if (this.cluster.replace(name, resourceVersion, { finalizer: false }) === 'Conflict') return false;
    this.checker.letGo(mailServer, isAbandoned || desired.suspend || desired.deletion === 'Retain');
    return true;
  }

  /** A validating resolver gives what it happens to hold: the oldest. To a zone that was left it is led no more. */
  resolved(owner: string): Value | undefined {
    const home = this.zone.homeOf(owner);
    const held = this.zone.held(owner).filter(({ zone, endedAt }) => zone === home || endedAt !== undefined);
    return held[0] ?? this.zone.current(owner);
  }

  get view(): View {
    const { mailServers, secrets } = this.cluster;
    return { mailServers, secrets, issuance: this.certManager.seen };
  }

  /** Between a look and what follows from it. */
  soon(happens: () => void): void {
    if (this.setup.latency === 0) happens();
    else this.clock.after(this.setup.latency, happens);
  }

  crashes(when: 'Before' | 'After', operator: Operator, what: string): boolean {
    const { crash } = this;
    if (crash === undefined || operator.frozen !== undefined || crash.when !== when) return false;
    if (--crash.step > 0) return false;
    this.crash = undefined;
    operator.isAlive = false;
    this.log(`${operator.name} crashes ${when.toLowerCase()} "${what}"`);
    this.clock.after(crash.downFor, () => {
      if (!this.isLed) this.start();
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

  setupOf({ index }: Certificate): CertificateSetup {
    const setup = this.setup.certificates[index];
    if (setup === undefined) throw new Error(`no certificate ${index}`);
    return setup;
  }

  get isLed(): boolean {
    return this.operators.some(({ isAlive, frozen }) => isAlive && frozen === undefined);
  }
}
