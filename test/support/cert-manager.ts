/**
 * cert-manager's certificate controllers (CA and self-signed issuers, the approver) against a control plane of ours, with the
 * rights of its chart and the rules of its webhook (hack/cert-manager). Back-offs last seconds where the real ones last hours.
 */
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { apply, applyFile, field, mustKubectl } from './kubectl.ts';
import { eventually, startProgram, type RunningProgram } from './process.ts';
import { certManagerManifests, toolPath } from './tools.ts';

/** Secrets of ClusterIssuers live here, and the ServiceAccount of the same name: what a chart grants, it grants to that. */
export const certManagerNamespace = 'cert-manager';

export interface CertManager {
  readonly program: RunningProgram;
  readonly stop: () => Promise<void>;
}

/** Installs cert-manager and returns once it works. One per control plane at a time; after `stop` it may be started again. */
export async function startCertManager(controlPlane: ControlPlane): Promise<CertManager> {
  const { kubeconfigPath } = controlPlane;
  const [crds, install] = certManagerManifests();
  await applyFile(kubeconfigPath, crds);
  await mustKubectl(kubeconfigPath, 'wait', '--for=condition=Established', '--timeout=240s', `--filename=${crds}`);
  await applyFile(kubeconfigPath, install);
  const kubeconfig = await controlPlane.kubeconfigForServiceAccount(certManagerNamespace, 'cert-manager');

  const program = startProgram({
    name: 'cert-manager',
    command: toolPath('cert-manager-controllers'),
    args: [`--kubeconfig=${kubeconfig}`, `--cluster-resource-namespace=${certManagerNamespace}`],
    logFile: join(controlPlane.dataDir, 'cert-manager.log'),
  });
  const stop = async () => {
    await program.stop();
  };
  try {
    await eventually('the API server enforces the rules of the webhook', () => refusesGarbage(kubeconfigPath));
    await issuersWork(kubeconfigPath, program);
  } catch (error) {
    await stop();
    throw error;
  }
  return { program, stop };
}

/** As `cmctl renew` does: tells cert-manager to issue now, as if the renewal time had come. */
export async function renewCertificate(kubeconfig: string, namespace: string, name: string): Promise<void> {
  const condition = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ''),
  };
  const patch = JSON.stringify([{ op: 'add', path: '/status/conditions/-', value: condition }]);
  const target = ['patch', 'certificate.cert-manager.io', name, `--namespace=${namespace}`, '--subresource=status'];
  await mustKubectl(kubeconfig, ...target, '--type=json', `--patch=${patch}`);
}

/** An admission policy works only some moments after it was accepted. This asks for what the last of them refuses. */
async function refusesGarbage(kubeconfig: string): Promise<boolean> {
  const request = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: { name: 'start-up', namespace: certManagerNamespace },
    spec: { request: Buffer.from('garbage').toString('base64'), issuerRef: { name: 'none' } },
  };
  try {
    await apply(kubeconfig, JSON.stringify(request), '--dry-run=server');
  } catch (error) {
    if (String(error).includes('spec.request is not a PEM block')) return true;
    throw error;
  }
  return false;
}

async function issuersWork(kubeconfig: string, program: RunningProgram): Promise<void> {
  const name = 'start-up';
  const issuer = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name },
    spec: { selfSigned: {} },
  };
  await apply(kubeconfig, JSON.stringify(issuer));
  const readyPath = '{.status.conditions[?(@.type=="Ready")].status}';
  await eventually(
    'cert-manager reports on a ClusterIssuer',
    async () => !program.running() || (await field(kubeconfig, '', `clusterissuer/${name}`, readyPath)) === 'True',
  );
  if (!program.running()) throw new Error(`cert-manager ended at once:\n${program.log().slice(-2000)}`);
  await mustKubectl(kubeconfig, 'delete', 'clusterissuer', name);
}
