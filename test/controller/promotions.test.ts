/** Who may write a serving Secret, and who withholds: a table of MailServers and Secrets that meet. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type MailServer, mailServerSpec } from '../../src/api/mail-server.ts';
import { promotionsOf } from '../../src/controller/promotions.ts';
import { createStores } from '../../src/controller/stores.ts';
import { wakeOnChange } from '../../src/controller/wake.ts';
import { parseChain } from '../../src/core/certificate.ts';
import { summarize, type ChainSummary } from '../../src/core/chain-summary.ts';
import { stalled } from '../../src/core/errors.ts';
import { known, type Promotion } from '../../src/core/facts.ts';
import { createLogger } from '../../src/observe/log.ts';
import { makeLeaf } from '../support/pki.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const since = '2026-11-22T12:00:00Z';

type Certificates = readonly { readonly secretName: string; readonly servingSecretName?: string }[];
type Status = Partial<MailServer['status']>;

const PAIR: Certificates = [{ secretName: 'tls', servingSecretName: 'live' }];

let leaf: ChainSummary;
let other: ChainSummary;
beforeAll(async () => {
  const summaries = [makeLeaf({ names: ['mx.example.nl'] }), makeLeaf({ names: ['mx.example.nl'] })].map(
    async (issued) => summarize(parseChain((await issued).chainPem)),
  );
  [leaf, other] = (await Promise.all(summaries)) as [ChainSummary, ChainSummary];
});

let version = 0;

function mailServer(name: string, certificates: Certificates, status: Status = {}, metadata: object = {}): MailServer {
  version += 1;
  return {
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'MailServer',
    metadata: {
      name,
      namespace: 'mail',
      uid: `uid of ${name}`,
      resourceVersion: String(version),
      generation: 1,
      creationTimestamp: since,
      ...metadata,
    },
    spec: mailServerSpec.parse({ hostnames: [`${name}.example.nl`], certificates, providerRef: { name: 'bind' } }),
    status: { observedGeneration: 1, ...status },
  };
}

const secret = (name: string, annotations: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'mail', uid: `uid of ${name}`, resourceVersion: '1', annotations },
});

const SOURCE = secret('tls', { 'tlsa-operator.io/promote-to': 'live' });

function promotionOf(world: {
  readonly source?: ReturnType<typeof secret>;
  readonly serving?: ReturnType<typeof secret>;
  readonly others?: readonly MailServer[];
}): Promotion | undefined {
  const stores = createStores(log);
  const mx = mailServer('mx', PAIR);
  for (const one of [mx, ...(world.others ?? [])]) stores.mailServers.apply(one);
  for (const one of [world.source ?? SOURCE, ...(world.serving ? [world.serving] : [])]) stores.secrets.apply(one);
  const sources = { ...stores, lastError: () => undefined };
  return promotionsOf(mx, new Map([['tls', known(leaf)]]), sources).get('live');
}

const refusedAs = (world: Parameters<typeof promotionOf>[0]): string | undefined => {
  const permitted = promotionOf(world)?.permitted;
  return permitted?.known === false ? permitted.error.code : undefined;
};

describe('may it be written?', () => {
  const servingFor = (names: string) => secret('live', { 'tlsa-operator.io/serving-for': names });
  const GOING = { deletionTimestamp: since };

  test.each([
    ['no serving Secret yet', {}, undefined],
    ['the source says nothing', { source: secret('tls') }, 'SourceNotAnnotated'],
    [
      'the source permits another',
      { source: secret('tls', { 'tlsa-operator.io/promote-to': 'live2' }) },
      'SourceNotAnnotated',
    ],
    ['a Secret of somebody', { serving: secret('live') }, 'ServingSecretNotOurs'],
    ['ours', { serving: servingFor('mx') }, undefined],
    ['ours and of others', { serving: servingFor('mx2, mx') }, undefined],
    ['of others', { serving: servingFor('mx2,mx3') }, 'ServingSecretNotOurs'],
    ['made for one who shares the pair', { serving: servingFor('mx2'), others: [mailServer('mx2', PAIR)] }, undefined],
    [
      'made for one who shares the pair, and is going',
      { serving: servingFor('mx2'), others: [mailServer('mx2', PAIR, {}, GOING)] },
      undefined,
    ],
    [
      'another mounts the serving Secret',
      { others: [mailServer('mx2', [{ secretName: 'live' }])] },
      'ServingSecretConflict',
    ],
    ['another mounts the source', { others: [mailServer('mx2', [{ secretName: 'tls' }])] }, 'ServingSecretConflict'],
    [
      'another fills the serving Secret from elsewhere',
      { others: [mailServer('mx2', [{ secretName: 'tls2', servingSecretName: 'live' }])] },
      'ServingSecretConflict',
    ],
    [
      'another copies the serving Secret on',
      { others: [mailServer('mx2', [{ secretName: 'live', servingSecretName: 'live2' }])] },
      'ServingSecretConflict',
    ],
    ['another that is going', { others: [mailServer('mx2', [{ secretName: 'live' }], {}, GOING)] }, undefined],
    [
      'one of another namespace',
      { others: [mailServer('mx2', [{ secretName: 'live' }], {}, { namespace: 'other' })] },
      undefined,
    ],
  ] as const)('%s', (_what, world, code) => {
    expect(refusedAs(world)).toBe(code);
  });
});

test('who uses which Secret otherwise is said with both pairs', () => {
  const others = [
    mailServer('mx2', [{ secretName: 'tls2', servingSecretName: 'live' }]),
    mailServer('mx3', [{ secretName: 'tls' }]),
  ];
  const permitted = promotionOf({ others })?.permitted;
  const message = permitted?.known === false ? permitted.error.message : '';
  expect(message).toContain(
    'MailServer mx2 has secretName tls2 with servingSecretName live, and this one secretName tls with servingSecretName live;',
  );
  expect(message).toContain('MailServer mx3 has secretName tls alone, ');
});

describe('who withholds', () => {
  const certificate = (
    chains: readonly (readonly [ChainSummary, 'Serving' | 'Candidate' | 'Former'])[],
    candidate?: { readonly stage: 'Open' | 'Waiting' | 'Withheld'; readonly reason: string },
  ): Status => ({
    certificates: [
      {
        secretName: 'tls',
        mode: 'Promote',
        chains: chains.map(([chain, state]) => ({ ...chain, caSPKISHA256s: [], names: [], state, since })),
        ...(candidate === undefined ? {} : { candidate }),
      },
    ],
  });
  const refused = (status: Status, reason = 'HostnameNotAllowed'): Status => ({
    ...status,
    conditions: [
      {
        type: 'Accepted',
        status: 'False',
        reason,
        message: '',
        observedGeneration: 1,
        lastTransitionTime: since,
      },
    ],
  });
  const published: Status = {
    recordSets: [
      {
        owner: '_25._tcp.mx2.example.nl',
        provider: 'DNSProvider/bind',
        zone: 'example.nl',
        ttlSeconds: 60,
        records: [{ data: `3 1 1 ${'0'.repeat(64)}`, role: 'Serving' }],
        versions: [],
      },
    ],
  };

  const withdrawn: Status = { recordSets: published.recordSets?.map((recordSet) => ({ ...recordSet, records: [] })) };

  test.each<[string, () => MailServer, boolean]>([
    ['was not looked at yet', () => mailServer('mx2', PAIR), true],
    [
      'has not seen it yet',
      () => mailServer('mx2', PAIR, certificate([[other, 'Candidate']], { stage: 'Open', reason: 'GateOpen' })),
      true,
    ],
    [
      'waits',
      () =>
        mailServer('mx2', PAIR, certificate([[leaf, 'Candidate']], { stage: 'Waiting', reason: 'WaitingForCaches' })),
      true,
    ],
    [
      'is suspended',
      () => mailServer('mx2', PAIR, certificate([[leaf, 'Candidate']], { stage: 'Withheld', reason: 'Suspended' })),
      true,
    ],
    [
      'is ready',
      () => mailServer('mx2', PAIR, certificate([[leaf, 'Candidate']], { stage: 'Open', reason: 'GateOpen' })),
      false,
    ],
    [
      'waits for us alone',
      () =>
        mailServer('mx2', PAIR, certificate([[leaf, 'Candidate']], { stage: 'Withheld', reason: 'WithheldByOther' })),
      false,
    ],
    ['has it there already', () => mailServer('mx2', PAIR, certificate([[leaf, 'Serving']])), false],
    [
      'had it there, and waits to have it again',
      () =>
        mailServer(
          'mx2',
          PAIR,
          certificate(
            [
              [leaf, 'Serving'],
              [leaf, 'Candidate'],
            ],
            { stage: 'Waiting', reason: 'WaitingForCaches' },
          ),
        ),
      true,
    ],
    ['is refused', () => mailServer('mx2', PAIR, refused({})), false],
    ['is refused, and senders know its records', () => mailServer('mx2', PAIR, refused(published)), true],
    ['is refused, and senders may remember its records', () => mailServer('mx2', PAIR, refused(withdrawn)), true],
    ['has lost all its owners to others', () => mailServer('mx2', PAIR, refused(published, 'OwnerConflict')), false],
    ['is going', () => mailServer('mx2', PAIR, {}, { deletionTimestamp: since }), false],
    [
      'is going, and senders may remember its records',
      () => mailServer('mx2', PAIR, published, { deletionTimestamp: since }),
      true,
    ],
    [
      'is going, and none of its senders would refuse it',
      () =>
        mailServer(
          'mx2',
          PAIR,
          { ...published, ...certificate([[leaf, 'Candidate']], { stage: 'Open', reason: 'GateOpen' }) },
          { deletionTimestamp: since },
        ),
      false,
    ],
    ['uses other Secrets', () => mailServer('mx2', [{ secretName: 'tls2', servingSecretName: 'live2' }]), false],
  ])('another that %s', (_what, another, withholds) => {
    expect(promotionOf({ others: [another()] })?.withheldBy).toEqual(withholds ? ['mx2'] : []);
  });

  test('each is woken when what another says of the Secret changes, and only then', () => {
    const stores = createStores(log);
    const woken: string[] = [];
    const wake = (key: string): unknown => woken.push(key);
    wakeOnChange(stores, { changed: wake, mailServer: wake, provider: () => undefined });
    const observing = [{ secretName: 'wildcard' }];
    for (const name of ['a', 'b']) stores.mailServers.apply(mailServer(name, observing));
    for (const name of ['mx', 'mx2']) stores.mailServers.apply(mailServer(name, PAIR));
    const wokenBy = (change: () => void): string[] => {
      woken.length = 0;
      change();
      return [...new Set(woken)].sort();
    };
    const waiting = certificate([[leaf, 'Candidate']], { stage: 'Waiting', reason: 'WaitingForCaches' });
    expect(
      wokenBy(() => {
        stores.mailServers.apply(mailServer('mx2', PAIR, waiting));
      }),
    ).toEqual(['mail/mx', 'mail/mx2']);
    expect(
      wokenBy(() => {
        stores.mailServers.apply(mailServer('mx2', PAIR, { ...waiting, ...published }));
      }),
    ).toEqual(['mail/mx2']);
    expect(
      wokenBy(() => {
        stores.mailServers.apply(mailServer('a', observing, waiting));
      }),
    ).toEqual(['mail/a']);
    expect(
      wokenBy(() => {
        stores.secrets.apply(secret('live'));
      }),
    ).toEqual(['mail/mx', 'mail/mx2']);
    expect(
      wokenBy(() => {
        stores.secrets.apply(secret('tls'));
      }),
    ).toEqual(['mail/mx', 'mail/mx2']);
  });
});

describe('who is to be named on the serving Secret', () => {
  const servingFor = (names: string) => secret('live', { 'tlsa-operator.io/serving-for': names });
  const going = (name: string): MailServer => mailServer(name, PAIR, {}, { deletionTimestamp: since });

  test.each<[string, Parameters<typeof promotionOf>[0], readonly string[] | undefined]>([
    ['there is none yet', { others: [mailServer('mx2', PAIR)] }, undefined],
    ['it is of somebody else', { serving: secret('live'), others: [mailServer('mx2', PAIR)] }, undefined],
    ['all are', { serving: servingFor('mx,mx2'), others: [mailServer('mx2', PAIR)] }, undefined],
    ['a second one shares the pair', { serving: servingFor('mx'), others: [mailServer('mx2', PAIR)] }, ['mx2']],
    ['the first one is going', { serving: servingFor('mx2'), others: [going('mx2')] }, ['mx']],
    ['the second one is going', { serving: servingFor('mx'), others: [going('mx2')] }, undefined],
    ['one that left is named still', { serving: servingFor('mx,mx2') }, undefined],
  ])('%s', (_what, world, names) => {
    expect(promotionOf(world)?.unnamed).toEqual(names);
  });
});

test('what the last write came to is told', () => {
  const stores = createStores(log);
  const mx = mailServer('mx', PAIR);
  const error = stalled('PromoteForbidden', 'not allowed');
  const sources = { ...stores, lastError: (key: string) => (key === 'mail/live' ? error : undefined) };
  expect(promotionsOf(mx, new Map(), sources).get('live')?.lastAttempt).toBe(error);
});
