/**
 * Mode Promote: the records change first, the Secret that pods mount when every sender has seen them. Many scenarios side by side, as the
 * shortest gate takes two and a half minutes; the one with Postfix waits for it, the others end earlier.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MailServer } from '../../src/api/mail-server.ts';
import type { CertManager } from '../support/cert-manager.ts';
import { posttlsFinger } from '../support/dane-judges.ts';
import { startMailServer, type MailServerProgram } from '../support/mail-server.ts';
import { opensslSPKI } from '../support/openssl.ts';
import type { RunningOperator } from '../support/operator.ts';
import type { Issued } from '../support/pki.ts';
import { eventually } from '../support/process.ts';
import { SENDERS_RESOLVER, startSite, type Site } from '../support/site.ts';
import { installCertManager, keptKey, renewedTooLate } from './renewal-scenarios.ts';
import { createTenant, everIssued, issue, recordsOf, type Tenant } from './tenant.ts';

const ROLE = join(import.meta.dirname, '../../deploy/promote/role.yaml');
/** As the Role has it. */
const LIVE = 'mx1-tls-live';
const PERMITTED = { 'tlsa-operator.io/promote-to': LIVE };
const PROMOTED = {
  certificates: [{ secretName: 'tls', servingSecretName: LIVE }],
  rollover: { retireAfter: '1m', waitTTLs: 1 },
};
const POSTFIX = '10.53.1.10';

let site: Site;
let operator: RunningOperator;
let lives = 0;
const postfixes: MailServerProgram[] = [];
let certManager: Promise<CertManager> | undefined;
const scenarios = new Map<string, Promise<void>>();

async function start(): Promise<void> {
  lives += 1;
  operator = await site.startOperator({
    name: `operator-${lives}`,
    args: ['--log-level=debug', '--leader-elect=false'],
  });
}

beforeAll(async () => {
  site = await startSite({ records: [{ name: 'renewal.example.nl', type: 'A', data: POSTFIX }] });
  await start();
});
afterAll(async () => {
  await Promise.all(postfixes.map((one) => one.stop()));
  await (await certManager)?.stop();
  await site.stop();
});

/** A namespace in which the operator may write the serving Secret. */
async function promoter(name: string): Promise<Tenant> {
  const tenant = await createTenant(site, name);
  await tenant.kubectl('apply', `--filename=${ROLE}`);
  return tenant;
}

/** A new certificate in the source. */
async function renew(tenant: Tenant, ...names: readonly string[]): Promise<Issued> {
  const certificate = await issue(tenant.hostname, ...names);
  await tenant.store(certificate, 'tls', PERMITTED);
  return certificate;
}

interface LiveSecret {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly ownerReferences?: unknown;
  };
  readonly type: string;
  readonly data: Record<string, string>;
}

async function live(tenant: Tenant): Promise<LiveSecret | undefined> {
  const text = await tenant.kubectl('get', `secret/${LIVE}`, '--ignore-not-found', '--output=json');
  return text === '' ? undefined : (JSON.parse(text) as LiveSecret);
}

const decoded = (secret: LiveSecret | undefined, name: string): string =>
  Buffer.from(secret?.data[name] ?? '', 'base64').toString();

async function untilLive(tenant: Tenant, { chainPem, keyPem }: Issued): Promise<LiveSecret> {
  return eventually(`${tenant.namespace}: the certificate is in the Secret that pods mount`, async () => {
    const secret = await live(tenant);
    const isThere = decoded(secret, 'tls.crt') === chainPem && decoded(secret, 'tls.key') === keyPem;
    return isThere ? secret : undefined;
  });
}

async function expectLive(tenant: Tenant, certificate: Issued): Promise<void> {
  expect(decoded(await live(tenant), 'tls.crt')).toBe(certificate.chainPem);
}

const keyOf = ({ pem }: Issued): Promise<string> => opensslSPKI(pem);
const releaseNow = async (tenant: Tenant, certificate: Issued, name = 'mx'): Promise<void> => {
  const annotation = `tlsa-operator.io/release-now=${await keyOf(certificate)}`;
  await tenant.kubectl('annotate', `mailserver/${name}`, '--overwrite', annotation);
};

type Certificate = NonNullable<MailServer['status']['certificates']>[number];

async function certificateOf(tenant: Tenant, name = 'mx'): Promise<Certificate | undefined> {
  return (await tenant.get(`mailserver/${name}`)).status.certificates?.[0];
}

/** Waits until the candidate is at this stage, for this reason. */
async function untilCandidate(tenant: Tenant, stage: string, reason: string, name?: string): Promise<Certificate> {
  return eventually(`${tenant.namespace}: the candidate is ${stage} (${reason})`, async () => {
    const certificate = await certificateOf(tenant, name);
    const { candidate } = certificate ?? {};
    return candidate?.stage === stage && candidate.reason === reason ? certificate : undefined;
  });
}

/** Waits until the chains of these certificates, and no others, are in these states. */
async function untilStates(tenant: Tenant, ...wanted: readonly (readonly [Issued, string])[]): Promise<void> {
  const chains = await Promise.all(wanted.map(async ([certificate, state]) => [await keyOf(certificate), state]));
  const expected = JSON.stringify(chains.sort());
  let last: unknown;
  try {
    await eventually('the chains are in these states', async () => {
      const { chains: found = [] } = (await certificateOf(tenant)) ?? {};
      last = JSON.stringify(found.map(({ spkiSHA256, state }) => [spkiSHA256, state]).sort());
      return last === expected;
    });
  } catch (cause) {
    throw new Error(`${tenant.namespace}: ${String(last)} instead of ${expected}`, { cause });
  }
}

async function eventReasons(tenant: Tenant): Promise<string[]> {
  const { items } = JSON.parse(await tenant.kubectl('get', 'events', '--output=json')) as {
    items: { reason: string }[];
  };
  return items.map(({ reason }) => reason);
}

async function untilEvent(tenant: Tenant, reason: string): Promise<void> {
  await eventually(`${tenant.namespace}: event ${reason}`, async () => (await eventReasons(tenant)).includes(reason));
}

/** The first certificate is in the serving Secret, and its records are published. Nothing looks at a server. */
async function promoted(name: string): Promise<{ tenant: Tenant; certificate: Issued }> {
  const tenant = await promoter(name);
  const certificate = await renew(tenant);
  await tenant.mailServer(PROMOTED);
  await untilLive(tenant, certificate);
  await tenant.until('Ready=True');
  return { tenant, certificate };
}

test('killed between the open gate and the release, and right after it: the next life goes on', async () => {
  const tenant = await createTenant(site, 'killed');
  const certificate = await renew(tenant);
  await tenant.mailServer(PROMOTED);
  // Without the Role the gate can open and no release can be made.
  await tenant.until('Stalled=True PromoteForbidden');
  expect((await certificateOf(tenant))?.candidate).toMatchObject({ stage: 'Open' });
  await operator.program.stop('SIGKILL');
  await tenant.kubectl('apply', `--filename=${ROLE}`);
  expect(await live(tenant)).toBeUndefined();

  await start();
  const { metadata } = await untilLive(tenant, certificate);
  await operator.program.stop('SIGKILL');
  await start();
  await untilStates(tenant, [certificate, 'Serving']);
  await tenant.until('Ready=True');
  expect((await live(tenant))?.metadata.resourceVersion).toBe(metadata.resourceVersion);
});

const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  'the first certificate is served at once; a renewal when every sender has its records: mail flows all the time':
    async () => {
      const tenant = await promoter('renewal');
      const first = await renew(tenant);
      await tenant.mailServer({ ...PROMOTED, verification: { probe: 'Enabled', interval: '1m' } });
      await untilLive(tenant, first);
      expect(await tenant.published()).toEqual([]);
      const postfix = await startMailServer({
        dir: join(site.dir, 'renewal'),
        kubeconfig: site.kubeconfig,
        namespace: tenant.namespace,
        secretName: LIVE,
        hostname: tenant.hostname,
        address: POSTFIX,
      });
      postfixes.push(postfix);
      await tenant.untilPublished(await recordsOf(first));
      await tenant.until('Ready=True');

      const next = await renew(tenant);
      await tenant.untilPublished(await recordsOf(first, next));
      const { gateOpensAt } = (await untilCandidate(tenant, 'Waiting', 'WaitingForCaches')).candidate ?? {};
      await expectLive(tenant, first);
      const { recordSets = [], conditions = [] } = (await tenant.get()).status;
      const { writtenAt } = recordSets[0]?.versions.at(-1) ?? {};
      // Seen for half a minute at every server, then one TTL, and a minute.
      expect(Date.parse(gateOpensAt ?? '') - Date.parse(writtenAt ?? '')).toBeGreaterThanOrEqual(150_000);
      expect(conditions.filter(({ type }) => type === 'Ready' || type === 'Reconciling')).toMatchObject([
        { type: 'Ready', status: 'True' },
      ]);
      await untilEvent(tenant, 'WaitingForCaches');

      let isReleased = false;
      while (!isReleased) {
        await delay(1_000);
        const serving = decoded(await live(tenant), 'tls.crt');
        const record = `3 1 1 ${await opensslSPKI(serving)}`;
        expect(await tenant.published()).toContain(record);
        expect(await posttlsFinger({ hostname: tenant.hostname, nameserver: SENDERS_RESOLVER })).toMatchObject({
          verified: true,
        });
        isReleased = serving === next.chainPem;
        if (!isReleased) expect(serving).toBe(first.chainPem);
      }
      await untilLive(tenant, next);
      await untilStates(tenant, [next, 'Serving'], [first, 'Former']);
      const since = (await certificateOf(tenant))?.chains[0]?.since ?? '';
      expect(Date.parse(since)).toBeGreaterThanOrEqual(Date.parse(gateOpensAt ?? ''));
      await postfix.reloaded();
      expect(await posttlsFinger({ hostname: tenant.hostname, nameserver: SENDERS_RESOLVER })).toMatchObject({
        verified: true,
      });
      await untilEvent(tenant, 'Released');
      const reasons = await eventReasons(tenant);
      // The first and the next: neither was found or retired when it was released.
      expect(reasons.filter((reason) => reason === 'CandidateFound')).toHaveLength(2);
      expect(reasons.filter((reason) => /^Certificate|Dropped/.test(reason))).toEqual([]);
    },

  'a source that does not permit it is not copied': async () => {
    const tenant = await promoter('unannotated');
    const certificate = await tenant.renew();
    await tenant.mailServer(PROMOTED);
    await tenant.until('Stalled=True SourceNotAnnotated');
    expect(await live(tenant)).toBeUndefined();
    await tenant.store(certificate, 'tls', { 'tlsa-operator.io/promote-to': 'another' });
    await tenant.pass();
    await tenant.until('Stalled=True SourceNotAnnotated');
    expect(await live(tenant)).toBeUndefined();
    await tenant.store(certificate, 'tls', PERMITTED);
    const { metadata, type, data } = await untilLive(tenant, certificate);
    expect({ type, keys: Object.keys(data).sort(), owners: metadata.ownerReferences }).toEqual({
      type: 'kubernetes.io/tls',
      keys: ['tls.crt', 'tls.key'],
      owners: undefined,
    });
    expect(metadata).toMatchObject({
      labels: { 'app.kubernetes.io/managed-by': 'tlsa-operator' },
      annotations: { 'tlsa-operator.io/serving-for': 'mx' },
    });
  },

  'a Secret of somebody else is not touched, until it is given': async () => {
    const tenant = await promoter('taken-over');
    const [theirs, ours] = [await issue(tenant.hostname), await renew(tenant)];
    await tenant.store(theirs, LIVE, { theirs: 'stays' });
    await tenant.kubectl('patch', `secret/${LIVE}`, '--type=merge', '--patch={"stringData":{"extra":"1"}}');
    await tenant.mailServer(PROMOTED);
    await tenant.until('Stalled=True ServingSecretNotOurs');
    await expectLive(tenant, theirs);
    await tenant.kubectl('annotate', `secret/${LIVE}`, 'tlsa-operator.io/serving-for=other, mx');
    // Pods may present it: its record is published too, and what replaces it waits.
    await tenant.untilPublished(await recordsOf(theirs, ours));
    await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
    await expectLive(tenant, theirs);
    await tenant.kubectl('annotate', 'mailserver/mx', `tlsa-operator.io/release-now=${'0'.repeat(64)}`);
    await untilEvent(tenant, 'ReleaseNowIgnored');
    await expectLive(tenant, theirs);
    await releaseNow(tenant, ours);
    const { metadata, data } = await untilLive(tenant, ours);
    expect(Object.keys(data).sort()).toEqual(['tls.crt', 'tls.key']);
    expect(metadata.annotations).toMatchObject({ theirs: 'stays', 'tlsa-operator.io/serving-for': 'other,mx' });
    await untilStates(tenant, [ours, 'Serving'], [theirs, 'Former']);
  },

  'what one of two MailServers that share it withholds, the other does not release': async () => {
    const tenant = await promoter('shared');
    const hostname = `second.${tenant.hostname}`;
    const first = await renew(tenant, hostname);
    await tenant.mailServer(PROMOTED);
    await tenant.mailServer({ ...PROMOTED, hostnames: [hostname] }, 'mx2');
    const { metadata } = await untilLive(tenant, first);
    expect(metadata.annotations?.['tlsa-operator.io/serving-for']?.split(',')).toContain('mx');
    await tenant.until('Ready=True');
    await tenant.until('Ready=True', 'mailserver/mx2');
    await tenant.patch({ suspend: true }, 'mailserver/mx2');
    const next = await renew(tenant, hostname);
    await untilCandidate(tenant, 'Withheld', 'Suspended', 'mx2');
    await releaseNow(tenant, next);
    await untilCandidate(tenant, 'Withheld', 'WithheldByOther');
    expect((await tenant.get()).status.rollover?.reason).toContain('mx2');
    await expectLive(tenant, first);
    await releaseNow(tenant, next, 'mx2');
    const { metadata: shared } = await untilLive(tenant, next);
    expect(shared.annotations?.['tlsa-operator.io/serving-for']?.split(',').sort()).toEqual(['mx', 'mx2']);

    // Another joins: it is named without a release. The first goes: the Secret is not without a writer, and what senders remember of
    // its records is not forgotten.
    await tenant.mailServer({ ...PROMOTED, hostnames: [`joins.${tenant.hostname}`] }, 'mx0');
    await eventually('it is named at once', async () =>
      (await live(tenant))?.metadata.annotations?.['tlsa-operator.io/serving-for']?.split(',').includes('mx0'),
    );
    await tenant.patch({ suspend: false }, 'mailserver/mx2');
    await tenant.until('Ready=True', 'mailserver/mx2');
    await tenant.kubectl('delete', 'mailserver/mx2', '--timeout=240s');
    expect(await tenant.published(hostname)).toEqual([]);
    const remembered = (await tenant.get()).status.recordSets?.find(({ owner }) => owner.endsWith(`.${hostname}`));
    expect(remembered).toMatchObject({ owner: `_25._tcp.${hostname}`, records: [] });
    expect(remembered?.versions.flatMap(({ records }) => records)).toContain(`3 1 1 ${await keyOf(first)}`);
    await tenant.kubectl('delete', 'mailserver/mx0', '--timeout=240s');

    const rival = { certificates: [{ secretName: LIVE }], hostnames: [`third.${tenant.hostname}`] };
    await tenant.mailServer(rival, 'rival');
    await tenant.until('Stalled=True ServingSecretConflict');
    await tenant.kubectl('delete', 'mailserver/rival', '--timeout=240s');
    await tenant.until('Ready=True');
  },

  'a source that is deleted, or renewed once more, while its certificate waits': async () => {
    const { tenant, certificate: first } = await promoted('dropped');
    const deleted = await renew(tenant);
    await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
    await tenant.kubectl('delete', 'secret/tls');
    await untilStates(tenant, [first, 'Serving'], [deleted, 'Dropped']);
    const replaced = await renew(tenant);
    await untilStates(tenant, [first, 'Serving'], [deleted, 'Dropped'], [replaced, 'Candidate']);
    const last = await renew(tenant);
    await untilStates(tenant, [first, 'Serving'], [deleted, 'Dropped'], [replaced, 'Dropped'], [last, 'Candidate']);
    await tenant.untilPublished(await recordsOf(first, deleted, replaced, last));
    await expectLive(tenant, first);
    await untilEvent(tenant, 'CandidateDropped');
    await releaseNow(tenant, replaced);
    await tenant.pass();
    await expectLive(tenant, first);
    await releaseNow(tenant, last);
    await untilLive(tenant, last);
  },

  'a serving Secret that somebody changes while a certificate waits: nothing of what is met loses its record':
    async () => {
      const { tenant, certificate: first } = await promoted('by-hand');
      const next = await renew(tenant);
      await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
      const byHand = await issue(tenant.hostname);
      await tenant.store(byHand, LIVE, { 'tlsa-operator.io/serving-for': 'mx' });
      await untilStates(tenant, [first, 'Former'], [byHand, 'Serving'], [next, 'Candidate']);
      await tenant.untilPublished(await recordsOf(first, byHand, next));
      await releaseNow(tenant, next);
      await untilLive(tenant, next);
      await untilStates(tenant, [first, 'Former'], [byHand, 'Former'], [next, 'Serving']);
    },

  'a certificate that is renewed too late for the wait, or lives too short: told at once, with the number to set':
    async () => {
      const tenant = await promoter('too-late');
      await eventually('cert-manager is there', () => certManager !== undefined);
      await certManager;
      await renewedTooLate(tenant, PROMOTED);
    },

  'a MailServer that begins to promote: the Secret is made from what is served, and made again when it is lost':
    async () => {
      const tenant = await promoter('begins');
      const certificate = await renew(tenant);
      await tenant.mailServer();
      await tenant.until('Ready=True');
      await tenant.patch(PROMOTED);
      await releaseNow(tenant, certificate);
      await untilLive(tenant, certificate);
      await untilStates(tenant, [certificate, 'Serving']);
      await tenant.kubectl('delete', `secret/${LIVE}`);
      await untilLive(tenant, certificate);
    },

  'Certificates, as soon as cert-manager is there: a key that stays covers renewals, for as long as it does':
    async () => {
      const tenant = await createTenant(site, 'kept-key');
      certManager = installCertManager(tenant, operator);
      await certManager;
      await keptKey(tenant);
    },

  'a MailServer that gets another name while a certificate waits: the wait goes on where it was': async () => {
    const { tenant, certificate: first } = await promoted('renaming');
    const next = await renew(tenant);
    await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
    const [before] = (await tenant.get()).status.recordSets ?? [];
    await tenant.mailServer(PROMOTED, 'mail');
    await tenant.kubectl('delete', 'mailserver/mx', '--timeout=240s');
    await untilCandidate(tenant, 'Waiting', 'WaitingForServers', 'mail');
    const [after] = (await tenant.get('mailserver/mail')).status.recordSets ?? [];
    expect(after?.versions.slice(0, before?.versions.length)).toMatchObject(
      (before?.versions ?? []).map(({ n, kind, records }) => ({ n, kind, records })),
    );
    await tenant.untilPublished(await recordsOf(first, next));
    await expectLive(tenant, first);
    expect((await live(tenant))?.metadata.annotations?.['tlsa-operator.io/serving-for']).toBe('mx,mail');
    await releaseNow(tenant, next, 'mail');
    await untilLive(tenant, next);
  },

  'a Secret of that name that cannot be written': async () => {
    const tenant = await promoter('unusable');
    const metadata = { name: LIVE, annotations: { 'tlsa-operator.io/serving-for': 'mx' } };
    await tenant.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { of: 'another type' } });
    const certificate = await renew(tenant);
    await tenant.mailServer(PROMOTED);
    await tenant.until('Stalled=True ServingSecretUnusable');
    expect(decoded(await live(tenant), 'of')).toBe('another type');
    await tenant.kubectl('delete', `secret/${LIVE}`);
    await tenant.pass();
    await untilLive(tenant, certificate);
    await tenant.until('Ready=True');
  },
};

/** All at once; each test waits for its own. */
test('the scenarios are under way', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const running = scenario();
    running.catch(() => undefined);
    scenarios.set(name, running);
  }
});

test.each(Object.keys(SCENARIOS))('%s', async (name) => {
  await scenarios.get(name);
});

test('no private key shows up anywhere', async () => {
  const logs = readdirSync(site.dir).filter((name) => name.endsWith('.log'));
  const places = {
    ...Object.fromEntries(logs.map((name) => [name, readFileSync(join(site.dir, name), 'latin1')])),
    objects: await site.kubectl('get', 'mailservers,events', '--all-namespaces', '--output=json'),
    metrics: (await operator.get('/metrics')).body,
  };
  expect(logs).toHaveLength(lives);
  expect(places.objects).toContain('Released');
  const needles = everIssued.flatMap(({ keyPem }) => [
    ...keyPem.trim().split('\n').slice(1, -1),
    Buffer.from(keyPem).toString('base64').slice(60, 120),
  ]);
  const found = Object.entries(places).flatMap(([place, text]) =>
    needles.filter((needle) => text.includes(needle)).map(() => place),
  );
  expect(found).toEqual([]);
});
