/**
 * Mode Gate, with cert-manager's real controllers: issued at once, held back until every sender has seen the records, then handed over. Many
 * scenarios side by side, as the shortest gate takes two and a half minutes.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { createIssuingCA } from '../support/issuing-ca.ts';
import { renewCertificate } from '../support/cert-manager.ts';
import { opensslSPKI } from '../support/openssl.ts';
import type { RunningOperator } from '../support/operator.ts';
import { eventually } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import type { MailServer } from '../../src/api/mail-server.ts';
import { createTenant, type Tenant } from './tenant.ts';

const RBAC = join(import.meta.dirname, '../../deploy/components/gate/gate.yaml');
const OURS = { group: 'tlsa-operator.io', kind: 'DaneIssuer', name: 'dane' };

let site: Site;
let operator: RunningOperator;
let lives = 0;

async function start(): Promise<void> {
  lives += 1;
  operator = await site.startOperator({
    name: `operator-${lives}`,
    args: [
      '--log-level=debug',
      '--leader-elect=false',
      '--gate=true',
      '--certificate-request-minimum-backoff-duration=1s',
    ],
  });
}

beforeAll(async () => {
  site = await startSite({ certManager: true });
  await site.kubectl('apply', `--filename=${RBAC}`);
  await start();
});
afterAll(async () => {
  await site.stop();
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface Request {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Record<string, string> };
  readonly spec: { readonly request: string; readonly issuerRef: { readonly group?: string; readonly name: string } };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly certificate?: string };
}

/** A namespace with a certificate authority, a DaneIssuer around it, and a Certificate for its host. */
async function gated(name: string, wrapped: object = { name: 'issuing-ca' }): Promise<Tenant> {
  const tenant = await createTenant(site, name);
  await createIssuingCA(site.kubeconfig, name);
  await daneIssuer(tenant, wrapped);
  return tenant;
}

async function daneIssuer(tenant: Tenant, issuerRef: object): Promise<void> {
  await tenant.apply({
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'DaneIssuer',
    metadata: { name: 'dane' },
    spec: { issuerRef },
  });
}

async function certificate(tenant: Tenant, more: object = {}, issuerRef: object = OURS): Promise<void> {
  await tenant.apply({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'mx' },
    spec: {
      secretName: 'tls',
      dnsNames: [tenant.hostname],
      privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Always' },
      issuerRef,
      ...more,
    },
  });
}

const renew = (tenant: Tenant): Promise<void> => renewCertificate(site.kubeconfig, tenant.namespace, 'mx');

async function untilIssued(tenant: Tenant): Promise<void> {
  await tenant.kubectl('wait', 'certificate/mx', '--for=condition=Ready', '--timeout=60s');
}

async function requests(tenant: Tenant): Promise<readonly Request[]> {
  const text = await tenant.kubectl('get', 'certificaterequests', '--output=json');
  return (JSON.parse(text) as { items: Request[] }).items;
}

const isOurs = ({ spec }: Request): boolean => spec.issuerRef.group === OURS.group;
const readyOf = ({ status }: Request): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready');

/** The request of cert-manager that waits, once its `Ready` says this. */
async function untilPending(tenant: Tenant, message: RegExp): Promise<Request> {
  let last: unknown;
  const found = async (): Promise<Request | undefined> => {
    const all = (await requests(tenant)).filter(isOurs);
    last = all.map((request) => [request.metadata.name, readyOf(request)]);
    return all.find(
      (request) => readyOf(request)?.reason === 'Pending' && message.test(readyOf(request)?.message ?? ''),
    );
  };
  try {
    return await eventually(`${tenant.namespace}: a request is pending: ${String(message)}`, found);
  } catch (cause) {
    throw new Error(`last seen: ${JSON.stringify(last)}`, { cause });
  }
}

async function childrenOf(tenant: Tenant, { metadata }: Request): Promise<readonly Request[]> {
  return (await requests(tenant)).filter(
    (one) => one.metadata.labels?.['tlsa-operator.io/request-uid'] === metadata.uid,
  );
}

/** Lower-case hexadecimal SHA-256 of the key of what the Secret holds. */
async function servedKey(tenant: Tenant): Promise<string> {
  const text = await tenant.kubectl('get', 'secret/tls', '--output=jsonpath={.data.tls\\.crt}');
  return opensslSPKI(Buffer.from(text, 'base64').toString());
}

type Certificate = NonNullable<MailServer['status']['certificates']>[number];

async function certificateStatus(tenant: Tenant, name = 'mx'): Promise<Certificate | undefined> {
  return (await tenant.get(`mailserver/${name}`)).status.certificates?.[0];
}

async function untilCandidate(tenant: Tenant, stage: string, reason: string, name?: string): Promise<Certificate> {
  let last: unknown;
  const found = async (): Promise<Certificate | undefined> => {
    const status = await certificateStatus(tenant, name);
    last = status;
    return status?.candidate?.stage === stage && status.candidate.reason === reason ? status : undefined;
  };
  try {
    return await eventually(`${tenant.namespace}: the candidate is ${stage} (${reason})`, found);
  } catch (cause) {
    throw new Error(`last seen: ${JSON.stringify(last)}`, { cause });
  }
}

const keyIn = ({ chains }: Pick<Certificate, 'chains'>, state: string): string =>
  chains.find((chain) => chain.state === state)?.spkiSHA256 ?? '';

const leavesIn = (records: readonly string[]): string[] =>
  records.filter((record) => record.startsWith('3 1 1 ')).map((record) => record.slice('3 1 1 '.length));

async function untilServed(tenant: Tenant, key: string, timeoutMs?: number): Promise<void> {
  await eventually(
    `${tenant.namespace}: the Secret holds it`,
    async () => (await servedKey(tenant)) === key,
    timeoutMs,
  );
}

async function releaseNow(tenant: Tenant, key: string, name = 'mx'): Promise<void> {
  await tenant.kubectl('annotate', `mailserver/${name}`, '--overwrite', `tlsa-operator.io/release-now=${key}`);
}

/** The first certificate is served and its records are published. */
async function protectedHost(name: string, spec: object = {}): Promise<Tenant> {
  const tenant = await gated(name);
  await tenant.mailServer({ rollover: { retireAfter: '1m', waitTTLs: 1 }, ...spec });
  await certificate(tenant);
  await untilIssued(tenant);
  await tenant.until('Ready=True');
  return tenant;
}

const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  'a renewal is issued at once, published, held back, and handed over when the gate opens': async () => {
    const tenant = await protectedHost('renewal');
    const first = await servedKey(tenant);
    expect(leavesIn(await tenant.published())).toEqual([first]);
    expect(await certificateStatus(tenant)).toMatchObject({ mode: 'Gate' });
    expect(await tenant.condition('Covered')).toMatchObject({ status: 'True', reason: 'Gated' });

    await renew(tenant);
    const { candidate, ...status } = await untilCandidate(tenant, 'Waiting', 'WaitingForCaches');
    const next = keyIn(status, 'Candidate');
    expect(leavesIn(await tenant.published())).toEqual([first, next].sort());
    const parent = await untilPending(tenant, /held back .* by MailServer mx \(until /);
    expect(candidate?.requestName).toBe(parent.metadata.name);
    const [child] = await childrenOf(tenant, parent);
    expect(child?.spec).toMatchObject({ request: parent.spec.request, issuerRef: { name: 'issuing-ca' } });
    // What people wait for stays as it was.
    expect(await tenant.condition('Ready')).toMatchObject({ status: 'True' });
    await tenant.kubectl('wait', 'certificate/mx', '--for=condition=Ready', '--timeout=1s');
    expect(await servedKey(tenant)).toBe(first);

    await untilServed(tenant, next, 300_000);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(candidate?.gateOpensAt ?? ''));
    await eventually('it is the one that is served', async () => {
      const is = await certificateStatus(tenant);
      return is !== undefined && keyIn(is, 'Serving') === next && keyIn(is, 'Former') === first;
    });
    await untilIssued(tenant);
  },

  'what no MailServer uses passes straight through, and so does what Promote withholds elsewhere': async () => {
    const tenant = await gated('straight');
    await certificate(tenant);
    await untilIssued(tenant);
    await tenant.mailServer({ certificates: [{ secretName: 'tls', servingSecretName: 'live' }] });
    await tenant.until('Stalled=True SourceNotAnnotated');
    const before = await servedKey(tenant);
    await renew(tenant);
    await eventually('it is renewed', async () => (await servedKey(tenant)) !== before);
  },

  'a CA switch needs nothing but another issuer in the DaneIssuer; by hand it is handed over at once': async () => {
    const tenant = await protectedHost('switch');
    const [first, anchors] = [await servedKey(tenant), await tenant.published()];
    await daneIssuer(tenant, { name: 'root-ca' });
    await renew(tenant);
    const next = keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers'), 'Candidate');
    // The root does not send itself along: for as long as that chain may be met, there is no 2 1 1.
    await tenant.untilPublished([`3 1 1 ${first}`, `3 1 1 ${next}`].sort());
    expect(anchors).toHaveLength(2);
    await releaseNow(tenant, next);
    await untilServed(tenant, next);
  },

  'an issuer that is not there is waited for, ours and the one behind it': async () => {
    const tenant = await createTenant(site, 'absent');
    await tenant.mailServer();
    await certificate(tenant);
    await untilPending(tenant, /there is no DaneIssuer\/absent\/dane/);
    await daneIssuer(tenant, { name: 'issuing-ca' });
    await untilPending(tenant, /Issuer issuing-ca has not answered/);
    await createIssuingCA(site.kubeconfig, tenant.namespace);
    await untilIssued(tenant);
    await tenant.until('Ready=True');
  },

  'an issuer that fails is asked again for the same key; nothing is published for it; one who denies ends it':
    async () => {
      const tenant = await gated('failing', { group: 'issuers.example.com', kind: 'Slow', name: 'one' });
      await tenant.mailServer();
      await certificate(tenant);
      const parent = await untilPending(tenant, /Slow one has not answered/);
      const answer = async (name: string, conditions: readonly object[]): Promise<void> => {
        const patch = JSON.stringify({ status: { conditions } });
        const target = ['patch', `certificaterequest/${name}`, '--subresource=status', '--type=merge'];
        await tenant.kubectl(...target, `--patch=${patch}`);
      };
      const time = { lastTransitionTime: new Date().toISOString().replace(/\.\d+/, '') };
      const failed = { type: 'Ready', status: 'False', reason: 'Failed', message: 'no luck', ...time };
      const nameOf = (number: number): string => `dane-${parent.metadata.uid}-${number}`;
      for (const number of [1, 2, 3]) {
        const child = await eventually(`try ${number}`, async () =>
          (await childrenOf(tenant, parent)).find(({ metadata }) => metadata.name === nameOf(number)),
        );
        expect(child.spec.request).toBe(parent.spec.request);
        await answer(child.metadata.name, [failed]);
      }
      const last = await eventually('the fourth try, and of those before it the last', async () => {
        const names = (await childrenOf(tenant, parent)).map(({ metadata }) => metadata.name).sort();
        return names.join() === [nameOf(3), nameOf(4)].join() ? nameOf(4) : undefined;
      });
      expect(await tenant.published()).toEqual([]);
      await answer(last, [{ type: 'Denied', status: 'True', reason: 'Policy', message: 'no', ...time }]);
      await eventually('cert-manager is told, and throws the key away', async () =>
        (await requests(tenant)).some(
          (request) => request.metadata.uid === parent.metadata.uid && readyOf(request)?.reason === 'Failed',
        ),
      );
    },

  'a child, or the request itself, that is deleted while it waits is made again': async () => {
    const tenant = await protectedHost('deleted');
    const first = await servedKey(tenant);
    await renew(tenant);
    const { candidate } = await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
    const request = `certificaterequest/${candidate?.requestName ?? ''}`;
    const [parent] = (await requests(tenant)).filter(({ metadata }) => metadata.name === candidate?.requestName);
    const [child] = parent === undefined ? [] : await childrenOf(tenant, parent);
    await tenant.kubectl('delete', `certificaterequest/${child?.metadata.name ?? ''}`);
    await eventually('another child', async () => {
      const [other] = parent === undefined ? [] : await childrenOf(tenant, parent);
      return other !== undefined && other.metadata.uid !== child?.metadata.uid;
    });
    await tenant.kubectl('delete', request);
    // cert-manager makes one of the same name, for the same key.
    const again = await untilPending(tenant, /held back/);
    expect(again.metadata.uid).not.toBe(parent?.metadata.uid);
    expect(await servedKey(tenant)).toBe(first);
    const next = keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers'), 'Candidate');
    await releaseNow(tenant, next);
    await untilServed(tenant, next);
  },

  'what one of two MailServers withholds, the other does not hand over; a Certificate that changes again and again stays held':
    async () => {
      const tenant = await gated('shared');
      const names = [tenant.hostname, `second.${tenant.hostname}`];
      const rollover = { retireAfter: '1m', waitTTLs: 1 };
      await tenant.mailServer({ rollover });
      await tenant.mailServer({ rollover, hostnames: names.slice(1) }, 'mx2');
      await certificate(tenant, { dnsNames: names });
      await untilIssued(tenant);
      await tenant.until('Ready=True');
      await tenant.until('Ready=True', 'mailserver/mx2');
      await tenant.patch({ suspend: true }, 'mailserver/mx2');
      const first = await servedKey(tenant);
      for (const more of ['a', 'b', 'c', 'd']) {
        await certificate(tenant, { dnsNames: [...names, `${more}.${tenant.hostname}`] });
        await eventually(`${more} is issued and held back`, async () => {
          const status = await certificateStatus(tenant);
          return status?.chains.some(
            (chain) => chain.state === 'Candidate' && chain.names.includes(`${more}.${tenant.hostname}`),
          );
        });
      }
      expect(await servedKey(tenant)).toBe(first);
      const next = keyIn((await certificateStatus(tenant)) ?? { chains: [] }, 'Candidate');
      await releaseNow(tenant, next);
      await untilCandidate(tenant, 'Withheld', 'WithheldByOther');
      await untilPending(tenant, /by MailServer mx.*, mx2/);
      expect(await servedKey(tenant)).toBe(first);
      await releaseNow(tenant, next, 'mx2');
      await untilServed(tenant, next);
    },

  'a MailServer that is deleted while a certificate waits: senders may have its records for a while, and it goes on waiting':
    async () => {
      const tenant = await protectedHost('going');
      const first = await servedKey(tenant);
      await renew(tenant);
      const { candidate } = await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
      const deletedAt = Date.now();
      await tenant.kubectl('delete', 'mailserver/mx', '--timeout=60s');
      const request = `certificaterequest/${candidate?.requestName ?? ''}`;
      const path = '{.metadata.annotations.tlsa-operator\\.io/not-before}';
      const notBefore = await tenant.kubectl('get', request, `--output=jsonpath=${path}`);
      // A TTL and a minute.
      expect(Date.parse(notBefore)).toBeGreaterThan(deletedAt + 100_000);
      await untilPending(tenant, new RegExp(`held back until ${notBefore}`));
      expect(await servedKey(tenant)).toBe(first);
      await tenant.kubectl('annotate', request, 'tlsa-operator.io/not-before-');
      await eventually('it is handed over', async () => (await servedKey(tenant)) !== first);
    },

  'a Secret that is lost is issued again and held back no longer than mail is down': async () => {
    const tenant = await protectedHost('lost');
    const first = await servedKey(tenant);
    await tenant.kubectl('delete', 'secret/tls');
    const status = await eventually('another is issued', async () => {
      const is = await certificateStatus(tenant);
      return is !== undefined && ![undefined, '', first].includes(keyIn(is, 'Candidate')) && is;
    });
    const next = keyIn(status, 'Candidate');
    await eventually('both are published', async () => {
      const keys = leavesIn(await tenant.published());
      return keys.includes(first) && keys.includes(next);
    });
    await releaseNow(tenant, next);
    await untilServed(tenant, next);
  },
};

const scenarios = new Map<string, Promise<void>>();

/** All at once; each test waits for its own. */
test('the scenarios are under way', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const running = scenario();
    running.catch(() => undefined);
    scenarios.set(name, running);
  }
});

test('killed while all of them wait: the next life goes on', async () => {
  await eventually(
    'one waits for its time',
    async () => {
      const path = '{.status.certificates[0].candidate.gateOpensAt}';
      const target = ['get', 'mailserver/mx', '--namespace=renewal', '--ignore-not-found', `--output=jsonpath=${path}`];
      return (await site.kubectl(...target)) !== '';
    },
    180_000,
  );
  await operator.program.stop('SIGKILL');
  await start();
}, 240_000);

test.each(Object.keys(SCENARIOS))(
  '%s',
  async (name) => {
    await scenarios.get(name);
  },
  400_000,
);
