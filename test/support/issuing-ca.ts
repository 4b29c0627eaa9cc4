/** Certificates from cert-manager as public CAs issue them: a root signs an issuing CA, whose certificate servers send along. */
import { certManagerNamespace } from './cert-manager.ts';
import { apply, mustKubectl } from './kubectl.ts';

const issuer = (name: string, spec: object) => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Issuer',
  metadata: { name },
  spec,
});

const ca = (name: string, commonName: string, issuerName: string) => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name },
  spec: {
    isCA: true,
    commonName,
    secretName: name,
    privateKey: { algorithm: 'ECDSA' },
    issuerRef: { name: issuerName },
  },
});

/** Makes an Issuer in this namespace, below a root that all of them there share; it is ready a moment later. */
export async function createIssuingCA(kubeconfig: string, namespace: string, name = 'issuing-ca'): Promise<void> {
  const items = [
    issuer('self-signed', { selfSigned: {} }),
    ca('root-ca', 'Demo Root', 'self-signed'),
    issuer('root-ca', { ca: { secretName: 'root-ca' } }),
    ca(name, `Demo CA ${name}`, 'root-ca'),
    issuer(name, { ca: { secretName: name } }),
  ];
  await apply(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), `--namespace=${namespace}`);
}

/** Makes such a ClusterIssuer, of cert-manager's namespace. */
export async function createCertManagersIssuer(kubeconfig: string, name: string): Promise<void> {
  await createIssuingCA(kubeconfig, certManagerNamespace);
  const spec = { ca: { secretName: 'issuing-ca' } };
  await apply(kubeconfig, JSON.stringify({ ...issuer(name, spec), kind: 'ClusterIssuer' }));
}

/** Asks `issuing-ca` for a certificate, and waits until it is in the Secret. */
export async function issueCertificate(
  kubeconfig: string,
  options: {
    readonly namespace: string;
    readonly name: string;
    readonly secretName: string;
    readonly hostname: string;
  },
): Promise<void> {
  const { namespace, name, secretName, hostname } = options;
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name, namespace },
    spec: {
      secretName,
      dnsNames: [hostname],
      privateKey: { algorithm: 'ECDSA' },
      issuerRef: { name: 'issuing-ca' },
    },
  };
  await apply(kubeconfig, JSON.stringify(certificate));
  const target = [`--namespace=${namespace}`, `certificate/${name}`];
  await mustKubectl(kubeconfig, 'wait', '--for=condition=Ready', '--timeout=240s', ...target);
}
