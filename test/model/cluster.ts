/** The Kubernetes of the model: Secrets, MailServers with their status, and pods that load what is mounted, each in its own time. */
import type { Desired } from '../../src/core/facts.ts';
import type { State } from '../../src/core/state.ts';
import { leafAlone, type ModelChain } from './chains.ts';
import type { Clockwork } from './clockwork.ts';
import type { CertificateSetup, Setup } from './scenario.ts';

export interface MailServer {
  readonly name: string;
  readonly createdAt: number;
  /** Somebody deleted it; it goes when nothing holds it. */
  readonly deletedAt: number | undefined;
  /** Of its provider. */
  readonly zone: string;
  /** Those that its spec names. */
  readonly owners: readonly Owner[];
  readonly desired: Desired;
  readonly finalizer: boolean;
  readonly releaseNow: string | undefined;
  readonly stored: State;
  /** Goes up with every write of anything above. */
  readonly resourceVersion: number;
}

export interface Owner {
  readonly owner: string;
  readonly hostname: string;
}

export interface Pod {
  readonly address: Address;
  readonly reloadsAfter: number;
  /** By the name of the Secret that it mounts. */
  readonly presents: Map<string, ModelChain>;
}

export interface Address {
  readonly hostname: string;
  readonly address: string;
  pods: Pod[];
  isReachable: boolean;
  /** Until when it was not, the last time. */
  unreachableUntil: number;
  /** When nobody of ours could see, the last time, what is presented here. */
  outOfSight: { readonly since: number; readonly until: number };
  /** What an attacker on the way presents instead, to us. */
  attacker: ModelChain | undefined;
}

export interface Certificate {
  readonly index: number;
  readonly mode: CertificateSetup['mode'];
  readonly algorithm: 'RSA' | 'ECDSA';
  readonly keepsKey: boolean;
  /** cert-manager writes this Secret. */
  readonly secretName: string;
  /** Pods mount this one; the same but in Promote. */
  readonly servingSecretName: string;
}

/** Where every owner is at first. */
export const HOME = 'example.nl';
/** Another provider's. */
export const AWAY = 'nl';

export const EMPTY: State = { certificates: [], recordSets: [] };

export class Cluster {
  readonly certificates: readonly Certificate[];
  /** What a spec names. */
  readonly named: Desired['certificates'];
  readonly secrets = new Map<string, ModelChain>();
  /** A volume keeps what a Secret held last when that is gone. */
  readonly #mounted = new Map<string, ModelChain>();
  readonly mailServers: MailServer[];
  /** What every spec says of other things than hosts. */
  desired: Desired;
  /** Of all that ever were: who presented something goes on with it. */
  readonly hostnames: readonly string[];
  readonly addresses: readonly Address[];
  /** Told of each pod that begins to present a chain. */
  onPresented: (address: Address, chain: ModelChain) => void = () => undefined;
  /** Told that something changed that operators watch, and which MailServer, where it is one. */
  onChange: (mailServer?: string) => void = () => undefined;
  readonly #clock: Clockwork;
  readonly #setup: Setup;
  /** By owner: until when the last time no spec asked for records there. */
  readonly #unwantedUntil = new Map<string, number>();
  #versions = 0;

  constructor(clock: Clockwork, setup: Setup) {
    this.#clock = clock;
    this.#setup = setup;
    this.certificates = setup.certificates.map(({ mode, algorithm, keepsKey }, index) => ({
      index,
      mode,
      algorithm,
      keepsKey: keepsKey === true && mode === 'Observe',
      secretName: `tls${index}`,
      servingSecretName: mode === 'Promote' ? `tls${index}-serving` : `tls${index}`,
    }));
    this.named = this.certificates.map(({ mode, secretName, servingSecretName }) =>
      mode === 'Promote' ? { secretName, servingSecretName } : { secretName },
    );
    let hosts = 0;
    const addresses: Address[] = [];
    this.desired = this.#desired();
    this.mailServers = setup.mailServers.map((mailServer, index) => {
      const owners = mailServer.hosts.map((host): Owner => {
        const hostname = `mx${++hosts}.example.nl`;
        host.addresses.forEach(({ pods }, place) => {
          const address: Address = {
            hostname,
            address: `192.0.2.${hosts * 10 + place}`,
            pods: [],
            isReachable: true,
            unreachableUntil: -Infinity,
            outOfSight: { since: -Infinity, until: -Infinity },
            attacker: undefined,
          };
          address.pods = pods.map(({ reloadsAfter }) => ({ address, reloadsAfter, presents: new Map() }));
          addresses.push(address);
        });
        return { owner: `_25._tcp.${hostname}`, hostname };
      });
      return {
        name: `mail${index + 1}`,
        createdAt: 0,
        deletedAt: undefined,
        zone: HOME,
        owners,
        desired: this.desired,
        finalizer: false,
        releaseNow: undefined,
        stored: EMPTY,
        resourceVersion: ++this.#versions,
      };
    });
    this.addresses = addresses;
    this.hostnames = this.mailServers.flatMap(({ owners }) => owners.map(({ hostname }) => hostname));
  }

  #desired(): Desired {
    const { ttl, records, waitTTLs, retireAfter, deadlineBeforeExpiry, onDeadline, adoption, probe } = this.#setup;
    return {
      certificates: this.named,
      ttlSeconds: ttl,
      records,
      publish: true,
      adoption,
      deletion: 'Withdraw',
      suspend: false,
      announcedCAs: [],
      compromisedKeys: [],
      waitTTLs,
      retireAfterMs: 1000 * retireAfter,
      deadlineBeforeExpiryMs: 1000 * deadlineBeforeExpiry,
      onDeadline,
      dnssec: 'Require',
      probe,
    };
  }

  /** Undefined where it is gone. */
  mailServer(name: string): MailServer | undefined {
    return this.mailServers.find((mailServer) => mailServer.name === name);
  }

  /** Whoever writes says what it has read: the fence. What is deleted goes with its last finalizer. */
  replace(name: string, readVersion: number | 'Any', change: Partial<MailServer>): 'Written' | 'Conflict' {
    const before = this.mailServer(name);
    if (before === undefined) return 'Conflict';
    const index = this.mailServers.indexOf(before);
    if (readVersion !== 'Any' && before.resourceVersion !== readVersion) return 'Conflict';
    const after = { ...before, ...change, resourceVersion: ++this.#versions };
    if (after.deletedAt !== undefined && !after.finalizer) this.mailServers.splice(index, 1);
    else this.mailServers[index] = after;
    this.#account([...before.owners, ...after.owners]);
    this.onChange(name);
    return 'Written';
  }

  /** As another, but for its name; its spec as it is by now. */
  create(name: string, like: MailServer): void {
    const status = { finalizer: false, releaseNow: undefined, stored: EMPTY };
    this.mailServers.push({
      ...like,
      ...status,
      name,
      desired: this.desired,
      createdAt: this.#clock.now,
      deletedAt: undefined,
      resourceVersion: ++this.#versions,
    });
    this.#account(like.owners);
    this.onChange(name);
  }

  /** Those whose specs ask for records there. */
  claimants(owner: string): readonly MailServer[] {
    return this.mailServers.filter(
      ({ deletedAt, owners }) => deletedAt === undefined && owners.some((one) => one.owner === owner),
    );
  }

  /** When no spec asked for records at this owner, the last time. */
  unwantedUntil(owner: string): number {
    return this.#unwantedUntil.get(owner) ?? -Infinity;
  }

  #account(owners: readonly Owner[]): void {
    for (const { owner } of owners) {
      if (this.claimants(owner).length === 0) this.#unwantedUntil.set(owner, Infinity);
      else if (this.unwantedUntil(owner) === Infinity) this.#unwantedUntil.set(owner, this.#clock.now);
    }
  }

  changeSpecs(change: Partial<Desired>): void {
    this.desired = { ...this.desired, ...change };
    for (const { name, desired } of this.mailServers) {
      const isSame = Object.entries(change).every(([key, value]) => desired[key as keyof Desired] === value);
      if (!isSame) this.replace(name, 'Any', { desired: { ...desired, ...change } });
    }
  }

  /** All pods are new. */
  forgetPods(): void {
    for (const pod of this.addresses.flatMap(({ pods }) => pods)) pod.presents.clear();
    this.#mounted.clear();
  }

  setSecret(name: string, chain: ModelChain | undefined): void {
    if (chain === undefined) this.secrets.delete(name);
    else {
      this.secrets.set(name, chain);
      this.#mounted.set(name, chain);
    }
    this.onChange();
    if (!this.certificates.some(({ servingSecretName }) => servingSecretName === name)) return;
    for (const pod of this.addresses.flatMap(({ pods }) => pods)) {
      // A pod starts with what it mounts.
      if (pod.reloadsAfter === 0 || !pod.presents.has(name)) this.#load(pod, name);
      else {
        this.#clock.after(pod.reloadsAfter, () => {
          this.#load(pod, name, this.#mounted.get(name));
        });
      }
    }
  }

  /** It loads what the Secrets hold now. */
  restart(pod: Pod): void {
    for (const { servingSecretName } of this.certificates) this.#load(pod, servingSecretName);
  }

  #load(pod: Pod, secretName: string, inSecret = this.secrets.get(secretName)): void {
    // Who has loaded a certificate goes on with it when its file is gone.
    if (inSecret === undefined || pod.presents.get(secretName)?.name === inSecret.name) return;
    const chain = this.sent(inSecret);
    pod.presents.set(secretName, chain);
    this.onPresented(pod.address, chain);
  }

  /** What a server that mounts it presents. */
  sent(inSecret: ModelChain): ModelChain {
    return this.#setup.leafAlone ? leafAlone(inSecret) : inSecret;
  }

  /** The hosts of which a pod presents another chain than a Secret holds, or none. */
  get loading(): readonly string[] {
    const mounted = this.certificates.flatMap(({ servingSecretName: name }) => {
      const inSecret = this.secrets.get(name);
      return inSecret === undefined ? [] : { name, inSecret };
    });
    const isLoading = ({ presents }: Pod): boolean =>
      mounted.some(({ name, inSecret }) => presents.get(name)?.name !== inSecret.name);
    return this.addresses.flatMap(({ hostname, pods }) => (pods.some(isLoading) ? hostname : []));
  }

  presented(hostname: string): readonly ModelChain[] {
    const pods = this.addresses.filter((address) => address.hostname === hostname).flatMap(({ pods }) => pods);
    return [...new Set(pods.flatMap(({ presents }) => [...presents.values()]))];
  }
}
