/** The tools that the other integration tests stand on, proved to do what those tests take for granted. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { renewCertificate, startCertManager, type CertManager } from '../support/cert-manager.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { apply, field, kubectl, mustKubectl } from '../support/kubectl.ts';
import { eventually } from '../support/process.ts';

let controlPlane: ControlPlane;
let admin: string;

beforeAll(async () => {
  controlPlane = await startControlPlane({ controllerManager: true });
  admin = controlPlane.kubeconfigPath;
});

afterAll(async () => {
  await controlPlane.stop();
});

const object = (apiVersion: string, kind: string, metadata: object, rest: object = {}) =>
  JSON.stringify({ apiVersion, kind, metadata, ...rest });

describe('control plane', () => {
  test('says which version it is, as charts ask for it', async () => {
    const version = JSON.parse(await mustKubectl(admin, 'version', '--output=json')) as {
      readonly serverVersion: { readonly gitVersion: string };
    };
    expect(version.serverVersion.gitVersion).toMatch(/^v1\.\d+\.\d+$/);
  });

  test('a ServiceAccount may do what its role says, and nothing else', async () => {
    await mustKubectl(admin, 'create', 'serviceaccount', 'reader');
    const reader = await controlPlane.kubeconfigForServiceAccount('default', 'reader');
    const refused = await kubectl(reader, 'get', 'configmaps');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('User "system:serviceaccount:default:reader" cannot list resource "configmaps"');

    await mustKubectl(admin, 'create', 'role', 'reader', '--verb=list', '--resource=configmaps');
    await mustKubectl(admin, 'create', 'rolebinding', 'reader', '--role=reader', '--serviceaccount=default:reader');
    await eventually('the role is heeded', async () => (await kubectl(reader, 'get', 'configmaps')).code === 0);
    expect((await kubectl(reader, 'get', 'secrets')).stderr).toContain('forbidden');
  });

  test('a namespace that is deleted goes away with all that is in it', async () => {
    await mustKubectl(admin, 'create', 'namespace', 'passing');
    await mustKubectl(admin, 'create', 'configmap', 'inside', '--namespace=passing');
    await mustKubectl(admin, 'delete', 'namespace', 'passing', '--wait=true', '--timeout=240s');
    expect(await mustKubectl(admin, 'get', 'namespace', 'passing', '--ignore-not-found')).toBe('');
  });

  test('what is owned goes with its owner', async () => {
    await mustKubectl(admin, 'create', 'configmap', 'owner');
    const uid = await field(admin, 'default', 'configmap/owner', '{.metadata.uid}');
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
    await apply(admin, object('v1', 'ConfigMap', { name: 'owned', namespace: 'default', ownerReferences }));
    await mustKubectl(admin, 'delete', 'configmap', 'owner');
    await eventually(
      'the owned ConfigMap is gone',
      async () => (await field(admin, 'default', 'configmap/owned', '{.metadata.name}')) === '',
    );
  });

  test('an API server that comes back knows all it knew, and the tokens it gave', async () => {
    await mustKubectl(admin, 'create', 'configmap', 'kept');
    const reader = await controlPlane.kubeconfigForServiceAccount('default', 'reader');
    await controlPlane.stopApiServer();
    expect((await kubectl(admin, 'get', 'configmap', 'kept')).stderr).toContain('refused');
    await controlPlane.startApiServer();
    expect(await mustKubectl(admin, 'get', 'configmap', 'kept', '--output=name')).toBe('configmap/kept\n');
    expect(await mustKubectl(reader, 'auth', 'whoami', '--output=jsonpath={.status.userInfo.username}')).toBe(
      'system:serviceaccount:default:reader',
    );
  });
});

describe('cert-manager', () => {
  let certManager: CertManager;
  const namespace = 'mail';

  beforeAll(async () => {
    certManager = await startCertManager(controlPlane);
    await mustKubectl(admin, 'create', 'namespace', namespace);
    const issuer = object('cert-manager.io/v1', 'Issuer', { name: 'self', namespace }, { spec: { selfSigned: {} } });
    await apply(admin, issuer);
  });

  afterAll(async () => {
    await certManager.stop();
  });

  const requestCertificate = async (name: string, issuerRef: object) => {
    const spec = { secretName: name, dnsNames: ['mx1.example.nl'], privateKey: { algorithm: 'ECDSA' }, issuerRef };
    await apply(admin, object('cert-manager.io/v1', 'Certificate', { name, namespace }, { spec }));
  };
  const served = (name: string) =>
    eventually(`there is a certificate in the Secret ${name}`, async () => {
      const pem = await field(admin, namespace, `secret/${name}`, String.raw`{.data.tls\.crt}`);
      return pem === '' ? undefined : new X509Certificate(Buffer.from(pem, 'base64'));
    });
  const spki = (certificate: X509Certificate) =>
    certificate.publicKey.export({ format: 'der', type: 'spki' }).toString('hex');
  const condition = (object: string, type: string) =>
    field(admin, namespace, object, `{.status.conditions[?(@.type=="${type}")].status}`);

  test('turns a Certificate into a Secret, and a renewal into a new key', async () => {
    await requestCertificate('web', { name: 'self' });
    const first = await served('web');
    expect(first.subjectAltName).toBe('DNS:mx1.example.nl');

    await eventually('the Certificate is ready', async () => (await condition('certificate/web', 'Ready')) === 'True');
    await renewCertificate(admin, namespace, 'web');
    const second = await eventually('there is a new key', async () => {
      const certificate = await served('web');
      return spki(certificate) === spki(first) ? undefined : certificate;
    });
    expect(second.serialNumber).not.toBe(first.serialNumber);
  });

  test('signs with a CA that it made itself', async () => {
    const ca = { isCA: true, commonName: 'Test CA', secretName: 'ca', issuerRef: { name: 'self' } };
    await apply(admin, object('cert-manager.io/v1', 'Certificate', { name: 'ca', namespace }, { spec: ca }));
    const issuer = { ca: { secretName: 'ca' } };
    await apply(admin, object('cert-manager.io/v1', 'Issuer', { name: 'ca', namespace }, { spec: issuer }));
    await requestCertificate('signed', { name: 'ca' });
    expect((await served('signed')).verify((await served('ca')).publicKey)).toBe(true);
  });

  test('approves a request for a foreign issuer only where that has been granted', async () => {
    await requestCertificate('foreign', { group: 'issuers.example', kind: 'OwnIssuer', name: 'own' });
    const request = 'certificaterequest/foreign-1';
    await eventually('the refusal is logged', () =>
      certManager.program
        .log()
        .includes('permissions to set approved/denied conditions for ownissuers.issuers.example/mail.own'),
    );
    expect(await condition(request, 'Approved')).toBe('');

    const signers = { resources: ['signers'], resourceNames: ['ownissuers.issuers.example/*'] };
    const rules = [{ apiGroups: ['cert-manager.io'], ...signers, verbs: ['approve'] }];
    await apply(admin, object('rbac.authorization.k8s.io/v1', 'ClusterRole', { name: 'approve-own' }, { rules }));
    const subject = '--serviceaccount=cert-manager:cert-manager';
    await mustKubectl(admin, 'create', 'clusterrolebinding', 'approve-own', '--clusterrole=approve-own', subject);
    await eventually('it is approved', async () => (await condition(request, 'Approved')) === 'True');
  });

  test('keeps a request as it was created', async () => {
    const patch = ['--type=merge', '--patch={"spec":{"duration":"1h0m0s"}}', `--namespace=${namespace}`];
    const changed = await kubectl(admin, 'patch', 'certificaterequest/foreign-1', ...patch);
    expect(changed.stderr).toContain('cannot change spec after creation');
  });
});
