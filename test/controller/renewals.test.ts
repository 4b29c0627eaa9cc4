/** What is taken from cert-manager's Certificates. Against real ones: certificates.test.ts. */
import { expect, test } from '@jest/globals';
import { readCertificate, type Certificate } from '../../src/api/certificate.ts';
import { mailServerSpec, type MailServer } from '../../src/api/mail-server.ts';
import { renewalsOf } from '../../src/controller/renewals.ts';
import { createStores } from '../../src/controller/stores.ts';
import { wakeOnChange } from '../../src/controller/wake.ts';
import { createLogger } from '../../src/observe/log.ts';

const DAY = '2026-11-22T00:00:00Z';
const log = createLogger({ level: 'silent', format: 'json' });

const metadata = (name: string, resourceVersion = 1) => ({
  name,
  namespace: 'mail',
  uid: name,
  resourceVersion: String(resourceVersion),
  generation: 2,
  creationTimestamp: DAY,
});

const MAIL_SERVER: MailServer = {
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'MailServer',
  metadata: metadata('mx'),
  spec: mailServerSpec.parse({
    hostnames: ['mx.example.nl'],
    certificates: [{ secretName: 'tls' }],
    providerRef: { name: 'bind' },
  }),
  status: { observedGeneration: -1 },
};

interface Made {
  readonly spec?: object;
  readonly status?: object;
  readonly created?: string;
  readonly resourceVersion?: number;
}

function certificate(name: string, { spec, status, created = DAY, resourceVersion }: Made = {}): Certificate {
  return readCertificate({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: {
      ...metadata(name, resourceVersion),
      creationTimestamp: created,
      managedFields: [{ manager: 'somebody' }],
    },
    spec: { secretName: 'tls', dnsNames: ['mx.example.nl'], ...spec },
    ...(status === undefined ? {} : { status }),
  });
}

function storesWith(certificates: readonly Certificate[], filledBy?: string) {
  const stores = createStores(log);
  for (const one of certificates) stores.certificates.apply(one);
  const annotations = filledBy === undefined ? {} : { 'cert-manager.io/certificate-name': filledBy };
  stores.secrets.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata('tls'), annotations } });
  return stores;
}

const renewalIn = (stores: ReturnType<typeof storesWith>) => renewalsOf(MAIL_SERVER, stores).get('tls');

test('no more is kept of one than is read', () => {
  expect(
    certificate('mx', {
      spec: { issuerRef: { group: 'tlsa-operator.io', kind: 'DaneIssuer', name: 'mx' } },
      status: { renewalTime: DAY, revision: 3, conditions: [{ type: 'Ready', status: 'True' }] },
    }),
  ).toEqual({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: metadata('mx'),
    spec: { secretName: 'tls', issuerRef: { group: 'tlsa-operator.io' } },
    status: { renewalTime: DAY, conditions: [] },
  });
});

test.each([
  ['no spec', { spec: { secretName: 7 } }],
  ['a status of another kind', { status: { conditions: 'none' } }],
])('one that is not as cert-manager has it (%s) harms nobody', (_what, made) => {
  expect(renewalIn(storesWith([certificate('mx', made)]))?.at).toBeUndefined();
});

const OLDER = '2026-11-21T00:00:00Z';
test.each([
  ['the one that filled it', 'young', 'young'],
  ['the oldest where none of them did', 'gone', 'old'],
  ['the oldest of a Secret that nobody has filled', undefined, 'old'],
])('of several that name a Secret: %s', (_what, filledBy, expected) => {
  const old = certificate('old', { created: OLDER });
  const stores = storesWith([certificate('another'), certificate('young'), old], filledBy);
  expect(renewalIn(stores)?.certificate).toBe(expected);
});

test('of several of one age, the first by name', () => {
  expect(renewalIn(storesWith([certificate('b'), certificate('a')]))?.certificate).toBe('a');
});

const NEVER = { privateKey: { rotationPolicy: 'Never', algorithm: 'ECDSA' } };
const issuing = (observedGeneration?: number, status = 'True') => ({
  conditions: [{ type: 'Issuing', status, observedGeneration }],
});
test.each([
  ['no policy', {}, false],
  ['Always', { spec: { privateKey: { rotationPolicy: 'Always' } } }, false],
  ['Never', { spec: NEVER }, true],
  ['Never, while it issues', { spec: NEVER, status: issuing(2) }, true],
  ['Never, while it issues what began under an earlier spec', { spec: NEVER, status: issuing(1) }, false],
  ['Never, while it issues and does not say since when', { spec: NEVER, status: issuing() }, false],
  ['Never, after a failure', { spec: NEVER, status: issuing(1, 'False') }, true],
])('the key stays: %s', (_what, made, expected) => {
  expect(renewalIn(storesWith([certificate('mx', made)]))?.keepsKey).toBe(expected);
});

test('those that use the Secret are woken by what makes a difference, and by nothing else', () => {
  const stores = storesWith([]);
  stores.mailServers.apply(MAIL_SERVER);
  const woken: string[] = [];
  const nothing = (): void => undefined;
  wakeOnChange(stores, { changed: nothing, provider: nothing, mailServer: (key) => woken.push(key) });
  const wakes = (made: Made | undefined): number => {
    const before = woken.length;
    const object = certificate('mx', made);
    if (made === undefined) stores.certificates.remove(object);
    else stores.certificates.apply(object);
    return woken.length - before;
  };
  expect(wakes({ resourceVersion: 1 })).toBe(1);
  expect(wakes({ resourceVersion: 2, status: issuing(2) })).toBe(0);
  expect(wakes({ resourceVersion: 3, spec: NEVER })).toBe(1);
  expect(wakes({ resourceVersion: 4, spec: NEVER, status: { renewalTime: DAY } })).toBe(1);
  expect(wakes({ resourceVersion: 5, spec: { ...NEVER, secretName: 'other' }, status: { renewalTime: DAY } })).toBe(1);
  expect(wakes({ resourceVersion: 6, spec: { ...NEVER, secretName: 'other' } })).toBe(0);
  expect(wakes({ resourceVersion: 7 })).toBe(1);
  expect(wakes({ resourceVersion: 8, spec: { issuerRef: { group: 'tlsa-operator.io' } } })).toBe(1);
  expect(wakes(undefined)).toBe(1);
});
