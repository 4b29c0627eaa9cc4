/** A world for the gate: a source and a serving Secret, a primary and a secondary. It does what an effect says, and nothing else. */
import { summarize } from '../../src/core/chain-summary.ts';
import { transient } from '../../src/core/errors.ts';
import { known, unknown, type Facts, type GateRequest } from '../../src/core/facts.ts';
import { plan, type Plan } from '../../src/core/plan.ts';
import type { State } from '../../src/core/state.ts';
import { formatTlsa, union, without, type TlsaRecord } from '../../src/core/tlsa.ts';
import { DESIRED, HOST, World, type Leaf } from './planner-world.ts';

export const SOURCE = 'mx1-tls';
export const SERVING = 'mx1-tls-live';

/** Promote: a source, a serving Secret that pods present at once, one primary that is the only name server. */
export class PromoteWorld {
  now = Date.now();
  desired: Facts['desired'] = { ...DESIRED, certificates: [{ secretName: SOURCE, servingSecretName: SERVING }] };
  source: Leaf | undefined;
  serving: Leaf | undefined;
  records: TlsaRecord[] = [];
  stored: State = { certificates: [], recordSets: [] };
  finalizer = false;
  /** What the secondary shows; undefined: the same as the primary. */
  secondary: TlsaRecord[] | undefined;
  ttlSeconds = 3600;
  provider = 'DNSProvider/bind';
  served: Leaf | undefined;
  answersServe = true;
  isSecondaryAway = false;
  /** Gate: what waits at cert-manager, for the Secret that pods mount. */
  request: GateRequest | undefined;
  change: Partial<Facts> = {};
  /** Does the spec name the host? Else there is nothing but what is remembered of it. */
  isNamed = true;
  permitted: Facts['promotions'] extends ReadonlyMap<string, infer Promotion> ? Promotion : never = {
    permitted: known(true),
    withheldBy: [],
  };
  /** Of the zone, which each change raises; undefined: servers do not tell. */
  serial: number | undefined;
  #answers: { at: Date; primary: TlsaRecord[]; secondary: TlsaRecord[]; serial: number | undefined }[] = [];

  facts(): Facts {
    const secret = (leaf: Leaf | undefined) =>
      leaf === undefined ? unknown(transient('SecretNotFound', 'none')) : known(leaf.summary);
    const base = new World();
    base.now = this.now;
    const [owner] = base.facts().owners;
    if (owner === undefined) throw new Error('the world has an owner');
    const answers = (of: 'primary' | 'secondary') =>
      this.#answers.map(({ at, serial, [of]: records }) => ({ at, records, serial, ttlSeconds: 3600 }));
    const served = this.served ?? this.serving;
    return {
      ...base.facts(),
      now: new Date(this.now),
      desired: this.desired,
      finalizer: this.finalizer,
      stored: this.stored,
      secrets: new Map([
        [SOURCE, secret(this.source)],
        [SERVING, secret(this.serving)],
      ]),
      requests: new Map(this.request === undefined ? [] : [[SERVING, this.request]]),
      promotions: new Map([[SERVING, this.permitted]]),
      owners:
        !this.isNamed && this.stored.recordSets.length === 0
          ? []
          : [
              {
                ...owner,
                provider: this.provider,
                desired: this.isNamed,
                serials: this.serial === undefined ? undefined : { beforeWrite: this.serial - 1, now: this.serial },
                current: known({
                  records: this.records,
                  ttlSeconds: this.records.length > 0 ? this.ttlSeconds : undefined,
                }),
                servers: known([
                  { name: 'ns1', state: 'Answers', answers: answers('primary') },
                  this.isSecondaryAway
                    ? { name: 'ns2', state: 'Silent', answers: [] }
                    : { name: 'ns2', state: 'Answers', answers: answers('secondary') },
                ]),
              },
            ],
      endpoints: known([
        {
          hostname: HOST,
          address: '192.0.2.25',
          port: 25,
          keyAlgorithm: 'ECDSA',
          presented:
            served === undefined || !this.answersServe
              ? { kind: 'Failed', error: 'ConnectionRefused', message: 'no server listens' }
              : { kind: 'Presented', chain: served.chain, summary: summarize(served.chain) },
          looks: Array.from({ length: 12 }, () => new Date(this.now)),
        },
      ]),
      ...this.change,
    };
  }

  /** What was answered so far is forgotten. */
  restart(): void {
    this.#answers = [];
  }

  /** Passes until nothing is left to do at this moment. */
  settle(): Plan {
    // As many as the operator remembers, about.
    this.#answers = [
      ...this.#answers.slice(-20),
      { at: new Date(this.now), primary: this.records, secondary: this.secondary ?? this.records, serial: this.serial },
    ];
    for (let passes = 0; passes < 40; passes++) {
      const next = this.step();
      if (next !== undefined) return next;
    }
    throw new Error('the planner does not come to rest');
  }

  /** One pass; what it planned, when nothing was left to do. */
  step(): Plan | undefined {
    const next = plan(this.facts());
    if (JSON.stringify(next.state) !== JSON.stringify(this.stored)) {
      this.stored = JSON.parse(JSON.stringify(next.state)) as State;
      return undefined;
    }
    if (next.effect === undefined) return next;
    this.#do(next.effect);
    return undefined;
  }

  /** Goes on as the planner asks to be woken, for so long. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const { wakeAt } = this.settle();
      if (wakeAt === undefined || wakeAt.getTime() > end) break;
      this.now = wakeAt.getTime();
    }
    this.now = end;
    this.settle();
  }

  #do(effect: NonNullable<Plan['effect']>): void {
    switch (effect.kind) {
      case 'SetFinalizer':
        this.finalizer = true;
        return;
      case 'RemoveFinalizer':
        this.finalizer = false;
        return;
      case 'ChangeRecordSets':
        for (const { remove, add, ttlSeconds } of effect.changes) {
          this.records = union(without(this.records, remove), add);
          this.ttlSeconds = ttlSeconds;
          if (this.serial !== undefined) this.serial += 1;
        }
        return;
      case 'Release':
        this.serving = this.source;
        this.served = undefined;
    }
  }

  get published(): string[] {
    return this.records.map(formatTlsa);
  }

  get candidate() {
    return this.stored.certificates[0]?.candidate;
  }
}

/** Published and served long ago. */
export function restingOn(leaf: Leaf): PromoteWorld {
  const world = new PromoteWorld();
  world.source = leaf;
  world.pass(72 * 3_600_000);
  return world;
}
