/**
 * The one write of a Secret: what may have changed since it was planned, and what the API server may answer. The calls are functions of
 * the test here; promote.test.ts has them real.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { mailServerSpec, type MailServer } from '../../src/api/mail-server.ts';
import { releaseSecret, type SecretWriter } from '../../src/controller/release-secret.ts';
import { parseChain } from '../../src/core/certificate.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import { OperatorError } from '../../src/core/errors.ts';
import { ApiError } from '../../src/kube/api-error.ts';
import type { NewObject } from '../../src/kube/objects.ts';
import type { Secret } from '../../src/kube/resource.ts';
import { makeCA, makeLeaf, type Issued } from '../support/pki.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

let one: Issued;
let next: Issued;
let sameKey: Issued;
beforeAll(async () => {
  const issuer = await makeCA({ name: 'issuing CA', issuer: await makeCA({ name: 'root' }) });
  const names = ['mx.example.nl'];
  one = await makeLeaf({ names, issuer });
  next = await makeLeaf({ names, issuer });
  const another = await makeCA({ name: 'another CA', issuer: await makeCA({ name: 'root' }) });
  const { notBefore, notAfter } = next.certificate;
  sameKey = await makeLeaf({ names, issuer: another, sameKeyAs: next, notBefore, notAfter });
});

const summaryOf = ({ chainPem }: Issued) => summarize(parseChain(chainPem));

function secret(name: string, issued: Issued | undefined, more: Partial<Secret> = {}, annotations = {}): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name, namespace: 'mail', uid: name, resourceVersion: '7', annotations },
    data: {
      'tls.crt': base64(issued?.chainPem ?? ''),
      'tls.key': base64(issued?.keyPem ?? ''),
      'ca.crt': 'YQ==',
      more: 'YQ==',
    },
    ...more,
  };
}

const source = (issued: Issued, more: Partial<Secret> = {}): Secret =>
  secret('tls', issued, more, { 'tlsa-operator.io/promote-to': 'live', theirs: 'stays there' });
const serving = (issued: Issued | undefined, more: Partial<Secret> = {}): Secret =>
  secret('live', issued, more, { 'tlsa-operator.io/serving-for': 'gone', theirs: 'stays' });

function mailServer(): MailServer {
  const since = '2026-11-22T12:00:00Z';
  return {
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'MailServer',
    metadata: {
      name: 'mx',
      namespace: 'mail',
      uid: '1',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: since,
    },
    spec: mailServerSpec.parse({
      hostnames: ['mx.example.nl'],
      certificates: [{ secretName: 'tls', servingSecretName: 'live' }],
      providerRef: { name: 'bind' },
    }),
    status: {
      observedGeneration: 1,
      certificates: [
        { secretName: 'tls', mode: 'Promote', chains: [{ ...summaryOf(next), state: 'Candidate', since }] },
      ],
    },
  };
}

/** A release of `next`, where `one` is served unless it is said otherwise. */
async function release(world: {
  readonly source?: Secret;
  readonly serving?: Secret;
  readonly replaces?: Issued | undefined;
  readonly answer?: 'Conflict' | number;
}) {
  const written: NewObject<Secret>[] = [];
  const write = (object: NewObject<Secret>): ReturnType<SecretWriter['replace']> => {
    if (typeof world.answer === 'number') {
      return Promise.reject(new ApiError('APIServerForbidden', 'the API server answered', world.answer));
    }
    if (world.answer === 'Conflict') return Promise.resolve({ outcome: 'Conflict' });
    written.push(object);
    return Promise.resolve({ outcome: 'Written', object: object as Secret });
  };
  const found = new Map([
    ['tls', world.source],
    ['live', world.serving],
  ]);
  const replaces = world.replaces === undefined ? undefined : summaryOf(world.replaces).spkiSHA256;
  const { spkiSHA256 } = summaryOf(next);
  const effect = { kind: 'CopySecret', secretName: 'tls', servingSecretName: 'live', spkiSHA256, replaces } as const;
  const calls: SecretWriter = { read: (_, name) => Promise.resolve(found.get(name)), create: write, replace: write };
  let outcome: string;
  try {
    outcome = await releaseSecret(mailServer(), effect, ['mx', 'gone'], calls);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    outcome = error.code;
  }
  return { outcome, written };
}

test('nothing is there: a Secret of its own is made, with what a server needs and no more', async () => {
  expect(await release({ source: source(next) })).toEqual({
    outcome: 'Released',
    written: [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/tls',
        metadata: {
          namespace: 'mail',
          name: 'live',
          labels: { 'app.kubernetes.io/managed-by': 'tlsa-operator' },
          annotations: { 'tlsa-operator.io/serving-for': 'mx,gone' },
        },
        data: { 'tls.crt': base64(next.chainPem), 'tls.key': base64(next.keyPem), 'ca.crt': 'YQ==' },
      },
    ],
  });
});

test('the former one is there: its data goes, what people wrote beside it stays', async () => {
  const { outcome, written } = await release({ source: source(next), serving: serving(one), replaces: one });
  expect(outcome).toBe('Released');
  expect(written).toMatchObject([
    {
      metadata: {
        resourceVersion: '7',
        annotations: { theirs: 'stays', 'tlsa-operator.io/serving-for': 'gone,mx' },
      },
    },
  ]);
  expect(written[0]?.data).toEqual({
    'tls.crt': base64(next.chainPem),
    'tls.key': base64(next.keyPem),
    'ca.crt': 'YQ==',
  });
});

test('one that is empty and ours is filled', async () => {
  expect((await release({ source: source(next), serving: serving(undefined) })).outcome).toBe('Released');
});

test.each([
  ['the source is gone', () => ({ serving: serving(one), replaces: one })],
  ['the source holds another certificate', () => ({ source: source(one), serving: serving(one), replaces: one })],
  [
    'the source holds one of the same key by another CA',
    () => ({ source: source(sameKey), serving: serving(one), replaces: one }),
  ],
  [
    'the key of the source does not fit',
    () => ({
      source: source(next, { data: { 'tls.crt': base64(next.chainPem), 'tls.key': base64(one.keyPem) } }),
      serving: serving(one),
      replaces: one,
    }),
  ],
  ['the source no longer permits it', () => ({ source: secret('tls', next), serving: serving(one), replaces: one })],
  ['the serving Secret is gone', () => ({ source: source(next), replaces: one })],
  ['the serving Secret came', () => ({ source: source(next), serving: serving(one) })],
  ['the serving Secret holds another', () => ({ source: source(next), serving: serving(sameKey), replaces: one })],
  [
    'the serving Secret is no longer ours',
    () => ({ source: source(next), serving: secret('live', one), replaces: one }),
  ],
  [
    'somebody wrote it meanwhile',
    () => ({ source: source(next), serving: serving(one), replaces: one, answer: 'Conflict' as const }),
  ],
  ['somebody made it meanwhile', () => ({ source: source(next), answer: 'Conflict' as const })],
])('%s: nothing is written', async (_what, world) => {
  expect(await release(world())).toEqual({ outcome: 'Changed', written: [] });
});

test.each([
  ['it is immutable', { immutable: true }],
  ['it is of another type', { type: 'Opaque' }],
])('%s', async (_what, more) => {
  const world = { source: source(next), serving: serving(one, more), replaces: one };
  expect(await release(world)).toEqual({ outcome: 'ServingSecretUnusable', written: [] });
});

test.each([
  [403, 'PromoteForbidden'],
  [500, 'APIServerForbidden'],
])('the API server answers %d', async (answer, code) => {
  expect(await release({ source: source(next), answer })).toEqual({ outcome: code, written: [] });
});
