/** What follows a status write; no server is needed to be refused one. */
import { expect, test } from '@jest/globals';
import { mailServerSpec, type MailServer } from '../../src/api/mail-server.ts';
import { ActiveProviders } from '../../src/controller/active-providers.ts';
import { Claims } from '../../src/controller/claims.ts';
import { EmptyNonTerminals } from '../../src/controller/empty-non-terminals.ts';
import { EndpointProbes } from '../../src/controller/endpoint-probes.ts';
import { reconcileMailServer, type MailServerWriter } from '../../src/controller/reconcile-mail-server.ts';
import { SettledChanges } from '../../src/controller/settled-changes.ts';
import { ServerAnswers } from '../../src/controller/server-answers.ts';
import { SecretChains } from '../../src/controller/secret-chains.ts';
import { createStores } from '../../src/controller/stores.ts';
import { ZoneNameServers } from '../../src/controller/zone-name-servers.ts';
import { ZoneWatch } from '../../src/controller/zone-watch.ts';
import { rememberedLookups } from '../../src/dns/remembered-lookups.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { createLogger } from '../../src/observe/log.ts';

const MAIL_SERVER = {
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'MailServer',
  metadata: {
    name: 'mx1',
    namespace: 'mail',
    uid: 'uid',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-11-22T12:00:00Z',
  },
  spec: mailServerSpec.parse({
    hostnames: ['mx1.example.nl'],
    certificates: [{ secretName: 'tls' }],
    providerRef: { name: 'bind' },
  }),
  status: { observedGeneration: -1 },
} as const satisfies MailServer;

async function pass(replaceStatus: MailServerWriter['replaceStatus']): Promise<{ kind: string; events: number }> {
  const log = createLogger({ level: 'silent', format: 'json' });
  const now = (): number => Date.parse('2026-11-22T12:00:00Z');
  const stores = createStores(log);
  const providers = new ActiveProviders(now);
  const resolver = createResolver({ servers: [], monotonic: now });
  let events = 0;
  const outcome = await reconcileMailServer(MAIL_SERVER, new Map(), {
    log,
    sources: {
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
    },
    writer: {
      replaceStatus,
      setFinalizers: () => Promise.reject(new Error('no finalizer is wanted')),
      holdBack: () => Promise.resolve('Held'),
      release: () => Promise.reject(new Error('nothing is to be released')),
      nameSharers: () => Promise.reject(new Error('nothing is shared')),
      event: () => {
        events += 1;
      },
    },
  });
  return { kind: outcome.kind, events };
}

test('one that is accepted is followed at once, and told in events', async () => {
  const { kind, events } = await pass((object) => Promise.resolve({ outcome: 'Written', object }));
  expect({ kind, told: events > 0 }).toEqual({ kind: 'Again', told: true });
});

test('one that loses to another writer waits for what he wrote, and tells nothing', async () => {
  expect(await pass(() => Promise.resolve({ outcome: 'Conflict' }))).toEqual({ kind: 'Retry', events: 0 });
});

test('one of which the API server drops a part is not repeated without pause', async () => {
  const { kind } = await pass(() => Promise.resolve({ outcome: 'Written', object: MAIL_SERVER }));
  expect(kind).toBe('Retry');
});
