/** A release from its installation to its end, with objects of its kinds in the cluster, by both Helms. */
import { describe, expect, test } from '@jest/globals';
import { EXAMPLES } from '../../../hack/resources-page.ts';
import { CHART, HELMS, mustHelm, RELEASE, type Helm, type Values } from '../../support/helm.ts';
import { apply } from '../../support/kubectl.ts';
import { eventually } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';

const CRDS = ['mailservers', 'dnsproviders', 'clusterdnsproviders'].map((plural) => `crd/${plural}.tlsa-operator.io`);
const KINDS = 'serviceaccounts,configmaps,deployments,roles,rolebindings,poddisruptionbudgets,networkpolicies';
const CLUSTER_KINDS = 'clusterroles,clusterrolebindings,crds';
const LARGER: Values = { replicas: 2, networkPolicy: { enabled: true }, commonLabels: { team: 'mail' } };

export function lifecycle(site: () => Site): void {
  const of =
    (version: Helm) =>
    (verb: string, args: readonly string[] = [], values?: Values) =>
      mustHelm(version, [verb, RELEASE, ...args, `--namespace=${RELEASE}`], {
        kubeconfig: site().kubeconfig,
        ...(values === undefined ? {} : { values }),
      });

  /** What the release has in the cluster: each object with its resource version. */
  const objects = async (): Promise<Map<string, string>> => {
    const columns = '--output=custom-columns=KIND:.kind,NAME:.metadata.name,VERSION:.metadata.resourceVersion';
    const selector = `--selector=app.kubernetes.io/instance=${RELEASE}`;
    const lists = await Promise.all([
      site().kubectl('get', KINDS, `--namespace=${RELEASE}`, selector, columns, '--no-headers'),
      site().kubectl('get', CLUSTER_KINDS, selector, columns, '--no-headers'),
    ]);
    const lines = lists.flatMap((list) => list.split('\n')).filter((line) => line !== '');
    return new Map(
      lines
        .map((line) => line.split(/ +/))
        .map(([kind, name, version = '']) => [`${kind ?? ''} ${name ?? ''}`, version]),
    );
  };
  const replicas = (): Promise<string> =>
    site().kubectl('get', `deployment/${RELEASE}`, `--namespace=${RELEASE}`, '--output=jsonpath={.spec.replicas}');
  const uid = (): Promise<string> =>
    site().kubectl('get', 'mailserver/mx1', '--namespace=mail', '--output=jsonpath={.metadata.uid}');

  describe.each(HELMS)('the life of a release by %s', (version) => {
    const helm = of(version);
    let installed: Map<string, string>;
    let mailServer: string;

    test('install; the notes say how to go on, and how to remove it', async () => {
      const said = await helm('install', [CHART, '--create-namespace']);
      expect(said).toContain(
        '1. kubectl delete mailservers --all -A\n  2. helm uninstall tlsa-operator -n tlsa-operator\n  3. kubectl delete crd',
      );
      installed = await objects();
      expect([...installed.keys()]).toEqual(
        expect.arrayContaining(['Deployment tlsa-operator', 'ClusterRole tlsa-operator']),
      );
      await site().kubectl('wait', '--for=condition=Established', '--timeout=240s', ...CRDS);
      await eventually('an object of its kinds is taken', async () => {
        await apply(site().kubeconfig, EXAMPLES['MailServer'] ?? '');
        return true;
      });
      mailServer = await uid();
    });

    test('upgrade: what is new comes', async () => {
      await helm('upgrade', [CHART], LARGER);
      const upgraded = [...(await objects()).keys()];
      expect(upgraded.filter((object) => !installed.has(object))).toEqual([
        'PodDisruptionBudget tlsa-operator',
        'NetworkPolicy tlsa-operator',
      ]);
      expect(await replicas()).toBe('2');
    });

    test('upgrade to the same: nothing is written', async () => {
      const before = await objects();
      await helm('upgrade', [CHART], LARGER);
      expect(await objects()).toEqual(before);
    });

    test('rollback: it is as it was', async () => {
      await helm('rollback', ['1']);
      expect([...(await objects()).keys()]).toEqual([...installed.keys()]);
      expect(await replicas()).toBe('1');
    });

    test('uninstall: the CRDs stay, and with them the MailServers; a new release takes them over', async () => {
      await helm('uninstall', ['--wait']);
      expect([...(await objects()).keys()].toSorted()).toEqual(
        [...installed.keys()].filter((object) => object.startsWith('CustomRes')).toSorted(),
      );
      await helm('install', [CHART]);
      expect([await uid(), [...(await objects()).keys()]]).toEqual([mailServer, [...installed.keys()]]);
    });

    test('crds.keep: false: with the release go the CRDs and all that is of them', async () => {
      await helm('upgrade', [CHART], { crds: { keep: false } });
      await helm('uninstall', ['--wait']);
      await eventually('all is gone', async () => (await objects()).size === 0);
    });
  });

  test('a release of Helm 3 goes on with Helm 4', async () => {
    await of('helm3')('install', [CHART]);
    const before = await objects();
    await of('helm4')('upgrade', [CHART]);
    expect([...(await objects()).keys()]).toEqual([...before.keys()]);
    await of('helm4')('upgrade', [CHART], LARGER);
    expect(await replicas()).toBe('2');
    await of('helm4')('uninstall', ['--wait']);
  });
}
