/** What the API server says that somebody may do. */
import type { ControlPlane } from '../support/control-plane.ts';
import { kubectl } from '../support/kubectl.ts';
import { mustRun } from '../support/process.ts';
import { toolPath } from '../support/tools.ts';
import type { Right } from './operator-rights.ts';

interface Review {
  readonly status: {
    readonly resourceRules: readonly {
      readonly verbs: readonly string[];
      readonly apiGroups: readonly string[];
      readonly resources: readonly string[];
      readonly resourceNames?: readonly string[];
    }[];
    readonly nonResourceRules: readonly {
      readonly verbs: readonly string[];
      readonly nonResourceURLs: readonly string[];
    }[];
  };
}

/** What whose kubeconfig this is may do in this namespace beyond what everybody may: `get  secrets *`, sorted. */
export async function rulesOf(
  cluster: Pick<ControlPlane, 'kubeconfigPath' | 'kubeconfigForServiceAccount'>,
  kubeconfig: string,
  namespace: string,
): Promise<string[]> {
  // It may be there from an earlier question.
  await kubectl(cluster.kubeconfigPath, 'create', 'serviceaccount', 'nobody', '--namespace=default');
  const everybodys = await review(await cluster.kubeconfigForServiceAccount('default', 'nobody'), namespace);
  return (await review(kubeconfig, namespace)).filter((rule) => !everybodys.includes(rule)).toSorted();
}

/** In the same words: those of these rights that count in this namespace. */
export function rightsOf(rights: readonly Right[], namespace: string): string[] {
  return rights
    .filter((right) => (right.namespace ?? namespace) === namespace)
    .flatMap(({ group, resource, names = ['*'], verbs }) =>
      names.flatMap((name) => Object.keys(verbs).map((verb) => `${verb} ${group} ${resource} ${name}`)),
    )
    .toSorted();
}

async function review(kubeconfig: string, namespace: string): Promise<string[]> {
  const question = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const args = [`--kubeconfig=${kubeconfig}`, 'create', '--validate=false', '--output=json', '--filename=-'];
  const answer = await mustRun(toolPath('kubectl'), args, { input: JSON.stringify(question), env: { KUBERC: 'off' } });
  const { status } = JSON.parse(answer) as Review;
  return [
    ...status.resourceRules.flatMap(({ verbs, apiGroups, resources, resourceNames = ['*'] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${group} ${resource} ${name}`)),
        ),
      ),
    ),
    ...status.nonResourceRules.flatMap(({ verbs, nonResourceURLs }) =>
      nonResourceURLs.flatMap((url) => verbs.map((verb) => `${verb} ${url}`)),
    ),
  ];
}
