/**
 * What a pass over a CertificateRequest does where others were quicker, or watches lag. The API server is a map here, so that it can be
 * ahead of what was seen; gate.test.ts has the real one, and cert-manager's controllers.
 */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import { readCertificate } from '../../src/api/certificate.ts';
import type { DaneIssuer } from '../../src/api/dane-issuer.ts';
import { mailServerSpec, type MailServer } from '../../src/api/mail-server.ts';
import { completeRequest } from '../../src/controller/gate/complete-request.ts';
import { holdBack } from '../../src/controller/gate/hold-back.ts';
import { requestsOf } from '../../src/controller/gate/mail-servers.ts';
import { reconcileRequest } from '../../src/controller/gate/reconcile-request.ts';
import { attemptsAt } from '../../src/controller/gate/requests.ts';
import type { RequestWriter } from '../../src/controller/gate/request-writer.ts';
import { wakeOnGateChange } from '../../src/controller/gate/wake.ts';
import { seenRequest, type SeenRequest } from '../../src/controller/gate/seen-request.ts';
import { createStores, type Stores } from '../../src/controller/stores.ts';
import { parseChain } from '../../src/core/certificate.ts';
import { summarize } from '../../src/core/chain-summary.ts';
import { errorOfAnswer } from '../../src/kube/api-error.ts';
import { keyOf, objectKey } from '../../src/kube/resource.ts';
import { createLogger } from '../../src/observe/log.ts';
import { makeCA, makeLeaf, makeRequest, type Issued } from '../support/pki.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const NOW = Date.now();
const SINCE = new Date(NOW - 60_000).toISOString();
const LATER = new Date(NOW + 3_600_000).toISOString();
const NOT_BEFORE = 'tlsa-operator.io/not-before';

let issued: Issued;
let csr: string;
let others: Issued;
let othersCsr: string;
beforeAll(async () => {
  const issuer = await makeCA({ name: 'issuing CA', issuer: await makeCA({ name: 'root' }) });
  [issued, others] = await Promise.all([
    makeLeaf({ names: ['mx.example.nl'], issuer }),
    makeLeaf({ names: ['mx.example.nl'], issuer }),
  ]);
  [csr, othersCsr] = await Promise.all([makeRequest(issued), makeRequest(others)]);
});

const chainOf = ({ chainPem }: Issued) => summarize(parseChain(chainPem));

/** What the API server has, and what was seen of it. */
class World {
  readonly stores: Stores = createStores(log);
  readonly #objects = new Map<string, CertificateRequest>();
  #version = 0;

  get writer(): RequestWriter {
    const written = (request: CertificateRequest) => ({ outcome: 'Written', object: this.has(request) }) as const;
    return {
      now: () => NOW,
      event: () => undefined,
      read: (namespace, name) => Promise.resolve(this.#objects.get(objectKey(namespace, name))),
      create: (made) => {
        if (this.#objects.has(objectKey(made.metadata.namespace, made.metadata.name)))
          return Promise.resolve({ outcome: 'Conflict' });
        const metadata = { uid: `uid of ${made.metadata.name}`, creationTimestamp: SINCE, generation: 1 };
        return Promise.resolve(written({ ...made, metadata: { ...metadata, ...made.metadata, resourceVersion: '' } }));
      },
      holdUntil: ({ metadata }, notBefore) => {
        const request = this.#objects.get(objectKey(metadata.namespace, metadata.name));
        if (request?.metadata.resourceVersion !== metadata.resourceVersion)
          return Promise.resolve({ outcome: 'Conflict' });
        const annotations = { ...request.metadata.annotations, [NOT_BEFORE]: notBefore };
        return Promise.resolve(written({ ...request, metadata: { ...request.metadata, annotations } }));
      },
      remove: (request) => Promise.resolve(void this.#objects.delete(keyOf(request))),
      replaceStatus: (request) => {
        const is = this.#objects.get(keyOf(request));
        const isSame = is?.metadata.resourceVersion === request.metadata.resourceVersion;
        return Promise.resolve(isSame ? written(request) : { outcome: 'Conflict' });
      },
    };
  }

  /** At the API server; nobody saw it yet. */
  has(request: CertificateRequest): CertificateRequest {
    this.#version += 1;
    const object = { ...request, metadata: { ...request.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(keyOf(request), object);
    return object;
  }

  /** There, and seen. */
  shows(request: CertificateRequest): SeenRequest {
    const seen = seenRequest(this.has(request));
    if (seen.issuerRef.group === 'tlsa-operator.io') this.stores.requests.apply(seen);
    if (seen.metadata.labels?.['tlsa-operator.io/request-uid'] !== undefined) this.stores.children.apply(seen);
    return seen;
  }

  at(name: string): CertificateRequest | undefined {
    return this.#objects.get(`mail/${name}`);
  }

  pass(request: SeenRequest) {
    const sources = {
      ...this.stores,
      gate: this.stores,
      now: () => NOW,
      backOff: { firstMs: 600_000, maxMs: 3_600_000 },
      clockSkewMs: () => 0,
    };
    return reconcileRequest(request, { sources, writer: this.writer, log });
  }
}

type Condition = NonNullable<NonNullable<CertificateRequest['status']>['conditions']>[number];
const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: '',
  lastTransitionTime: SINCE,
});
const APPROVED = condition('Approved', 'True', 'Approved');
const answer = ({ chainPem }: Issued): NonNullable<CertificateRequest['status']> => ({
  conditions: [APPROVED, condition('Ready', 'True', 'Issued')],
  certificate: Buffer.from(chainPem).toString('base64'),
  ca: 'Y2E=',
});

interface Made {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: CertificateRequest['status'];
}

function requestNamed(name: string, { metadata, spec, status }: Made = {}): CertificateRequest {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      name,
      namespace: 'mail',
      uid: `uid of ${name}`,
      resourceVersion: '0',
      generation: 1,
      creationTimestamp: SINCE,
      ...metadata,
    },
    spec: { issuerRef: { group: 'tlsa-operator.io', kind: 'DaneIssuer', name: 'dane' }, request: csr, ...spec },
    status: status ?? { conditions: [APPROVED] },
  };
}

const ownedBy = (kind: string, uid: string, name = 'mx') => ({
  ownerReferences: [{ apiVersion: 'cert-manager.io/v1', kind, name, uid, controller: true }],
});
/** Of Certificate `mx`. */
const parent = (made: Made = {}): CertificateRequest =>
  requestNamed('mx-1', { ...made, metadata: { ...ownedBy('Certificate', 'uid of mx'), ...made.metadata } });
const child = ({ metadata, spec, ...made }: Made = {}, number = 1): CertificateRequest =>
  requestNamed(`dane-uid of mx-1-${number}`, {
    metadata: {
      labels: { 'tlsa-operator.io/request-uid': 'uid of mx-1', 'tlsa-operator.io/attempt': String(number) },
      ...ownedBy('CertificateRequest', 'uid of mx-1', 'mx-1'),
      ...metadata,
    },
    spec: { issuerRef: { name: 'ca' }, ...spec },
    ...made,
  });
const held = (notBefore: string): object => ({ annotations: { [NOT_BEFORE]: notBefore } });

function daneIssuer(name = 'ca'): DaneIssuer {
  return {
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'DaneIssuer',
    metadata: {
      name: 'dane',
      namespace: 'mail',
      uid: 'uid of dane',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: SINCE,
    },
    spec: { issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name } },
    status: { observedGeneration: -1, conditions: [] },
  };
}

const certificate = (name: string, group: string, creationTimestamp = SINCE) =>
  readCertificate({
    metadata: {
      name,
      namespace: 'mail',
      uid: `uid of ${name}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp,
    },
    spec: { secretName: 'tls', issuerRef: { group } },
  });

const MAIL_SERVER: MailServer = {
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'MailServer',
  metadata: { ...daneIssuer().metadata, name: 'mx', uid: 'uid of MailServer mx' },
  spec: mailServerSpec.parse({
    hostnames: ['mx.example.nl'],
    certificates: [{ secretName: 'tls' }],
    providerRef: { name: 'bind' },
  }),
  status: { observedGeneration: 1 },
};

let world: World;
beforeEach(() => {
  world = new World();
  world.stores.daneIssuers.apply(daneIssuer());
  world.stores.certificates.apply(certificate('mx', 'tlsa-operator.io'));
});

const readyAt = (name: string): Condition | undefined =>
  world.at(name)?.status?.conditions?.find(({ type }) => type === 'Ready');
const requestOfMailServer = () =>
  requestsOf(MAIL_SERVER, { ...world.stores, gate: world.stores }).get(
    MAIL_SERVER.spec.certificates[0]?.secretName ?? '',
  );

test('the wrapped issuer is asked for exactly what cert-manager asked for', async () => {
  const asked = { duration: '2160h0m0s', isCA: false, usages: ['server auth'], uid: 'of a user', username: 'somebody' };
  const annotations = { theirs: 'kept', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
  await world.pass(world.shows(parent({ spec: asked, metadata: { annotations, labels: { app: 'mx' } } })));
  expect(world.at('dane-uid of mx-1-1')).toMatchObject({
    metadata: {
      annotations: { theirs: 'kept' },
      labels: { app: 'mx', 'tlsa-operator.io/request-uid': 'uid of mx-1' },
      ...ownedBy('CertificateRequest', 'uid of mx-1', 'mx-1'),
    },
  });
  const { duration, isCA, usages } = asked;
  const issuerRef = { group: 'cert-manager.io', kind: 'Issuer', name: 'ca' };
  expect(world.at('dane-uid of mx-1-1')?.spec).toEqual({ issuerRef, request: csr, duration, isCA, usages });
  expect(Object.keys(world.at('dane-uid of mx-1-1')?.metadata.annotations ?? {})).toEqual(['theirs']);
});

test.each([
  [
    'of somebody else is said to be in the way',
    { metadata: ownedBy('Certificate', 'uid of another') },
    /is in the way/,
  ],
  ['of ours, which the watch has not shown yet, is not', {}, undefined],
])('where the name of the request to the issuer is taken, one %s', async (_who, made, message) => {
  world.has(child(made));
  const seen = world.shows(parent());
  expect(await world.pass(seen)).toEqual({ kind: 'Retry' });
  expect(readyAt('mx-1')?.message).toEqual(message === undefined ? undefined : expect.stringMatching(message));
});

test('where nobody withholds it, it is handed over with its CA', async () => {
  const seen = world.shows(parent());
  world.shows(child({ status: answer(issued) }));
  await world.pass(seen);
  const { certificate: given, ca } = answer(issued);
  expect(world.at('mx-1')?.status).toMatchObject({ certificate: given, ca });
  expect(readyAt('mx-1')).toMatchObject({ status: 'True', reason: 'Issued' });
});

test('one with a key that somebody else has fails, as soon as that is said', async () => {
  const { stores } = world;
  stores.mailServers.apply(MAIL_SERVER);
  const woken: string[] = [];
  const nothing = (): void => undefined;
  wakeOnGateChange(stores, { request: (key) => woken.push(key), issuer: nothing, mailServer: nothing });
  const seen = world.shows(parent());
  world.shows(child({ status: answer(issued) }));
  woken.splice(0);
  stores.mailServers.apply({
    ...MAIL_SERVER,
    metadata: { ...MAIL_SERVER.metadata, resourceVersion: '2' },
    spec: { ...MAIL_SERVER.spec, compromisedKeys: [chainOf(issued).spkiSHA256] },
  });
  expect(woken).toEqual(['mail/mx-1']);
  await world.pass(seen);
  expect(readyAt('mx-1')).toMatchObject({ status: 'False', reason: 'Failed' });
});

describe('the watch lags', () => {
  test('what was handed over a moment ago is not said to wait', async () => {
    world.stores.mailServers.apply(MAIL_SERVER);
    const seen = world.shows(parent());
    world.shows(child({ status: answer(issued) }));
    world.has(parent({ status: answer(issued) }));
    expect(await world.pass(seen)).toEqual({ kind: 'Retry' });
    expect(readyAt('mx-1')).toMatchObject({ status: 'True' });
  });

  test('what was handed over a moment ago is not asked for again', async () => {
    const seen = world.shows(parent());
    world.has(parent({ status: answer(issued) }));
    await world.pass(seen);
    expect(world.at('dane-uid of mx-1-1')).toBeUndefined();
  });

  test('what is held back since a moment ago is not handed over', async () => {
    const seen = world.shows(parent());
    const answered = world.shows(child({ status: answer(issued) }));
    world.has(parent({ metadata: held(LATER) }));
    expect(await world.pass(seen)).toEqual({ kind: 'Retry' });
    // Nor by a MailServer that uses it too.
    const released = await completeRequest(seen, answered.metadata.name, chainOf(issued), world.writer);
    expect([released, readyAt('mx-1')]).toEqual(['Changed', undefined]);
  });
});

describe('only what was made for a request answers it', () => {
  test.each<[string, () => CertificateRequest]>([
    ['one of another namespace', () => child({ metadata: { namespace: 'other' }, status: answer(issued) })],
    ['one with our label alone', () => child({ metadata: { ownerReferences: [] }, status: answer(issued) })],
    ['one for another key', () => child({ spec: { request: othersCsr }, status: answer(others) })],
  ])('%s', (_what, made) => {
    const seen = world.shows(parent());
    world.shows(made());
    expect(attemptsAt(seen, world.stores)).toEqual([]);
    expect(requestOfMailServer()).toMatchObject({ name: 'mx-1', chain: undefined });
  });

  test('a request of another namespace for the same Certificate is no request of it', () => {
    world.shows(parent());
    const annotations = { 'cert-manager.io/certificate-revision': '99' };
    world.shows(
      requestNamed('theirs', {
        metadata: { namespace: 'other', annotations, ...ownedBy('Certificate', 'uid of mx') },
        spec: { request: othersCsr },
        status: answer(others),
      }),
    );
    expect(requestOfMailServer()).toMatchObject({ name: 'mx-1', isCompleted: false });
  });
});

test('the mode is that of the Certificate that fills the Secret, where several name it', () => {
  const { stores } = world;
  stores.certificates.apply(certificate('earlier', 'cert-manager.io', '2026-01-01T00:00:00Z'));
  expect(requestOfMailServer()).toBeUndefined();
  const annotations = { 'cert-manager.io/certificate-name': 'mx' };
  const metadata = { ...daneIssuer().metadata, name: 'tls', annotations };
  stores.secrets.apply({ apiVersion: 'v1', kind: 'Secret', metadata });
  expect(requestOfMailServer()).toBeDefined();
});

test('after a failure, an issuer that is wrapped instead is asked at once', async () => {
  const seen = world.shows(parent());
  world.shows(child({ status: { conditions: [APPROVED, condition('Ready', 'False', 'Failed')] } }));
  expect(await world.pass(seen)).toMatchObject({ wakeAt: Date.parse(SINCE) + 600_000 });
  world.stores.daneIssuers.apply({
    ...daneIssuer('another'),
    metadata: { ...daneIssuer().metadata, resourceVersion: '2' },
  });
  await world.pass(seen);
  expect(world.at('dane-uid of mx-1-2')?.spec.issuerRef).toMatchObject({ name: 'another' });
});

describe('a MailServer goes', () => {
  const hold = (writer: Pick<RequestWriter, 'holdUntil'> = world.writer) =>
    holdBack(MAIL_SERVER, new Date(LATER), world.stores, writer, log);
  const heldUntil = () => Date.parse(world.at('mx-1')?.metadata.annotations?.[NOT_BEFORE] ?? '');

  test('what waits for it is held back', async () => {
    world.shows(parent());
    expect(await hold()).toBe('Held');
    expect(heldUntil()).toBe(Math.floor(Date.parse(LATER) / 1000) * 1000);
  });

  test('what somebody changed meanwhile is held back once that is seen', async () => {
    world.shows(parent());
    const changed = world.has(parent());
    expect(await hold()).toBe('Changed');
    world.stores.requests.apply(seenRequest(changed));
    expect(await hold()).toBe('Held');
    expect(heldUntil()).toBeGreaterThan(NOW);
  });

  test('an earlier time gives way, a later one stays', async () => {
    world.shows(parent({ metadata: held(new Date(NOW).toISOString()) }));
    await hold();
    expect(heldUntil()).toBeGreaterThan(NOW);
    const muchLater = '2036-01-01T00:00:00Z';
    world.shows(parent({ metadata: held(muchLater) }));
    await hold();
    expect(heldUntil()).toBe(Date.parse(muchLater));
  });

  test('it goes all the same where that is forbidden', async () => {
    world.shows(parent());
    const forbidden = errorOfAnswer('PATCH /a/request', 403);
    expect(await hold({ holdUntil: () => Promise.reject(forbidden) })).toBe('Held');
  });
});
