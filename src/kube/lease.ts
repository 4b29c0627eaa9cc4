import type { Logger } from '../observe/log.ts';
import { sleep, type Clock } from './clock.ts';
import type { Caller } from './cluster.ts';
import { createObject, getObject, replaceObject, type WriteResult } from './objects.ts';
import { apiVersionOf, LEASES, type KubeObject } from './resource.ts';

export interface LeaderElectionOptions {
  readonly cluster: Caller;
  readonly namespace: string;
  readonly name: string;
  /** Differs between all candidates, also between two lives of one pod. */
  readonly identity: string;
  /** `holds`: is the lease ours at this very moment? To be asked right before whatever must not be done by two. */
  readonly onStartedLeading: (holds: () => boolean) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

// client-go's times.
const LEASE_SECONDS = 15;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;
const RETRY_JITTER = 1.2;
const CALL_TIMEOUT_MS = RENEW_DEADLINE_MS / 2;

/**
 * Waits for the lease, leads, and keeps it by the rules of client-go: whoever holds it has it until the record did not change for its
 * duration, *by the clock of who looks on*; the times in the record count for nothing. The holder gives up earlier than anybody else
 * may take it.
 *
 * Resolves with `Released` after the signal (stop working first: the lease is then free), with `Lost` when it could not be renewed:
 * stop working at once.
 */
export function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<'Released' | 'Lost'> {
  return new Candidate(options).run(signal);
}

class Candidate {
  readonly #options: LeaderElectionOptions;
  readonly #log: Logger;
  #lease: Lease | undefined;
  /** What the lease says, or said before somebody deleted it: that makes nobody free to take it earlier. */
  #record: LeaseSpec | undefined;
  /** When (monotonic) the record was first seen as it is. */
  #seenAt = 0;
  /** When the last successful request to take or renew it was sent. */
  #renewedAt = { monotonic: 0, wall: 0 };

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#log = options.log.child({ lease: `${options.namespace}/${options.name}`, identity: options.identity });
  }

  async run(signal: AbortSignal): Promise<'Released' | 'Lost'> {
    await this.#acquire(signal);
    if (!signal.aborted) {
      this.#log.info('leading');
      this.#options.onStartedLeading(() => this.#holds());
      if ((await this.#keep(signal)) === 'Lost') {
        this.#log.error('the lease is lost: it could not be renewed in time');
        return 'Lost';
      }
    }
    await this.#release();
    return 'Released';
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted && !(await this.#attempt(AbortSignal.timeout(CALL_TIMEOUT_MS)))) {
      await sleep(clock, RETRY_MS * (1 + random() * RETRY_JITTER), signal);
    }
  }

  async #keep(signal: AbortSignal): Promise<'Stopped' | 'Lost'> {
    for (;;) {
      await sleep(this.#options.clock, RETRY_MS, signal);
      if (signal.aborted) return 'Stopped';
      const leftMs = this.#leftMs();
      if (leftMs <= 0) return 'Lost';
      await this.#attempt(AbortSignal.timeout(Math.min(Math.ceil(leftMs), CALL_TIMEOUT_MS)));
    }
  }

  /** Takes or renews the lease if that is allowed; false when it did not succeed, for whatever reason. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const sentAt = { monotonic: this.#options.clock.monotonic(), wall: this.#options.clock.now() };
    try {
      if (!this.#isHolder()) await this.#look(signal);
      if (!this.#mayTake()) return false;
      const result = await this.#write(this.#nextRecord(), signal);
      if (result.outcome === 'Conflict') {
        // Another took it; or it is ours, and an answer was lost.
        await this.#look(signal);
        return this.#isHolder() && (await this.#attempt(signal));
      }
      this.#see(result.object);
      this.#renewedAt = sentAt;
      return true;
    } catch (err) {
      this.#log.warn({ err }, 'the lease could not be taken or renewed; it will be tried again');
      return false;
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { cluster, namespace, name } = this.#options;
    this.#see(await getObject<Lease>(cluster, LEASES, { namespace, name }, signal));
  }

  #see(lease: Lease | undefined): void {
    this.#lease = lease;
    if (lease === undefined || JSON.stringify(lease.spec) === JSON.stringify(this.#record)) return;
    const holder = lease.spec?.holderIdentity;
    if (holder !== this.#record?.holderIdentity) this.#log.info({ holder }, 'the lease has another holder');
    this.#record = lease.spec;
    this.#seenAt = this.#options.clock.monotonic();
  }

  #isHolder(): boolean {
    return this.#record?.holderIdentity === this.#options.identity;
  }

  /** How long it is ours yet; not above 0: not any more. */
  #leftMs(): number {
    return this.#isHolder() ? this.#renewedAt.monotonic + RENEW_DEADLINE_MS - this.#options.clock.monotonic() : 0;
  }

  /** Timers do not tell: in a process that was paused, what came in meanwhile is handled before them. */
  #holds(): boolean {
    // The monotonic clock stands still while a machine sleeps, the other one may be set: both must agree.
    return this.#leftMs() > 0 && this.#options.clock.now() - this.#renewedAt.wall < RENEW_DEADLINE_MS;
  }

  #mayTake(): boolean {
    const { holderIdentity = '', leaseDurationSeconds = LEASE_SECONDS } = this.#record ?? {};
    const expiresAt = this.#seenAt + leaseDurationSeconds * 1000;
    return holderIdentity === '' || this.#isHolder() || this.#options.clock.monotonic() >= expiresAt;
  }

  #nextRecord(): LeaseSpec {
    const before = this.#record;
    const now = microTime(this.#options.clock.now());
    const isRenewal = this.#isHolder();
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: isRenewal ? (before?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: before === undefined ? 0 : (before.leaseTransitions ?? 0) + (isRenewal ? 0 : 1),
    };
  }

  async #write(spec: LeaseSpec, signal: AbortSignal): Promise<WriteResult<Lease>> {
    const { cluster, namespace, name } = this.#options;
    if (this.#lease !== undefined) {
      return replaceObject<Lease>(cluster, LEASES, { ...this.#lease, spec: { ...this.#lease.spec, ...spec } }, signal);
    }
    const object = { apiVersion: apiVersionOf(LEASES), kind: LEASES.kind, metadata: { namespace, name }, spec };
    return createObject<Lease>(cluster, LEASES, object, signal);
  }

  /** The next candidate need not wait for the lease to expire. */
  async #release(): Promise<void> {
    if (!this.#isHolder()) return;
    const now = microTime(this.#options.clock.now());
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    try {
      await this.#write(spec, AbortSignal.timeout(CALL_TIMEOUT_MS));
      this.#log.info('the lease is given up');
    } catch (err) {
      this.#log.warn({ err }, 'the lease could not be given up; it expires by itself');
    }
  }
}

/** metav1.MicroTime: the API server refuses other than six digits of a second. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
