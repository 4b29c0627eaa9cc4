/**
 * The rollovers that the operator promises, all at once, a host each, beside one witness: the operator is killed again and again, BIND
 * and the API server restart, a secondary lags 20 s behind, pods load what they mount some seconds late. In Gate and Promote each usage alone
 * must verify at all times (S), in Observe while `Covered` or `CASwitchSafe` the records together (W).
 * With `waitTTLs: 1` a gate takes three to five minutes: 20 s of lag, 30 s of answers and more where the operator was killed, a TTL, 60 s.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { loadCluster } from '../../src/kube/cluster.ts';
import { renewCertificate } from '../support/cert-manager.ts';
import { createIssuingCA } from '../support/issuing-ca.ts';
import { field } from '../support/kubectl.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';
import { eventually } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import { opensslSPKI } from '../support/openssl.ts';
import { inWords, startWitness, type Witness } from '../support/witness.ts';
import { disturb, lagBehind, type Disturbances } from './disturbances.ts';
import { again, Host, LIVE, PERMITTED, type Mode } from './host.ts';
import { seed } from './random.ts';

/** Where kills delay what is seen of the servers, a TTL of 60 s is over before the gate counts it: two hosts have a longer one. */
const PLACES = {
  'observe-renewal': { address: '10.53.1.10', ttlSeconds: 60 },
  'observe-switch': { address: '10.53.1.11', ttlSeconds: 120 },
  'observe-uncovered': { address: '10.53.1.12', ttlSeconds: 60 },
  'promote-renewal': { address: '10.53.1.13', ttlSeconds: 60 },
  'promote-switch': { address: '10.53.1.14', ttlSeconds: 120 },
  'promote-self-signed': { address: '10.53.1.15', ttlSeconds: 60 },
  'gate-renewal': { address: '10.53.1.16', ttlSeconds: 60 },
  'gate-switch': { address: '10.53.1.17', ttlSeconds: 120 },
} as const;
type Name = keyof typeof PLACES;

let site: Site;
let witness: Witness;
let cas: { readonly first: Issued; readonly second: Issued };
let disturbances: Disturbances;
const hosts: Host[] = [];
const caughtUp = new AbortController();
let lag: Promise<void>;

beforeAll(async () => {
  process.stderr.write(`SEED=${seed}\n`);
  const records = Object.entries(PLACES).map(([name, { address }]) => ({
    name: `${name}.example.nl`,
    type: 'A',
    data: address,
  }));
  site = await startSite({ certManager: true, secondary: 'Held', records });
  const root = await makeCA({ name: 'root' });
  const ca = (name: string): Promise<Issued> => makeCA({ name, issuer: root });
  cas = { first: await ca('first CA'), second: await ca('second CA') };
  await site.kubectl('apply', `--filename=${join(import.meta.dirname, '../../deploy/components/gate/gate.yaml')}`);
  witness = await startWitness({ dir: join(site.dir, 'witness'), chain: site.chain });
  lag = lagBehind(site.chain, caughtUp.signal);
  disturbances = disturb(site, witness);
});
afterAll(async () => {
  await disturbances.stop();
  caughtUp.abort();
  await lag;
  await Promise.all(hosts.map((host) => host.stop()));
  await site.stop();
});

async function host(mode: Mode, name: Name): Promise<Host> {
  const cluster = await loadCluster({ kubeconfig: site.kubeconfig });
  const one = await Host.create(site, cluster, witness, mode, name);
  hosts.push(one);
  return one;
}

const SCENARIOS: Readonly<Record<Name, (name: Name) => Promise<void>>> = {
  'observe-renewal': async (name) => {
    const mx = await host('Observe', name);
    const [old, next] = await certificates(mx, cas.first, cas.first);
    await mx.store(old);
    await mx.publish(PLACES[name], 'Lenient');
    await mx.until('Covered=True');
    await mx.store(next);
    await mx.untilSettled(next.chainPem);
  },

  'observe-switch': async (name) => {
    const mx = await host('Observe', name);
    const [old, next] = await certificates(mx, cas.first, cas.second);
    await mx.store(old);
    await mx.publish(PLACES[name], 'Lenient');
    await again(() => mx.tenant.patch({ announcedCAs: [{ name: 'second', certificate: cas.second.pem }] }));
    await mx.until('CASwitchSafe=True');
    await mx.store(next);
    await mx.untilSettled(next.chainPem);
  },

  // Nothing covers it, and status says so before: that some senders refuse the new certificate is what it said.
  'observe-uncovered': async (name) => {
    const mx = await host('Observe', name);
    const [old, next] = await certificates(mx, undefined, cas.first);
    await mx.store(old);
    await mx.publish(PLACES[name], 'Lenient');
    await mx.until('Covered=False NoTrustAnchor');
    witness.judgeBy(mx.hostname, 'Excused');
    await mx.store(next);
    await mx.untilServed(next.chainPem);
    const key = `3 1 1 ${await opensslSPKI(next.pem)}`;
    await eventually('all caches have the new key', () => mx.held().every((held) => held.includes(key)));
    witness.judgeBy(mx.hostname, 'Lenient');
    await mx.untilSettled(next.chainPem);
  },

  // By cert-manager.
  'promote-renewal': async (name) => {
    const mx = await host('Promote', name);
    await again(() => createIssuingCA(site.kubeconfig, name));
    const secretTemplate = { annotations: PERMITTED };
    await again(() => mx.tenant.apply(certificate(mx, { secretTemplate, issuerRef: { name: 'issuing-ca' } })));
    await mx.publish(PLACES[name], 'Strict');
    const old = await chainIn(name, LIVE);
    await again(() => renewCertificate(site.kubeconfig, name, 'mx'));
    await mx.untilSettled(await otherThan(old, name));
  },

  'promote-switch': (name) => promoteTo(name, cas.first, cas.second),

  'promote-self-signed': (name) => promoteTo(name, undefined, cas.first),

  'gate-renewal': (name) => gateTo(name, 'issuing-ca'),

  // Nothing but the issuer that is wrapped changes.
  'gate-switch': (name) => gateTo(name, 'second-ca'),
};

/** By cert-manager, once by `issuing-ca` and then by this one. */
async function gateTo(name: Name, issuer: string): Promise<void> {
  const mx = await host('Gate', name);
  await again(() => createIssuingCA(site.kubeconfig, name));
  const wrap = (wrapped: string): Promise<void> =>
    again(() =>
      mx.tenant.apply({
        apiVersion: 'tlsa-operator.io/v1alpha1',
        kind: 'DaneIssuer',
        metadata: { name: 'dane' },
        spec: { issuerRef: { name: wrapped } },
      }),
    );
  await wrap('issuing-ca');
  const issuerRef = { group: 'tlsa-operator.io', kind: 'DaneIssuer', name: 'dane' };
  await again(() => mx.tenant.apply(certificate(mx, { issuerRef })));
  // Nobody withholds the first one: the pod serves it before there is a MailServer.
  await again(() => mx.tenant.kubectl('wait', 'certificate/mx', '--for=condition=Ready', '--timeout=240s'));
  await mx.publish(PLACES[name], 'Strict');
  const old = await chainIn(name, 'tls');
  if (issuer !== 'issuing-ca') await again(() => createIssuingCA(site.kubeconfig, name, issuer));
  await wrap(issuer);
  await again(() => renewCertificate(site.kubeconfig, name, 'mx'));
  await mx.untilSettled(await otherThan(old, name));
}

function certificate({ hostname }: Host, more: object): object {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'mx' },
    spec: { secretName: 'tls', dnsNames: [hostname], privateKey: { algorithm: 'ECDSA' }, ...more },
  };
}

async function chainIn(namespace: Name, secret: string): Promise<string> {
  const encoded = await again(() => field(site.kubeconfig, namespace, `secret/${secret}`, '{.data.tls\\.crt}'));
  return Buffer.from(encoded, 'base64').toString();
}

/** What cert-manager has written at last. */
function otherThan(old: string, namespace: Name): Promise<string> {
  return eventually(
    'cert-manager has written another one',
    async () => {
      const found = await chainIn(namespace, 'tls');
      return found === old ? undefined : found;
    },
    500_000,
  );
}

async function promoteTo(name: Name, from: Issued | undefined, to: Issued): Promise<void> {
  const mx = await host('Promote', name);
  const [old, next] = await certificates(mx, from, to);
  await mx.store(old);
  await mx.publish(PLACES[name], 'Strict');
  await mx.store(next);
  await mx.untilSettled(next.chainPem);
}

/** One by each issuer; by none: self-signed. */
function certificates({ hostname }: Host, from: Issued | undefined, to: Issued): Promise<[Issued, Issued]> {
  const by = (issuer: Issued | undefined): Promise<Issued> =>
    makeLeaf({ names: [hostname], ...(issuer === undefined ? {} : { issuer }) });
  return Promise.all([by(from), by(to)]);
}

const running = new Map<string, Promise<void>>();

test('the rollovers are under way', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS) as [Name, (name: Name) => Promise<void>][]) {
    const one = scenario(name);
    one.catch(() => undefined);
    running.set(name, one);
  }
});

test.each(Object.keys(SCENARIOS))(
  '%s',
  async (name) => {
    await running.get(name);
  },
  1_200_000,
);

test('what was to go wrong did', async () => {
  process.stderr.write(`${(await disturbances.over).join('\n')}\n`);
});

test('no sender ever refused what was served', async () => {
  process.stderr.write(`${await witness.stop()}\n`);
  expect(witness.failedPolls()).toEqual([]);
  const refusals = witness.refusals();
  expect(refusals.filter(({ rule }) => rule !== 'Excused').map(inWords)).toEqual([]);
  expect(refusals.map(({ hostname }) => hostname)).toContain('observe-uncovered.example.nl');
});
