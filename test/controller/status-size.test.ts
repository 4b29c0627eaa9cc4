/** How large a status gets: the planner fills it at the spec's limits, and a real API server takes it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { mailServerSpec, type MailServer } from '../../src/api/mail-server.ts';
import type { MailServerStatus } from '../../src/api/mail-server-status.ts';
import { fitting } from '../../src/controller/fitting.ts';
import type { ChainSummary } from '../../src/core/chain-summary.ts';
import { known, type Facts, type OwnerFacts } from '../../src/core/facts.ts';
import { plan } from '../../src/core/plan.ts';
import type { State } from '../../src/core/state.ts';
import { formatTime } from '../../src/core/time.ts';
import { parseTlsa, union, without, type TlsaRecord } from '../../src/core/tlsa.ts';
import { loadCluster, type Cluster } from '../../src/kube/cluster.ts';
import { getObject, replaceStatus } from '../../src/kube/objects.ts';
import { MAIL_SERVERS } from '../../src/kube/resource.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { apply, mustKubectl } from '../support/kubectl.ts';
import { DESIRED } from '../support/planner-world.ts';

const KIB = 1024;
const MINUTE_MS = 60_000;
const START = Date.parse('2026-11-22T12:00:00Z');

/** What the spec allows at the most. */
const HOSTNAMES = Array.from({ length: 16 }, (_, index) => `mx${index}.mail.department.example.nl`);
const PORTS = [25, 465] as const;
const SECRETS = ['rsa', 'ecdsa', 'other', 'one-more'];

const SPEC = mailServerSpec.parse({
  hostnames: HOSTNAMES,
  ports: PORTS,
  certificates: SECRETS.map((secretName) => ({ secretName })),
  providerRef: { name: 'bind' },
  verification: { probe: 'Disabled', dnssec: 'Ignore' },
});

let made = 0;
const hash = (): string => (++made).toString(16).padStart(64, '0');
const CA = hash();

function chain(names: readonly string[]): ChainSummary {
  return {
    spkiSHA256: hash(),
    caSPKISHA256s: [CA],
    keyAlgorithm: 'ECDSA',
    names,
    notBefore: formatTime(new Date(START)),
    notAfter: formatTime(new Date(START + 90 * 24 * 60 * MINUTE_MS)),
  };
}

/** A primary that takes every change, and 32 owners of it. */
class Crowd {
  now = START;
  state: State = { certificates: [], recordSets: [] };
  status: MailServerStatus = { observedGeneration: -1 };
  /** Of condition Ready. */
  reason: string | undefined;
  message: string | undefined;
  /** The largest status there was, bytes. */
  largest = 0;
  writes = 0;
  readonly foreign: readonly TlsaRecord[];
  readonly #records = new Map<string, readonly TlsaRecord[]>();
  #secrets = new Map<string, ChainSummary>();

  constructor(foreign: readonly string[] = []) {
    this.foreign = foreign.map(parseTlsa);
  }

  renew(names: readonly string[]): void {
    this.#secrets = new Map(SECRETS.map((secretName) => [secretName, chain(names)]));
  }

  /** Passes until nothing is left to do. */
  settle(): void {
    for (let passes = 0; passes < 20; passes++) {
      const facts = this.#facts();
      const { plan: next, status } = fitting(this.mailServer, facts, plan(facts));
      this.largest = Math.max(this.largest, JSON.stringify(status).length);
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      this.reason = ready?.reason;
      this.message = ready?.message;
      const isSame = JSON.stringify(next.state) === JSON.stringify(this.state);
      this.state = JSON.parse(JSON.stringify(next.state)) as State;
      this.status = JSON.parse(JSON.stringify(status)) as MailServerStatus;
      if (!isSame) continue;
      if (next.effect?.kind !== 'ChangeRecordSets') return;
      for (const { owner, add, remove } of next.effect.changes) {
        this.writes += 1;
        this.#records.set(owner, union(without(this.#at(owner), remove), add));
      }
    }
    throw new Error('it does not come to rest');
  }

  get mailServer(): MailServer {
    return {
      apiVersion: 'tlsa-operator.io/v1alpha1',
      kind: 'MailServer',
      metadata: {
        name: 'mx',
        namespace: 'default',
        uid: 'uid',
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: formatTime(new Date(START)),
      },
      spec: SPEC,
      status: this.status,
    };
  }

  #at(owner: string): readonly TlsaRecord[] {
    return this.#records.get(owner) ?? this.foreign;
  }

  #facts(): Facts {
    return {
      now: new Date(this.now),
      desired: { ...DESIRED, certificates: SPEC.certificates, probe: 'Disabled', dnssec: 'Ignore' },
      deleting: false,
      abandon: false,
      finalizer: true,
      stored: this.state,
      secrets: new Map([...this.#secrets].map(([name, summary]) => [name, known(summary)])),
      requests: new Map(),
      promotions: new Map(),
      renewals: new Map(),
      specProblems: [],
      provider: known(true),
      owners: HOSTNAMES.flatMap((hostname) => PORTS.map((port) => this.#owner(hostname, port))),
      endpoints: undefined,
      clockSkewMs: 0,
    };
  }

  #owner(hostname: string, port: number): OwnerFacts {
    const owner = `_${port}._tcp.${hostname}`;
    const records = this.#at(owner);
    return {
      owner,
      hostname,
      port,
      desired: true,
      zone: known('example.nl'),
      current: known({ records, ttlSeconds: records.length > 0 ? 3600 : undefined }),
      provider: 'DNSProvider/bind',
      lastAttempt: undefined,
      security: known({ secure: true }),
      lagging: known(undefined),
    };
  }
}

/** 16 hosts x 2 ports, 4 certificates. */
function crowd(renewals: number, names: readonly string[], foreign: readonly string[] = []): Crowd {
  const made = new Crowd(foreign);
  for (let renewal = 0; renewal <= renewals; renewal++) {
    made.renew(names);
    made.settle();
    made.now += MINUTE_MS;
  }
  return made;
}

const MANY_NAMES = [
  ...HOSTNAMES,
  ...Array.from({ length: 1000 }, (_, index) => `webmail.customer-${index}.somewhere.example.nl`),
];
/** A whole certificate of two kilobytes: `3 0 0`. */
const large = (index: number): string => `3 0 0 ${`0${index}`.repeat(2000)}`;

let controlPlane: ControlPlane;
let cluster: Cluster;
beforeAll(async () => {
  controlPlane = await startControlPlane();
  const kubeconfig = controlPlane.kubeconfigPath;
  await mustKubectl(kubeconfig, 'apply', '--server-side', '-k', join(import.meta.dirname, '../../crds'));
  await mustKubectl(kubeconfig, 'wait', 'crd', '--all', '--for=condition=Established', '--timeout=240s');
  cluster = await loadCluster({ kubeconfig });
});
afterAll(async () => {
  await cluster.close();
  await controlPlane.stop();
});

/** Does the API server keep it, to the letter? */
async function isKept({ mailServer }: Crowd, name: string): Promise<boolean> {
  const manifest = { ...mailServer, metadata: { name }, status: undefined };
  await apply(controlPlane.kubeconfigPath, JSON.stringify(manifest));
  const created = await getObject<MailServer>(cluster, MAIL_SERVERS, { namespace: 'default', name });
  if (created === undefined) throw new Error('it is not there');
  const result = await replaceStatus(cluster, MAIL_SERVERS, { ...created, status: mailServer.status });
  if (result.outcome !== 'Written') return false;
  expect(result.object.status).toEqual(mailServer.status);
  return true;
}

describe('32 owners and four certificates', () => {
  test('renewed three times within an hour: less than 256 KiB', async () => {
    const ordinary = crowd(3, HOSTNAMES);
    expect(ordinary.reason).toBe('Published');
    expect(ordinary.largest / KIB).toBeLessThan(256);
    expect(await isKept(ordinary, 'ordinary')).toBe(true);
  });

  test('for a thousand hosts each, and renewed every minute without end: it still goes on', async () => {
    const endless = crowd(30, MANY_NAMES);
    expect(endless.reason).toBe('Published');
    expect(endless.largest / KIB).toBeLessThan(768);
    expect(await isKept(endless, 'endless')).toBe(true);
  });

  test('beside a whole certificate of others at each: it goes on', async () => {
    const beside = crowd(2, HOSTNAMES, [large(0)]);
    expect(beside.reason).toBe('Published');
    expect(beside.largest / KIB).toBeLessThan(640);
    expect(await isKept(beside, 'beside')).toBe(true);
  });
});

describe('more than fits: it is said, and nothing is changed', () => {
  test.each([
    ['large records', [1, 2, 3, 4, 5, 6].map(large), 'KiB'],
    ['very many', Array.from({ length: 256 }, () => `3 1 1 ${hash()}`), 'there is no room for recordSets.0.records'],
    ['one of 16 KiB', [`3 0 0 ${'ab'.repeat(9000)}`], 'there is no room for recordSets.0.records.1.data'],
  ])('%s', async (what, foreign, message) => {
    const buried = crowd(0, HOSTNAMES, foreign);
    expect(buried.reason).toBe('StatusTooLarge');
    expect(buried.message).toContain(message);
    expect(buried.writes).toBe(0);
    expect(await isKept(buried, what.replaceAll(' ', '-').toLowerCase())).toBe(true);
  });
});
