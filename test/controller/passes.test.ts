/** What passes over one MailServer find out of a change that is on its way: real name servers, and nothing of Kubernetes but its objects. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mailServerSpec, type MailServer } from '../../src/api/mail-server.ts';
import { ActiveProviders } from '../../src/controller/active-providers.ts';
import { Claims } from '../../src/controller/claims.ts';
import { EmptyNonTerminals } from '../../src/controller/empty-non-terminals.ts';
import { EndpointProbes } from '../../src/controller/endpoint-probes.ts';
import { FINALIZER, gather, type Sources } from '../../src/controller/gather.ts';
import { reconcileMailServer } from '../../src/controller/reconcile-mail-server.ts';
import { SecretChains } from '../../src/controller/secret-chains.ts';
import { SettledChanges } from '../../src/controller/settled-changes.ts';
import { ServerAnswers, type Watch } from '../../src/controller/server-answers.ts';
import { createStores } from '../../src/controller/stores.ts';
import type { AttemptMemory } from '../../src/controller/write-attempt.ts';
import { ZoneNameServers } from '../../src/controller/zone-name-servers.ts';
import { ZoneWatch } from '../../src/controller/zone-watch.ts';
import type { OwnerFacts } from '../../src/core/facts.ts';
import { isSerialAtLeast } from '../../src/core/serial.ts';
import { placeOf } from '../../src/core/place.ts';
import type { Version } from '../../src/core/state.ts';
import { daneEE, formatTlsa } from '../../src/core/tlsa.ts';
import { createRfc2136Provider } from '../../src/dns/providers/rfc2136/index.ts';
import { createZoneWriter } from '../../src/dns/providers/zone-writer.ts';
import { rememberedLookups } from '../../src/dns/remembered-lookups.ts';
import { createLogger } from '../../src/observe/log.ts';
import { startHeldChain, type HeldChain } from './held-chain.ts';

const hostname = 'mx1.example.nl';
const owner = `_25._tcp.${hostname}`;
const a = daneEE('01'.repeat(32));
const since = '2026-11-22T12:00:00Z';

/** It published, and is to withdraw. */
const MAIL_SERVER: MailServer = {
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'MailServer',
  metadata: {
    name: 'mx1',
    namespace: 'mail',
    uid: 'uid',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: since,
    finalizers: [FINALIZER],
  },
  spec: mailServerSpec.parse({
    hostnames: [hostname],
    certificates: [{ secretName: 'tls' }],
    providerRef: { name: 'bind' },
    ttlSeconds: 60,
    publish: false,
    verification: { probe: 'Disabled' },
  }),
  status: {
    observedGeneration: 1,
    recordSets: [
      {
        owner,
        provider: 'DNSProvider/bind',
        zone: 'example.nl',
        ttlSeconds: 60,
        records: [{ data: formatTlsa(a), role: 'Former' }],
        versions: [{ n: 1, kind: 'Written', records: [formatTlsa(a)], ttlSeconds: 60, writtenAt: since }],
      },
    ],
  },
};

const [PUBLISHED] = MAIL_SERVER.status.recordSets ?? [];
const NOTHING: Version = { n: 0, kind: 'Written', records: [], ttlSeconds: 0, writtenAt: since };
/** The same, a moment after it published. */
const WITH_PAST: MailServer = {
  ...MAIL_SERVER,
  status: {
    ...MAIL_SERVER.status,
    recordSets: PUBLISHED === undefined ? [] : [{ ...PUBLISHED, versions: [NOTHING, ...PUBLISHED.versions] }],
  },
};

const PLACE = placeOf({ owner, zone: 'example.nl' });
const log = createLogger({ level: 'silent', format: 'json' });
const now = (): number => Date.parse(since);
let held: HeldChain;
let sources: Sources;

beforeAll(async () => {
  held = await startHeldChain({
    records: [
      { name: hostname, type: 'A', data: '10.53.2.14' },
      { name: owner, type: 'TLSA', data: formatTlsa(a) },
    ],
  });
  const { chain, resolver } = held;
  const { tsigKey, primary } = chain;
  const dns = createRfc2136Provider({
    server: primary.address,
    tsigKeyName: tsigKey.name,
    tsigAlgorithm: tsigKey.algorithm,
    tsigSecret: tsigKey.secret,
    now: Date.now,
  });
  const providers = new ActiveProviders(now);
  providers.ready('DNSProvider/mail/bind', { dns, writer: createZoneWriter(dns), allow: undefined });
  const stores = createStores(log);
  sources = {
    now,
    startedAt: now(),
    clockSkewMs: () => 0,
    providers,
    resolver: rememberedLookups(resolver, now),
    secrets: new SecretChains(stores.secrets, () => Promise.resolve(undefined)),
    claims: new Claims({ ...stores, providers }),
    mailServers: stores.mailServers,
    gate: undefined,
    promotions: { ...stores, lastError: () => undefined },
    renewals: stores,
    serverAnswers: new ServerAnswers(new ZoneNameServers(resolver, now), now),
    settledChanges: new SettledChanges(now),
    zoneWatch: new ZoneWatch(new ZoneNameServers(resolver, now), resolver, now),
    emptyNonTerminals: new EmptyNonTerminals(now),
    probes: new EndpointProbes(() => Promise.reject(new Error('nothing is probed')), now, Math.random),
    readService: () => Promise.reject(new Error('no Service is named')),
  };
});
afterAll(() => held.stop());

test('what each server answers, and the serial, from before the write until it is confirmed', async () => {
  let mailServer = MAIL_SERVER;
  const attempts: AttemptMemory = new Map();
  const look = async (object = mailServer): Promise<OwnerFacts> => {
    const { facts } = await gather(object, attempts, sources);
    const [found] = facts.owners;
    if (found === undefined) throw new Error('no owner');
    return found;
  };
  const pass = async (): Promise<void> => {
    await reconcileMailServer(mailServer, attempts, {
      log,
      sources,
      writer: {
        replaceStatus: (object) => {
          // As it comes back from the API server: without what is undefined.
          mailServer = JSON.parse(JSON.stringify(object)) as MailServer;
          return Promise.resolve({ outcome: 'Written', object: mailServer });
        },
        setFinalizers: () => Promise.reject(new Error('no finalizer is wanted')),
        holdBack: () => Promise.resolve('Held'),
        release: () => Promise.reject(new Error('nothing is to be released')),
        nameSharers: () => Promise.reject(new Error('nothing is shared')),
        event: () => undefined,
      },
    });
  };
  const answered = ({ servers }: OwnerFacts): unknown =>
    servers?.known === true ? servers.value.map(({ answers }) => answers.map(({ records }) => records)) : servers;
  const intent = (): unknown => mailServer.status.recordSets?.[0]?.intent;
  const serial = async (): Promise<number> =>
    Number((await held.chain.dig('+short', 'example.nl', 'SOA')).split(' ')[2]);

  // At rest nobody is watched; who lags is asked all the same.
  const atRest = await look();
  expect(atRest).toMatchObject({
    current: { value: { records: [a] } },
    lagging: { known: true, value: [] },
  });
  expect([atRest.servers, atRest.serials]).toEqual([undefined, undefined]);
  // Validated look-ups are for what is to be published.
  expect(atRest.resolved).toBeUndefined();
  const published = await look({ ...MAIL_SERVER, spec: { ...MAIL_SERVER.spec, publish: true } });
  expect(published.resolved).toEqual([a]);

  // That nothing stands there was so before: what is answered then does not tell from when it is.
  mailServer = WITH_PAST;
  await pass();
  expect(intent()).toMatchObject({ remove: [formatTlsa(a)] });
  const before = await look();
  const both = [[a], [a]];
  expect(answered(before)).toEqual([both, both]);
  expect(before.serials).toBeUndefined();
  const beforeWrite = await serial();

  // What is said of the intent may take a pass of its own.
  for (let passes = 0; passes < 3 && !attempts.has(PLACE); passes++) await pass();
  expect(attempts.get(PLACE)).toMatchObject({ outcome: 'Applied', intent: intent() });
  const after = await look();
  expect(answered(after)).toEqual([
    [...both, []],
    [...both, [a]],
  ]);
  expect(after.serials).toEqual({ beforeWrite, now: await serial() });
  expect(isSerialAtLeast(beforeWrite, await serial())).toBe(false);

  // What was sent for one change says nothing of another.
  const [recordSet] = mailServer.status.recordSets ?? [];
  if (recordSet?.intent === undefined) throw new Error('no intent');
  const other = { ...recordSet, intent: { ...recordSet.intent, since: '2026-11-22T12:00:01Z' } };
  expect(
    (await look({ ...mailServer, status: { ...mailServer.status, recordSets: [other] } })).serials,
  ).toBeUndefined();
});

test('a value that senders cannot have from before is written in the pass that stored the intent', async () => {
  const attempts: AttemptMemory = new Map();
  const stored: MailServer[] = [];
  await held.chain.nsupdate(`add ${owner}. 60 TLSA ${formatTlsa(a)}`);
  await reconcileMailServer(MAIL_SERVER, attempts, {
    log,
    sources,
    writer: {
      replaceStatus: async (object) => {
        // Not before it stands in status.
        expect(await held.chain.dig('+short', owner, 'TLSA')).not.toBe('');
        stored.push(object);
        return { outcome: 'Written', object: JSON.parse(JSON.stringify(object)) as MailServer };
      },
      setFinalizers: () => Promise.reject(new Error('no finalizer is wanted')),
      holdBack: () => Promise.resolve('Held'),
      release: () => Promise.reject(new Error('nothing is to be released')),
      nameSharers: () => Promise.reject(new Error('nothing is shared')),
      event: () => undefined,
    },
  });
  expect(stored.map(({ status }) => status.recordSets?.[0]?.intent)).toMatchObject([{ remove: [formatTlsa(a)] }]);
  // What people read changes when the outcome is known.
  expect(stored.map(({ status }) => status.conditions)).toEqual([MAIL_SERVER.status.conditions]);
  expect(attempts.get(PLACE)).toMatchObject({ outcome: 'Applied' });
  expect(await held.chain.dig('+short', owner, 'TLSA')).toBe('');
});

test('a withdrawal: the resolver is asked where no name server can be, and only there', async () => {
  const look = async (servers: Watch['servers']): Promise<OwnerFacts['resolved']> => {
    const serverAnswers = new ServerAnswers(new ZoneNameServers(held.resolver, now), now);
    // They cannot be cut off here, where the primary has the same address.
    serverAnswers.watch = () => Promise.resolve({ samples: [], servers });
    const gathered = await gather(WITH_PAST, new Map(), { ...sources, serverAnswers });
    return gathered.facts.owners[0]?.resolved;
  };
  expect(await look([{ name: 'ns1.example.nl', state: 'NoRoute', answers: [] }])).toEqual([a]);
  expect(await look([{ name: 'ns1.example.nl', state: 'Answers', answers: [] }])).toBeUndefined();
});

test('who does not answer what the primary holds lags; whether one that is gone does is not known', async () => {
  const look = async (): Promise<OwnerFacts['lagging'] | undefined> =>
    (await gather(MAIL_SERVER, new Map(), sources)).facts.owners[0]?.lagging;
  await held.chain.transfer();
  await held.chain.nsupdate(`add ${owner}. 60 TLSA ${formatTlsa(daneEE('02'.repeat(32)))}`);
  expect(await look()).toEqual({ known: true, value: ['ns2.example.nl'] });
  await held.chain.transfer();
  expect(await look()).toEqual({ known: true, value: [] });
  await held.chain.secondary?.program.stop();
  expect(await look()).toMatchObject({ known: false, error: { code: 'ServersUnreachable' } });
});
